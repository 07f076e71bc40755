using System.Runtime.InteropServices;
using Pipeline.DiscordSimulator.Run;

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(RunOptions.Usage);
    return 0;
}

RunOptions options;
try
{
    options = RunOptions.Parse(args);
}
catch (FormatException problem)
{
    Console.Error.WriteLine(problem.Message);
    Console.Error.WriteLine(RunOptions.Usage);
    return 2;
}

using CancellationTokenSource stop = new();
void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}

using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
await new SimulatorRun(options, Console.Out).RunAsync(stop.Token);
return 0;
