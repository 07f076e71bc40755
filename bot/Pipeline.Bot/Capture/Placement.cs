using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary>
/// Puts one track's sound at its place: the only owner of the offset between RTP time and the recording, of the position up to
/// which the track is filled, and of where segments begin and end. Positions are samples at 48 kHz since the recording's start.
/// </summary>
internal sealed class Placement(RecordingContext context, Timeline timeline, SegmentLane lane, TrackGaps gaps, TrackCounters counters)
{
    // By then the least delay is known as well as it ever will be.
    private const long LongestFloat = 10 * SampleClock.SamplesPerSecond;

    // Nothing arrives before it was said: who would lie so far ahead of its arrival has a clock that runs away.
    private const long AheadOfArrival = SampleClock.SamplesPerSecond;

    // Where a clock is followed at the ends of segments only: half of what a position may be off, and as rarely as talk bears it.
    private const long LargestLag = SampleClock.SamplesPerSecond / 100;
    private const long LeastBetweenLagCuts = 5 * SampleClock.SamplesPerSecond;

    private SlipPace pace;
    private long offset; // what is placed lies at timestamp + offset
    private long position;
    private long audibleEnd;

    /// <summary>A frame may come so much later than the best one by jitter: padding keeps away from where it may turn out to lie.</summary>
    public const long LargestJitter = SampleClock.SamplesPerSecond / 4;

    public PlacementState State { get; private set; }

    public bool IsOpen => State is PlacementState.Floating or PlacementState.Settled;

    /// <summary>End of the last frame, stored or not. Any thread.</summary>
    public long Position => Volatile.Read(ref position);

    /// <summary>Samples since the last audible frame of the open segment.</summary>
    public long Silence => position - audibleEnd;

    /// <summary>Arrival of the frame that opened the segment.</summary>
    public double OpenedArrival { get; private set; }

    /// <summary>Samples between what is placed and a packet; negative where it lies on what is written.</summary>
    public long GapBefore(in Packet packet) => packet.Timestamp + offset - position;

    /// <summary>Takes over what the timeline has decided, before its first packet is placed.</summary>
    /// <param name="continues">Talk goes on without a pause by the sender's clock: nothing may be put in or taken out.</param>
    public void Align(in Packet packet, bool continues)
    {
        if (timeline.HasDecisionFor(packet.Sequence)) TakeDecision(in packet, continues);
        if (packet.Timestamp + offset <= packet.Arrival + AheadOfArrival) return;
        timeline.Reanchor(in packet);
        Settle();
        counters.Reanchored++;
        offset = Wanted;
    }

    /// <summary>Fills the time before a packet with silence, or ends the segment where that is long.</summary>
    public void Reach(in Packet packet)
    {
        long gap = GapBefore(in packet);
        if (!IsOpen) JumpTo(position + gap);
        else if (gap < 0) offset -= gap; // what was written stays; the difference goes into the next silence
        else if (Silence + gap < context.Limits.SilenceThreshold || !lane.MaySplit(packet.Arrival)) AppendSilence(gap, packet.Arrival);
        else
        {
            Close(padding: gap, packet.Arrival);
            JumpTo(packet.Timestamp + offset);
        }
    }

    /// <summary>Puts a frame at the present position.</summary>
    /// <param name="audible">Only an audible frame opens a segment; one that fills a hole within talk does, too, where the last was
    /// cut.</param>
    public void Append(in FrameAudio frame, bool audible, double arrival, bool isWithinTalk = false)
    {
        FrameAudio left = frame;
        while (left.Samples > 0)
        {
            bool opens = audible || (isWithinTalk && State == PlacementState.Cut);
            if (!IsOpen && !(opens && TryOpen(arrival)))
            {
                if (audible) Drop(left.Samples);
                MoveBy(left.Samples);
                return;
            }
            if (!left.IsDivisible && left.Samples > lane.Room && lane.Samples > 0)
            {
                Cut(arrival);
                continue;
            }
            int part = left.IsDivisible ? (int)Math.Min(left.Samples, lane.Room) : left.Samples;
            if (!TryWrite(left.Take(part))) continue;
            MoveBy(part);
            left = left.Skip(part);
            if (audible) NoteAudible();
            if (lane.Room <= 0) Cut(arrival);
        }
    }

    /// <summary>Time in which nothing was said. A segment that has no room for it is cut inside it.</summary>
    public void AppendSilence(long samples, double arrival)
    {
        while (IsOpen && samples > 0)
        {
            long part = Math.Min(samples, lane.Room);
            TryWriteSilence(part);
            MoveBy(part);
            samples -= part;
            if (IsOpen && lane.Room == 0) Cut(arrival);
        }
        MoveBy(samples);
    }

    /// <summary>Audio of the packet at the present position did not reach us.</summary>
    public void AddGap(long samples, string reason) => gaps.Add(position, samples, reason);

    /// <summary>Audio before a packet did not reach us.</summary>
    public void AddGapBefore(in Packet packet, long samples, string reason) =>
        gaps.Add(packet.Timestamp + offset - samples, samples, reason);

    /// <summary>
    /// The correction that a frame of talk has to carry to follow the sender's clock: one sample more (1), one less (-1), mostly
    /// none. The caller writes the frame so.
    /// </summary>
    public int TakeSlip(int frameSamples)
    {
        if (State != PlacementState.Settled) return 0;
        int slip = pace.Next(timeline.Wanted - offset, timeline.Tolerance, frameSamples);
        offset += slip;
        return slip;
    }

    /// <summary>The correction that a silent frame can carry, at most half its length either way. The caller writes the frame so.</summary>
    public int TakeSilentCorrection(int frameSamples)
    {
        if (State != PlacementState.Settled) return 0;
        int correction = pace.AtOnce(timeline.Wanted - offset, timeline.Tolerance, frameSamples / 2);
        offset += correction;
        return correction;
    }

    /// <inheritdoc cref="SegmentLane.MaySplit"/>
    public bool MaySplit(double arrival) => lane.MaySplit(arrival);

    /// <summary>From here on the open segment's start stays.</summary>
    public void Settle()
    {
        if (State == PlacementState.Floating) State = PlacementState.Settled;
    }

    /// <summary>A long segment's start is known well enough; from then on the sender's clock is followed inside it.</summary>
    public void SettleWhenLong()
    {
        if (State != PlacementState.Floating || lane.Samples < LongestFloat) return;
        Float();
        Settle();
    }

    /// <summary>
    /// Ends a segment in which the packets have drifted off their place with the sender's clock: at its end that is put right.
    /// </summary>
    public void CutWhenOff(double arrival)
    {
        if (Math.Abs(lane.Lag) >= LargestLag && lane.Samples >= LeastBetweenLagCuts && lane.MaySplit(arrival)) Cut(arrival);
    }

    /// <summary>Ends the open segment within talk: the next one begins where it ends.</summary>
    /// <param name="padding">As with <see cref="Close"/>.</param>
    public void Cut(double arrival, long padding = 0)
    {
        if (!IsOpen) return;
        Close(padding, arrival);
        State = PlacementState.Cut;
    }

    /// <summary>Ends the open segment. One under the least duration is padded with silence.</summary>
    /// <param name="padding">Samples that the next segment will not start before; no more are padded.</param>
    public void Close(long padding, double arrival)
    {
        if (IsOpen)
        {
            Float();
            padding = Math.Min(padding, context.Limits.MinimumSegment - lane.Samples);
            if (padding <= 0 || TryWriteSilence(padding)) lane.Close(position, arrival);
        }
        State = PlacementState.Silent;
    }

    /// <summary>Deletes the open segment, and what was missing lately: nobody was to hear it.</summary>
    public void Discard()
    {
        gaps.Drop();
        lane.Discard(position);
        State = PlacementState.Silent;
    }

    private long Wanted => (long)Math.Round(timeline.Wanted);

    private void TakeDecision(in Packet packet, bool continues)
    {
        Float(); // what was learnt of an unbroken clock holds for what is already written; a new anchor does not
        TimelineState decision = timeline.State;
        timeline.TakeDecision();
        if (decision == TimelineState.Kept && continues) return;
        offset = Wanted;
        if (decision != TimelineState.Reanchored) return;
        // The first packets show a new anchor only roughly: in a segment of its own what follows can still be moved.
        counters.Reanchored++;
        Settle();
        if (lane.MaySplit(packet.Arrival)) Close(GapBefore(in packet) - LargestJitter, packet.Arrival);
    }

    /// <summary>The start of a floating segment follows what the timeline has learnt.</summary>
    private void Float()
    {
        if (State != PlacementState.Floating) return;
        long shift = Math.Max(lane.Start + Wanted - offset, lane.End) - lane.Start;
        lane.MoveTo(lane.Start + shift);
        MoveBy(shift);
        audibleEnd += shift;
        offset += shift;
    }

    // With no segment open; never into what is closed.
    private void JumpTo(long target)
    {
        long actual = Math.Max(target, lane.End);
        offset += actual - target;
        Volatile.Write(ref position, actual);
    }

    private void MoveBy(long samples) => Volatile.Write(ref position, position + samples);

    private bool TryOpen(double arrival)
    {
        // As short a pause as an open segment would hold.
        bool joins = State == PlacementState.Cut
            && position - lane.End < Math.Min(context.Limits.SilenceThreshold, context.Limits.MaximumSegment);
        long start = joins ? lane.End : position;
        bool follows = start == lane.End;
        if (!lane.TryOpen(start, joins, arrival)) return false;
        gaps.Flush();
        State = follows ? PlacementState.Settled : PlacementState.Floating;
        (OpenedArrival, audibleEnd) = (arrival, position);
        return TryWriteSilence(position - start);
    }

    private bool TryWrite(in FrameAudio frame) => NoteWritten(lane.TryWrite(in frame, position));

    private bool TryWriteSilence(long samples) => NoteWritten(lane.TryWriteSilence(samples, position));

    private bool NoteWritten(bool isWritten)
    {
        if (!isWritten) State = PlacementState.Silent;
        return isWritten;
    }

    private void NoteAudible()
    {
        audibleEnd = position;
        gaps.Flush();
    }

    private void Drop(int samples)
    {
        counters.SpoolDropped++;
        gaps.Add(position, samples, GapLog.Spool);
        State = PlacementState.Silent;
    }
}

/// <summary>How the next sample of a track relates to its segments.</summary>
internal enum PlacementState
{
    /// <summary>No segment is open: the next one begins where its first audible frame lies.</summary>
    Silent = 0,

    /// <summary>The last segment ended within talk: the next one begins where it ended, unless a pause comes between.</summary>
    Cut = 1,

    /// <summary>The open segment follows silence: it can still be moved as a whole.</summary>
    Floating = 2,

    /// <summary>The open segment's start stays: the sender's clock is followed inside it.</summary>
    Settled = 3,
}
