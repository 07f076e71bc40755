using BenchmarkDotNet.Running;
using Pipeline.Benchmarks;

// dotnet run -c Release --project tests/Pipeline.Benchmarks -- COMMAND
//   capture, chain …  a measurement of its own, see Runs.cs
//   --filter '*…*'    BenchmarkDotNet; --list flat names them
if (args is [] or ["--help"] or ["-h"])
{
    Console.WriteLine(Runs.Usage);
    return 0;
}
if (args[0].StartsWith('-'))
{
    BenchmarkSwitcher.FromAssembly(typeof(Runs).Assembly).Run(args);
    return 0;
}
return await Runs.RunAsync(args[0], args[1..]);
