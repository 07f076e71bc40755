using System.Collections.Immutable;
using System.Globalization;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Media;

namespace Pipeline.Bot.Capture;

/// <summary>
/// One user's audio in one recording, over all of the user's RTP sources. Everything but the snapshot is for the tick's thread.
/// The buffers (about 100 KB with the decoder) exist while the user is in the call and has spoken within five minutes.
/// </summary>
internal sealed class Track(RecordingContext context, ulong userId, int firstIndex) : IDisposable
{
    private const double SpeakingFor = 0.3 * SampleClock.SamplesPerSecond;

    // Listeners who once said a word need no decoder for the rest of a long call.
    private const double GivenBackAfter = 300.0 * SampleClock.SamplesPerSecond;

    private readonly TrackUser user = new(userId);
    private readonly TrackCounters counters = new();
    private readonly Timeline timeline = new();
    private readonly TrackGaps gaps = new(context.Gaps, userId);
    private SegmentLane? lane;
    private Placement? placement;
    private PacketIntake? intake;
    private FramePlacer? placer;
    private double audibleArrival = double.NegativeInfinity;
    private bool isBot;
    private int refusals;

    public ulong UserId => user.Id;

    private bool IsRecorded => !isBot || context.Options.IncludeBots;

    public void Accept(in AudioFrame frame, double arrival)
    {
        if (frame.Kind == AudioFrameKind.Empty)
        {
            counters.Empty++;
            intake?.Skip(in frame, arrival);
            return;
        }
        counters.Received++;
        if (!IsRecorded)
        {
            counters.Withheld++;
            return;
        }
        if (intake is null) Equip();
        intake!.Accept(in frame, arrival);
        Volatile.Write(ref audibleArrival, placer!.AudibleArrival);
    }

    /// <summary>A frame that came while everybody, or this user, was off the record.</summary>
    public void Withhold()
    {
        counters.Received++;
        counters.Withheld++;
    }

    /// <summary>Closes what no more frames will come for.</summary>
    public void Tick(double now)
    {
        if (intake is null || placement is null) return;
        if (now - intake.LastArrival > GivenBackAfter)
        {
            Leave(now);
            return;
        }
        bool isIdle = now - intake.LastArrival > context.Limits.LazySilence;
        if (isIdle) intake.Flush();
        if (!placement.IsOpen) return;
        long padding = (long)now - Placement.LargestJitter - placement.Position;
        if (isIdle) placement.Close(padding, now);
        else if (now - placement.OpenedArrival > context.Limits.LongestOpen) placement.Cut(now, padding);
        lane!.RefreshSidecar(placement.Position);
    }

    /// <summary>Everything received so far goes into files, and they are closed.</summary>
    /// <param name="padding">Samples of silence that may follow.</param>
    public void Interrupt(long padding, double now)
    {
        intake?.EndEpoch();
        placement?.Close(padding, now);
        gaps.Flush();
    }

    /// <summary>Closes the open segment; talk goes on in the next without a missing sample.</summary>
    public void Cut(double now) => placement?.Cut(now);

    /// <summary><see cref="Interrupt"/>, and the buffers are given back.</summary>
    public void Leave(double now)
    {
        Interrupt(long.MaxValue, now);
        placer?.Dispose();
        (placer, intake) = (null, null);
        lane?.EndStranded();
        lane?.ReleaseBuffer();
    }

    /// <summary>The user has opted out so many times by now: what is held of it goes, each time. The track may go on afterwards.</summary>
    public void Heed(int times)
    {
        if (times == refusals) return;
        refusals = times;
        LetGo();
        Volatile.Write(ref audibleArrival, double.NegativeInfinity);
        context.Refused?.Invoke(user.Id, lane?.NextFreeIndex ?? firstIndex);
    }

    public void SetUser(string name, bool bot)
    {
        user.Name = name;
        if (bot == isBot) return;
        Volatile.Write(ref isBot, bot);
        if (!IsRecorded) LetGo();
    }

    /// <summary>It is the voice of this user, who has a track of their own. One that nothing was kept of leaves its gaps there.</summary>
    public void Recognize(ulong owner)
    {
        bool wasKept = firstIndex > 0 || lane is { Totals.SampleCount: > 0 } or { OpenSince: not null };
        if (!wasKept) gaps.Hand(owner);
    }

    /// <param name="optedOut">Nothing of the user is taken at this moment.</param>
    public TrackSnapshot Read(double now, bool optedOut)
    {
        SegmentLane? present = lane;
        TrackTotals totals = present?.Totals ?? TrackTotals.Empty;
        return new TrackSnapshot
        {
            UserId = user.Id,
            Username = user.Name,
            IsBot = Volatile.Read(ref isBot),
            OptedOut = optedOut,
            Segments = totals.Segments,
            SampleCount = totals.SampleCount,
            ByteCount = totals.ByteCount,
            NextFreeIndex = present?.NextFreeIndex ?? firstIndex,
            OpenSince = present?.OpenSince,
            Position = placement?.Position ?? 0,
            Speaking = now - Volatile.Read(ref audibleArrival) < SpeakingFor,
            Health = counters.Read(),
        };
    }

    /// <summary>Missing audio that may still grow, or null. Any thread.</summary>
    public RecordingGap? PendingGap() => gaps.Pending;

    /// <summary>An open segment's file stays as it is.</summary>
    public void Dispose()
    {
        placer?.Dispose();
        lane?.Dispose();
    }

    // Packets that wait and the open segment; none of it was given to anybody.
    private void LetGo()
    {
        placer?.Dispose();
        (placer, intake) = (null, null);
        placement?.Discard();
        lane?.ReleaseBuffer();
    }

    private void Equip()
    {
        bool passes = context.Options.Format == SegmentFormat.Opus;
        lane ??= new SegmentLane(context, user, gaps, firstIndex, passes ? new OpusAudio() : new WavAudio());
        placement ??= new Placement(context, timeline, lane, gaps, counters);
        ITrackSound sound = passes ? new PassedSound(placement, counters) : new DecodedSound(context, placement, counters);
        placer = new FramePlacer(context, placement, counters, sound);
        intake = new PacketIntake(context, timeline, placement, placer, counters);
    }
}

/// <summary>Whose track. The name is written by the tick's thread and read by any.</summary>
internal sealed class TrackUser(ulong id)
{
    /// <summary>The name of a voice of which Discord has not told whose it is.</summary>
    public const string Unknown = "Unknown voice";

    private string name = UnnamedSource.Is(id) ? Unknown : id.ToString(CultureInfo.InvariantCulture);

    public ulong Id { get; } = id;

    /// <summary>Display name, or the id as text while the name is unknown.</summary>
    public string Name
    {
        get => Volatile.Read(ref name);
        set => Volatile.Write(ref name, value);
    }
}

/// <summary>All closed segments of a track in figures. Replaced as a whole when one more is closed.</summary>
internal sealed record TrackTotals(ImmutableArray<IndexRange> Segments, long SampleCount, long ByteCount)
{
    public static TrackTotals Empty { get; } = new([], 0, 0);

    public TrackTotals With(ClosedSegment segment) =>
        new(Append(segment.Key.Index), SampleCount + segment.SampleCount, ByteCount + segment.FileSize);

    private ImmutableArray<IndexRange> Append(int index)
    {
        bool continues = Segments.Length > 0 && Segments[^1].Last + 1 == index;
        return continues ? Segments.SetItem(Segments.Length - 1, Segments[^1] with { Last = index })
            : Segments.Add(new IndexRange(index, index));
    }
}
