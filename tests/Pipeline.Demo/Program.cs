using Pipeline.Demo;

// dotnet run -c Release --project tests/Pipeline.Demo -- demo | load | crowd [OPTIONS]
if (args.Length > 0 && Runs.All.TryGetValue(args[0], out Func<string[], Task<int>>? run)) return await run(args[1..]);
Console.Error.WriteLine($"Usage: Pipeline.Demo {string.Join(" | ", Runs.All.Keys)} [OPTIONS]");
return 2;
