using Pipeline.Audio.Opus;
using Pipeline.Contracts;
using Pipeline.Discord.Media;

namespace Pipeline.Bot.Capture;

/// <summary>
/// Takes one user's frames as they arrive: tells RTP sources apart, unwraps the counters, puts packets in order and hands
/// them to the placer.
/// </summary>
internal sealed class PacketIntake(RecordingContext context, Timeline timeline, Placement placement, FramePlacer placer,
    TrackCounters counters)
{
    private const long NoHurry = long.MinValue;
    private const long AtOnce = long.MaxValue;

    // RFC 3550 A.1 takes a step back of 100 as a restart; bursts over mobile networks come later than that.
    private const int LongestStepBack = 512;
    private const int LongestDropout = 3000;

    // Packets of the source before may still be on their way for so long.
    private const double OldSourceLingers = SampleClock.SamplesPerSecond;

    // What waits behind a missing packet, or for a decision, is by then not waited for any more.
    private double LongestWait => Math.Max(Timeline.PauseBeforeRun, context.Limits.ReorderWindow);

    private readonly ReorderBuffer reorder = new(context.Limits.ReorderWindow, context.Limits.ReorderCapacity);
    private bool hasEpoch;
    private uint ssrc;
    private uint previousSsrc;
    private double epochArrival;
    private long highestSequence;
    private bool lastWasSilenceMarker;
    private readonly SuspectFrame suspect = new();

    /// <summary>Arrival of the last frame.</summary>
    public double LastArrival { get; private set; } = double.NegativeInfinity;

    public void Accept(in AudioFrame frame, double arrival)
    {
        if (IsFromOldSource(in frame, arrival))
        {
            counters.Late++;
            return;
        }
        if (!hasEpoch || frame.Ssrc != ssrc) BeginEpoch(in frame, arrival);
        else if (IsJump(in frame) && !TryBeginAgain(in frame, arrival)) return;
        Take(in frame, arrival);
    }

    /// <summary>Places everything that waits; nothing before it will come any more.</summary>
    public void Flush()
    {
        if (timeline.IsGathering) timeline.Decide(overflowed: false);
        Drain(AtOnce);
    }

    /// <summary><see cref="Flush"/>, and whatever comes next is a new source.</summary>
    public void EndEpoch()
    {
        Flush();
        hasEpoch = false;
    }

    /// <summary>A packet without audio: its number is not missing. It tells nothing of time and begins nothing.</summary>
    public void Skip(in AudioFrame frame, double arrival)
    {
        if (!hasEpoch || frame.Ssrc != ssrc || IsJump(in frame)) return;
        Packet packet = new() { Sequence = Unwrap(frame.SequenceNumber), Arrival = arrival, Kind = AudioFrameKind.Empty };
        Sort(in packet, default);
        highestSequence = Math.Max(highestSequence, packet.Sequence);
        if (!timeline.IsGathering && reorder.Held > 0) Drain(NoHurry);
    }

    private void Take(in AudioFrame frame, double arrival)
    {
        Packet packet = new()
        {
            Sequence = Unwrap(frame.SequenceNumber),
            Timestamp = timeline.Unwrap(frame.Timestamp),
            Arrival = arrival,
            Kind = frame.Kind,
        };
        bool isMarker = OpusPacket.IsSilenceMarker(frame.Opus);
        bool isNewest = packet.Sequence >= highestSequence;
        if (isNewest && arrival - LastArrival > LongestWait) Flush(); // a run of a few packets does not wait for the next one's
        timeline.Observe(in packet, beginsTalk: isNewest && !isMarker, afterMarker: lastWasSilenceMarker);
        Sort(in packet, frame.Opus);
        if (packet.Sequence > highestSequence) (highestSequence, lastWasSilenceMarker) = (packet.Sequence, isMarker);
        LastArrival = Math.Max(LastArrival, arrival);
        if (timeline.IsGathering && timeline.HasGathered(arrival, context.Limits.ReorderWindow)) timeline.Decide(overflowed: false);
        if (!timeline.IsGathering && reorder.Held > 0) Drain(NoHurry);
    }

    private bool IsFromOldSource(in AudioFrame frame, double arrival) =>
        hasEpoch && frame.Ssrc != ssrc && frame.Ssrc == previousSsrc && arrival - epochArrival < OldSourceLingers;

    /// <summary>The same source, and a number that no loss or reordering explains.</summary>
    private bool IsJump(in AudioFrame frame)
    {
        int step = (short)(frame.SequenceNumber - (ushort)highestSequence);
        return step is < -LongestStepBack or > LongestDropout;
    }

    // A source that begins again shows two packets in a row; a sender that lies with each packet gets no epoch for each.
    private bool TryBeginAgain(in AudioFrame frame, double arrival)
    {
        if (!suspect.IsProvenBy(in frame))
        {
            if (suspect.IsHeld) counters.Late++;
            suspect.Hold(in frame, arrival);
            return false;
        }
        suspect.Clear();
        BeginEpoch(suspect.Frame, suspect.Arrival);
        Take(suspect.Frame, suspect.Arrival);
        return true;
    }

    private void BeginEpoch(in AudioFrame frame, double arrival)
    {
        if (hasEpoch)
        {
            EndEpoch();
            // The same voice goes on in the same file.
            if (frame.Ssrc == ssrc || !placement.MaySplit(arrival)) placement.Settle();
            else placement.Close((long)arrival - Placement.LargestJitter - placement.Position, arrival);
            if (frame.Ssrc != ssrc) previousSsrc = ssrc;
        }
        counters.Epochs++;
        (hasEpoch, ssrc, epochArrival) = (true, frame.Ssrc, arrival);
        (highestSequence, lastWasSilenceMarker) = (frame.SequenceNumber, false);
        LastArrival = Math.Max(LastArrival, arrival); // nothing of this source was waited for before
        reorder.Begin(highestSequence);
        timeline.BeginEpoch(frame.Timestamp, arrival);
        placer.BeginEpoch();
    }

    private long Unwrap(ushort sequence) => highestSequence + (short)(sequence - (ushort)highestSequence);

    private void Sort(in Packet packet, ReadOnlySpan<byte> opus)
    {
        ReorderVerdict verdict = reorder.Judge(packet.Sequence, opus.Length);
        if (verdict == ReorderVerdict.Late) counters.Late++;
        else if (verdict == ReorderVerdict.Duplicate) counters.Duplicate++;
        else
        {
            if (packet.Sequence < highestSequence) counters.Reordered++;
            if (MustHold(verdict)) reorder.Hold(packet, opus);
            else PlaceAtOnce(in packet, opus);
        }
    }

    private bool MustHold(ReorderVerdict verdict) =>
        verdict == ReorderVerdict.Hold || (verdict == ReorderVerdict.InOrder && timeline.IsGathering);

    // In order, or no room to hold it: then waiting for what is missing before it ends here.
    private void PlaceAtOnce(in Packet packet, ReadOnlySpan<byte> opus)
    {
        if (timeline.IsGathering) timeline.Decide(overflowed: true);
        while (reorder.TryTake(packet.Sequence, out Packet earlier, out ReadOnlySpan<byte> held)) placer.Place(in earlier, held);
        reorder.Pass(packet.Sequence, packet.Arrival);
        placer.Place(in packet, opus);
    }

    private void Drain(long giveUpBefore)
    {
        while (reorder.TryTake(giveUpBefore, out Packet packet, out ReadOnlySpan<byte> opus)) placer.Place(in packet, opus);
    }
}
