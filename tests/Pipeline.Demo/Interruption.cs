using System.Runtime.InteropServices;
using Pipeline.TestKit;

namespace Pipeline.Demo;

/// <summary>
/// Ctrl+C and SIGTERM end a run within seconds, with what it has started, whether the signal reaches this process alone or its whole
/// group; more of them change nothing.
/// </summary>
internal sealed class Interruption : IDisposable
{
    public const int ExitCode = 130;

    public const string ExitCodes = "Ends with 0 where all is well, 1 where something is wrong, 2 on a wrong argument, "
        + "130 after Ctrl+C or SIGTERM.";

    // What is started just now is ended when it is there.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource stop = new();
    private readonly PosixSignalRegistration[] signals;

    private Interruption()
    {
        signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        }))];
    }

    /// <summary>A signal has come.</summary>
    public CancellationToken Stop => stop.Token;

    /// <summary>What a run that only waits for the signal ends with; null while a signal breaks it off.</summary>
    public int? ResultWhenStopped { get; set; }

    /// <param name="name">Of the run, for what is said.</param>
    /// <returns>The run's own exit code, or <see cref="ExitCode"/>.</returns>
    public static async Task<int> GuardAsync(string name, Func<Interruption, Task<int>> run)
    {
        using Interruption interruption = new();
        Task<int> running = run(interruption);
        await Task.WhenAny(running, UntilAsync(interruption.Stop));
        if (!interruption.Stop.IsCancellationRequested) return await running;
        if (interruption.ResultWhenStopped is null)
            await Console.Error.WriteLineAsync($"{name}: stopped by a signal before its end; what it started is ended too");
        long stopped = TimeProvider.System.GetTimestamp();
        do
        {
            ChildProcess.KillAll();
            await Task.WhenAny(running, Task.Delay(Look));
        }
        while (!running.IsCompleted && TimeProvider.System.GetElapsedTime(stopped) < Patience);
        ChildProcess.KillAll();
        return interruption.ResultWhenStopped ?? ExitCode;
    }

    /// <summary>Returns at the signal.</summary>
    public static async Task UntilAsync(CancellationToken stop) =>
        await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in signals) signal.Dispose();
        stop.Dispose();
    }
}
