using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Tests.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Media;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>The parts of one track as a track joins them, each to be asked by itself; arrivals are given to the sample.</summary>
internal sealed class TrackParts : IDisposable
{
    private readonly TempFolder folder = new();

    public TrackParts(CaptureOptions? options = null)
    {
        CaptureOptions chosen = options ?? new CaptureOptions { Channels = 1 };
        bool passes = chosen.Format == SegmentFormat.Opus;
        Context = new RecordingContext(SpoolSession.Info, chosen, folder.Path, new FakeTimeProvider(), 0) { SegmentClosed = Closed.Add };
        TrackGaps gaps = new(Context.Gaps, SpoolSession.Ada);
        Lane = new SegmentLane(Context, new TrackUser(SpoolSession.Ada), gaps, 0, passes ? new OpusAudio() : new WavAudio());
        Placement = new Placement(Context, Timeline, Lane, gaps, Counters);
        Sound = passes ? new PassedSound(Placement, Counters) : new DecodedSound(Context, Placement, Counters);
        Placer = new FramePlacer(Context, Placement, Counters, Sound);
        Intake = new PacketIntake(Context, Timeline, Placement, Placer, Counters);
    }

    public RecordingContext Context { get; }
    public Timeline Timeline { get; } = new();
    public TrackCounters Counters { get; } = new();
    public SegmentLane Lane { get; }
    public Placement Placement { get; }
    public ITrackSound Sound { get; }
    public FramePlacer Placer { get; }
    public PacketIntake Intake { get; }
    public List<ClosedSegment> Closed { get; } = [];

    /// <summary>20 ms of a tone.</summary>
    public static byte[] Loud { get; } = Tone(10_000);

    /// <summary>20 ms of a tone with an RMS of 71.</summary>
    public static byte[] Quiet { get; } = Tone(100);

    public int MadeUp => (int)(Counters.Concealed + Counters.Recovered);

    /// <summary>A source is known whose timestamps are positions, and its first packet lies here.</summary>
    public void Begin(uint at)
    {
        Packet first = new() { Sequence = 1, Arrival = at, Timestamp = at };
        Timeline.BeginEpoch(at, at);
        Timeline.Observe(in first, beginsTalk: true, afterMarker: false);
        Timeline.Decide(overflowed: false);
        Placement.Align(in first, continues: false);
        Placement.Reach(in first);
    }

    /// <summary>From now on this is the least delay.</summary>
    public void Learn(long delay)
    {
        Packet packet = new() { Sequence = 2, Arrival = 1_000_000 + delay, Timestamp = 1_000_000 };
        Timeline.Reanchor(in packet);
    }

    /// <summary>Somebody says so many samples at the present position.</summary>
    public void Write(int samples, bool audible = true, bool isWithinTalk = false) =>
        Placement.Append(FrameAudio.OfPcm(new short[samples], samples), audible, Placement.Position, isWithinTalk);

    public void Accept(int sequence, uint timestamp, double arrival, byte[]? opus = null, uint ssrc = 1,
        AudioFrameKind kind = AudioFrameKind.Opus) => Intake.Accept(Frame(sequence, timestamp, opus ?? Loud, ssrc, kind), arrival);

    public static AudioFrame Frame(int sequence, uint timestamp, byte[] opus, uint ssrc = 1, AudioFrameKind kind = AudioFrameKind.Opus) =>
        new()
        {
            Kind = kind,
            UserId = SpoolSession.Ada,
            Ssrc = ssrc,
            SequenceNumber = (ushort)sequence,
            Timestamp = timestamp,
            ReceivedAt = 0,
            Opus = opus,
        };

    public void Dispose()
    {
        Placer.Dispose();
        Lane.Dispose();
        folder.Dispose();
    }

    private static byte[] Tone(int level)
    {
        using OpusEncoder encoder = new(bitrate: 96_000);
        short[] pcm = [.. Enumerable.Range(0, 960).Select(i => (short)(level * Math.Sin(i / 8.0)))];
        return [.. encoder.Encode(pcm)];
    }
}
