using System.ComponentModel;
using System.Runtime.InteropServices;
using Pipeline.DiscordSimulator.Peers;
using Pipeline.DiscordSimulator.Run;

if (args.Contains("--help") || args.Contains("-h"))
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
    Console.Error.WriteLine($"simulator: {problem.Message} --help tells what there is.");
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
try
{
    await new SimulatorRun(options, Console.Out).RunAsync(stop.Token);
    return 0;
}
catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or Win32Exception or PeersMissingException)
{
    // A port that is taken, a file that cannot be written, no node.
    Console.Error.WriteLine($"simulator: {problem.Message}");
    return 5;
}
