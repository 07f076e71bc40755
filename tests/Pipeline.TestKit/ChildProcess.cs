using System.Collections.Concurrent;
using System.Diagnostics;

namespace Pipeline.TestKit;

/// <summary>A process that a test starts, listens to and ends. Standard output and error are kept as lines.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<ChildProcess, bool> Running = [];

    private readonly Process process;
    private readonly ConcurrentQueue<string> lines = new();
    private readonly List<(Func<string, bool> Match, TaskCompletionSource<string> Seen)> waits = [];
    private readonly Lock gate = new();
    private int openStreams = 2;

    private ChildProcess(ProcessStartInfo start)
    {
        process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, data) => OnLine(data.Data);
        process.ErrorDataReceived += (_, data) => OnLine(data.Data);
        process.Exited += (_, _) => _ = FailWaitsAsync();
    }

    public int Id => process.Id;
    public bool HasExited => process.HasExited;
    public IReadOnlyCollection<string> Lines => lines;
    public StreamWriter Input => process.StandardInput;

    public static ChildProcess Start(string fileName, IEnumerable<string> arguments, IReadOnlyDictionary<string,
        string?>? environment = null, string? workingDirectory = null)
    {
        ProcessStartInfo start = new(fileName, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = workingDirectory ?? RepositoryRoot.Path,
        };
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>()) start.Environment[name] = value;
        ChildProcess child = new(start);
        child.process.Start();
        Running[child] = true;
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    /// <summary>
    /// The first line, past or future, that matches. Throws with everything printed when the process ends or time is up first.
    /// </summary>
    public async Task<string> WaitForLineAsync(Func<string, bool> match, TimeSpan timeout)
    {
        TaskCompletionSource<string> seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            string? earlier = lines.FirstOrDefault(match);
            if (earlier is not null) return earlier;
            waits.Add((match, seen));
        }
        if (process.HasExited) _ = FailWaitsAsync();
        try
        {
            return await seen.Task.WaitAsync(timeout);
        }
        catch (Exception failure) when (failure is TimeoutException or InvalidOperationException)
        {
            throw new InvalidOperationException(
                $"{process.StartInfo.FileName}: awaited line did not come ({failure.Message}). Printed:\n{string.Join('\n', lines)}");
        }
    }

    public async Task<int> WaitForExitAsync(TimeSpan timeout)
    {
        using CancellationTokenSource cancel = new(timeout);
        await process.WaitForExitAsync(cancel.Token);
        return process.ExitCode;
    }

    /// <summary>SIGKILL for this process and its children.</summary>
    public void Kill()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
    }

    /// <summary>SIGKILL for every one that this process has started and that is not disposed of yet.</summary>
    public static void KillAll()
    {
        foreach (ChildProcess child in Running.Keys)
        {
            try
            {
                child.Kill();
            }
            catch (InvalidOperationException)
            {
                // Disposed of just now.
            }
        }
    }

    /// <summary>Sends a signal by number (15 = SIGTERM).</summary>
    public async Task SignalAsync(int signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await process.WaitForExitAsync();
        Running.TryRemove(this, out _);
        process.Dispose();
    }

    private void OnLine(string? line)
    {
        if (line is null)
        {
            Interlocked.Decrement(ref openStreams);
            return;
        }
        lock (gate)
        {
            lines.Enqueue(line);
            foreach ((Func<string, bool> match, TaskCompletionSource<string> seen) in waits)
            {
                if (match(line)) seen.TrySetResult(line);
            }
        }
    }

    // What it printed last may still be on its way, and a process that it has started may hold its output open.
    private async Task FailWaitsAsync()
    {
        for (int look = 0; look < 100 && Volatile.Read(ref openStreams) > 0; look++) await Task.Delay(20);
        lock (gate)
        {
            foreach ((_, TaskCompletionSource<string> seen) in waits)
                seen.TrySetException(new InvalidOperationException("the process has ended"));
        }
    }
}
