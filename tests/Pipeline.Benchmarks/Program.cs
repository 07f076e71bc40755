using BenchmarkDotNet.Running;
using Pipeline.Benchmarks;

// dotnet run -c Release --project tests/Pipeline.Benchmarks -- COMMAND
//   capture, chain …  a measurement of its own, see Runs.cs
//   --filter '*…*'    BenchmarkDotNet; --list flat names them
if (args.Length > 0 && Runs.All.TryGetValue(args[0], out Func<string[], Task<int>>? run)) return await run(args[1..]);
BenchmarkSwitcher.FromAssembly(typeof(Runs).Assembly).Run(args);
return 0;
