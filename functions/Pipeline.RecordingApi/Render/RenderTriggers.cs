using System.Collections.Concurrent;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// Sends the messages that rendering hangs on: one when a running recording is a window further, one when it has ended, was amended
/// or renamed.
/// </summary>
public sealed class RenderTriggers(MessageQueues queues, RenderOptions options, IEnumerable<AfterChange> further)
{
    private const int MostRecordings = 10_000;
    private const long Ended = long.MaxValue;
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(30);

    // The last window that this process asked for; only spares messages, a repeated one does no harm.
    private readonly ConcurrentDictionary<string, long> asked = new();

    /// <summary>A segment of a running recording ended here.</summary>
    /// <param name="end">Since the start of the recording.</param>
    public Task HeardAsync(string recordingId, TimeSpan end, CancellationToken cancellation) => AskAsync(recordingId,
        (long)((end - Settled).TotalSeconds * SampleClock.SamplesPerSecond) / RenderWindows.Samples, cancellation);

    /// <summary>The call is over and its list of segments is being written: what is whole by now need not wait for that.</summary>
    public Task EndsAsync(string recordingId, CancellationToken cancellation) => AskAsync(recordingId, Ended, cancellation);

    /// <summary>The recording has another list of segments now.</summary>
    public async Task ChangedAsync(string recordingId, CancellationToken cancellation)
    {
        asked.TryRemove(recordingId, out _);
        if (options.IsOn) await SendAsync(recordingId, cancellation);
        foreach (AfterChange part in further) await part.RunAsync(recordingId, cancellation);
    }

    /// <summary>The recording has another title now, which stands in its files.</summary>
    public Task RenamedAsync(string recordingId, CancellationToken cancellation) =>
        options.IsOn ? SendAsync(recordingId, cancellation) : Task.CompletedTask;

    // Once for each window, and once for the end. It was none, and its list was refused, where somebody is heard after it.
    private async Task AskAsync(string recordingId, long window, CancellationToken cancellation)
    {
        long last = asked.GetValueOrDefault(recordingId);
        if (!options.IsOn || window <= 0 || window == last || (window < last && last != Ended)) return;
        if (asked.Count >= MostRecordings) asked.Clear();
        // Before it is sent: many segments come at once.
        asked[recordingId] = window;
        try
        {
            await SendAsync(recordingId, cancellation);
        }
        catch
        {
            asked.TryRemove(KeyValuePair.Create(recordingId, window));
            throw;
        }
    }

    private Task SendAsync(string recordingId, CancellationToken cancellation) =>
        queues.SendAsync(new RenderWindow { RecordingId = RecordingId.Parse(recordingId) }, TimeSpan.Zero, cancellation);
}

/// <summary>What else hangs on it that the recording of this id has another list of segments now.</summary>
public sealed record AfterChange(Func<string, CancellationToken, Task> RunAsync);
