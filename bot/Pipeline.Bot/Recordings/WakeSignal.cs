using System.Threading.Channels;

namespace Pipeline.Bot.Recordings;

/// <summary>Wakes one loop: any number of calls between two waits are one, and none is lost.</summary>
internal sealed class WakeSignal(TimeProvider time)
{
    private readonly Channel<bool> wanted = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Any thread, never blocks.</summary>
    public void Set() => wanted.Writer.TryWrite(true);

    /// <summary>
    /// Completes when the signal is set or after this long, whichever comes first; also when <paramref name="stop"/> is cancelled, without
    /// throwing.
    /// </summary>
    /// <returns>True when the signal was set.</returns>
    public async Task<bool> WaitAsync(TimeSpan longest, CancellationToken stop)
    {
        using CancellationTokenSource interval = new(longest, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(interval.Token, stop);
        try
        {
            return await wanted.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
