using Microsoft.Extensions.Time.Testing;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.Audio.Wav;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Media;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>A recording under a clock that the test turns, with everything that it closed.</summary>
internal sealed class CaptureRun : IDisposable
{
    public const ulong Ada = 100_000_000_000_000_001;
    public const ulong Grace = 100_000_000_000_000_002;

    private readonly TempFolder spool = new();
    private readonly long start;
    private readonly Dictionary<ulong, HeardTalk> heard = [];
    private double lastTick;

    public CaptureRun(CaptureOptions? options = null, IReadOnlyDictionary<ulong, int>? firstIndexes = null,
        IReadOnlyList<ulong>? optedOut = null)
    {
        Options = options ?? new CaptureOptions { Channels = 1 };
        Session = new SessionInfo
        {
            RecordingId = RecordingId.Parse("0198c0de-0000-7000-8000-000000000001"),
            GuildId = 1,
            GuildName = "Guild",
            ChannelId = 2,
            StartedBy = 3,
            StartedAt = Time.GetUtcNow(),
        };
        Folder = Path.Combine(spool.Path, Session.RecordingId.ToString());
        start = Time.GetTimestamp();
        Recording = new Recording(Session, Options, Folder, Time, start, firstIndexes ?? new Dictionary<ulong, int>(),
            new Consent(optedOut ?? []))
        { SegmentClosed = Closed.Add };
    }

    public FakeTimeProvider Time { get; } = new();
    public CaptureOptions Options { get; }
    public SessionInfo Session { get; }
    public string Folder { get; }
    public Recording Recording { get; }
    public List<ClosedSegment> Closed { get; } = [];

    public TrackSnapshot Track(ulong user = Ada) => Recording.Snapshot.Tracks.Single(track => track.UserId == user);

    /// <summary>Milliseconds since the start of the recording.</summary>
    public double Now => Time.GetElapsedTime(start).TotalMilliseconds;

    /// <summary>Lets time pass, with a tick every 60 ms.</summary>
    public void AdvanceTo(double milliseconds)
    {
        while (lastTick + 60 <= milliseconds)
        {
            lastTick += 60;
            SetClock(lastTick);
            Recording.Tick();
        }
        SetClock(milliseconds);
    }

    /// <summary>A frame arrives now.</summary>
    public void Receive(ulong user, uint ssrc, ushort sequence, uint timestamp, ReadOnlySpan<byte> opus,
        AudioFrameKind kind = AudioFrameKind.Opus)
    {
        if (!heard.TryGetValue(user, out HeardTalk? talk)) heard.Add(user, talk = new HeardTalk());
        talk.Add(ssrc, sequence, timestamp, Now * 48, opus, kind);
        Assert.True(Recording.Frames.TryWrite(new AudioFrame
        {
            Kind = kind,
            UserId = user,
            Ssrc = ssrc,
            SequenceNumber = sequence,
            Timestamp = timestamp,
            ReceivedAt = Time.GetTimestamp(),
            Opus = opus,
        }));
    }

    public void Receive(SentPacket packet, ulong user = Ada)
    {
        AdvanceTo(packet.ArrivalMilliseconds);
        Receive(user, packet.Ssrc, packet.Sequence, packet.Timestamp, packet.Opus);
    }

    public CaptureRun Receive(SyntheticSender sender)
    {
        foreach (SentPacket packet in sender.Packets) Receive(packet);
        return this;
    }

    public void Post(RecordingAction command) => Assert.True(Recording.Post(command));

    /// <summary>Lets the last words arrive, then stops.</summary>
    public void Stop()
    {
        AdvanceTo(Now + 300);
        Recording.Stop();
    }

    /// <summary>
    /// The whole lane of a user, mono, from position 0 on; silence where nothing is stored. Checks every file on the way, and that no
    /// sample lies between two segments while the sender goes on talking, unless a gap says so.
    /// </summary>
    /// <param name="isHonest">The sender's numbers and clock go together; of one that makes them up nobody can tell when it talks.</param>
    public short[] Lane(ulong user = Ada, bool isHonest = true)
    {
        ClosedSegment[] segments = [.. Closed.Where(segment => segment.Key.UserId == user).OrderBy(segment => segment.Key.Index)];
        short[] lane = new short[segments.Length == 0 ? 0 : segments.Max(segment => segment.StartSample + segment.SampleCount)];
        long end = 0;
        foreach (ClosedSegment segment in segments)
        {
            short[] pcm = Read(segment);
            Assert.Equal(segment.FileSize, new FileInfo(segment.AudioPath).Length);
            Assert.True(segment.StartSample >= end, $"segment {segment.Key.Index} starts at {segment.StartSample}, before {end}");
            if (end > 0 && isHonest) CheckHole(user, end, segment.StartSample);
            for (int i = 0; i < segment.SampleCount; i++) lane[segment.StartSample + i] = pcm[i * segment.Channels];
            end = segment.StartSample + segment.SampleCount;
        }
        return lane;
    }

    public void Dispose()
    {
        Recording.Dispose();
        spool.Dispose();
    }

    /// <summary>
    /// The samples of a closed segment, <c>[samples, channels]</c>; checks that the file says of itself what is known of it.
    /// </summary>
    public static short[] Read(ClosedSegment segment)
    {
        if (SegmentFormats.OfName(segment.AudioPath) == SegmentFormat.Opus)
        {
            OggSegmentInfo info = OggSegmentFile.Inspect(segment.AudioPath);
            Assert.Equal((segment.Channels, segment.SampleCount), (info.Channels, info.SampleCount));
            using LibopusDecoder decoder = new(segment.Channels);
            short[] decoded = OggSegmentDecoder.Decode(File.ReadAllBytes(segment.AudioPath), decoder);
            Assert.Equal(segment.SampleCount, decoded.Length / segment.Channels);
            return decoded;
        }
        (WavFormat format, short[] pcm) = WavReader.Read(segment.AudioPath);
        Assert.Equal((format, segment.SampleCount), WavFile.Inspect(segment.AudioPath));
        Assert.Equal(new WavFormat(segment.Channels, 48_000), format);
        return pcm;
    }

    // Between two segments: what is neither a gap nor a pause of the sender's is a hole.
    private void CheckHole(ulong user, long from, long to)
    {
        foreach (RecordingGap gap in Recording.Snapshot.Gaps.Where(gap => gap.UserId is null || gap.UserId == user)
            .OrderBy(gap => gap.StartSample))
        {
            if (gap.StartSample > from) CheckTalk(user, from, Math.Min(to, gap.StartSample));
            from = Math.Max(from, gap.StartSample + gap.SampleCount);
        }
        CheckTalk(user, from, to);
    }

    private void CheckTalk(ulong user, long from, long to)
    {
        if (from >= to) return;
        Assert.All(heard[user].Stretches(), talk => Assert.False(talk.Start < to && from < talk.End,
            $"nothing is stored and no gap told from {from} to {to}, within talk from {talk.Start} to {talk.End}"));
    }

    private void SetClock(double milliseconds)
    {
        TimeSpan ahead = TimeSpan.FromMilliseconds(milliseconds) - Time.GetElapsedTime(start);
        if (ahead > TimeSpan.Zero) Time.Advance(ahead);
    }
}
