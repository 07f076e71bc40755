using System.Collections.Frozen;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Dave.Session;
using Pipeline.Dave.Tests.Vectors;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;
using Pipeline.Discord.Tests.Rtp;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests.Rig;

/// <summary>From datagrams to segments under a clock that the test turns: the media path, its ring, and a recording. One speaker.</summary>
internal sealed class HeardPath : IDisposable
{
    public const ulong Ada = 100_000_000_000_000_001;
    public const uint Ssrc = 9876;

    private readonly TempFolder spool = new();
    private readonly OpusEncoder encoder = new();
    private readonly TransportKey transportKey = new(TransportKey.AesGcmMode, new RtpPacketBuilder().TransportKey);
    private readonly MediaPath path;
    private readonly short[] tone = new short[960];
    private ushort number = 100;
    private uint timestamp = 5000;
    private long phase;
    private uint nonce;
    private int ticks;

    public HeardPath(params ulong[] optedOut)
    {
        SessionInfo session = new()
        {
            RecordingId = RecordingId.New(Time),
            GuildId = 1,
            GuildName = "Guild",
            ChannelId = 2,
            StartedBy = 3,
            StartedAt = Time.GetUtcNow(),
        };
        Recording = new Recording(session, new CaptureOptions { Channels = 1 }, spool.Combine(session.RecordingId.ToString()), Time,
            Time.GetTimestamp(), new Dictionary<ulong, int>(), new Consent(optedOut))
        { SegmentClosed = Closed.Add };
        path = new MediaPath(Recording.Frames, Time);
    }

    public FakeTimeProvider Time { get; } = new();
    public Recording Recording { get; }
    public List<ClosedSegment> Closed { get; } = [];

    /// <summary>What the speaker seals with; null: nothing is sealed.</summary>
    public byte[]? Secret { get; set; }

    public static DaveSnapshot Group { get; } = new()
    {
        State = DaveState.Active,
        ProtocolVersion = 1,
        Protection = DaveProtection.EndToEnd,
        PassthroughUntil = long.MinValue,
        Revision = 1,
    };

    public EpochKeys KeysOf(int serial, ulong user, byte[] secret) =>
        new(serial, (ulong)serial, Time.GetTimestamp(), new Dictionary<ulong, byte[]> { [user] = secret }.ToFrozenDictionary());

    public void Apply(DaveSnapshot? dave, bool isNamed = true) => path.Apply(new MediaSnapshot(1, transportKey,
        isNamed ? new Dictionary<uint, ulong> { [Ssrc] = Ada } : new Dictionary<uint, ulong>(), dave));

    public HeardPath Say(int frames)
    {
        for (int i = 0; i < frames; i++)
        {
            for (int at = 0; at < tone.Length; at++) tone[at] = (short)(8000 * Math.Sin(2 * Math.PI * 300 * phase++ / 48_000));
            byte[] opus = encoder.Encode(tone).ToArray();
            Send(Secret is null ? opus : FrameSealer.Seal(FrameSealer.KeyOf(Secret, 0), ++nonce, opus));
            Pause(1);
        }
        return this;
    }

    /// <summary>Five silence markers, as a good client ends a talk.</summary>
    public HeardPath EndTalk()
    {
        for (int i = 0; i < 5; i++)
        {
            Send([0xF8, 0xFF, 0xFE]);
            Pause(1);
        }
        return this;
    }

    /// <summary>A packet of padding, with a number of its own.</summary>
    public HeardPath Pad()
    {
        Send([], padding: 9);
        return this;
    }

    /// <summary>Nothing comes for so many frames of 20 ms.</summary>
    public HeardPath Pause(int frames)
    {
        for (int i = 0; i < frames; i++)
        {
            timestamp += 960;
            Time.Advance(TimeSpan.FromMilliseconds(20));
            path.Expire(Time.GetTimestamp());
            if (++ticks % 3 == 0) Recording.Tick();
        }
        return this;
    }

    /// <summary>The voice session is over.</summary>
    public void End() => path.Dispose();

    public void Stop()
    {
        Pause(15);
        Recording.Stop();
    }

    public void Dispose()
    {
        path.Dispose();
        transportKey.Dispose();
        Recording.Dispose();
        encoder.Dispose();
        spool.Dispose();
    }

    private void Send(byte[] payload, int padding = 0)
    {
        RtpPacketBuilder packet = new() { Ssrc = Ssrc, SequenceNumber = number++, Timestamp = timestamp };
        path.Receive((packet with { Payload = payload, Padding = padding }).Build(), Time.GetTimestamp());
    }
}
