using Pipeline.Audio.Opus;
using Pipeline.Contracts;
using Pipeline.Discord.Media;

namespace Pipeline.Bot.Capture;

/// <summary>
/// Takes one user's packets in order and puts their sound at its place: bridges what is missing (concealment up to five
/// frames, silence beyond), decodes, and hands the samples to the lane.
/// </summary>
internal sealed class FramePlacer(RecordingContext context, Timeline timeline, SegmentLane lane, TrackCounters counters) : IDisposable
{
    /// <summary>What a decoder can make up without inventing words.</summary>
    private const int MaximumConcealed = 5;

    /// <summary>Jitter may have the first packets of a run come so much too late.</summary>
    private const long LargestCorrection = SampleClock.SamplesPerSecond / 4;

    private readonly IOpusDecoder decoder = context.Codecs.CreateDecoder(context.Options.Channels);
    private readonly EnergyDetector energy = new(context.Options.VadRmsThreshold);
    private bool hasPrevious;
    private long previousSequence;
    private long missingBeforeEmpty; // audio that was missing before the packets without any that came last
    private bool previousWasSilent;
    private long endTimestamp; // RTP time at the end of the last packet
    private int frameSamples = 960; // of the last packet: what a missing one probably had
    private int unheard; // frames in a row whose bytes were worth nothing
    private long quietSamples; // in a row under the VAD's threshold

    /// <summary>Arrival of the last audible frame, samples since the start of the recording.</summary>
    public double AudibleArrival { get; private set; } = double.NegativeInfinity;

    /// <summary>A new RTP source: nothing of the old one goes on.</summary>
    public void BeginEpoch()
    {
        hasPrevious = false;
        unheard = 0;
        missingBeforeEmpty = 0;
        decoder.Reset();
    }

    public void Place(in Packet packet, ReadOnlySpan<byte> opus)
    {
        long missing = hasPrevious ? packet.Sequence - previousSequence - 1 : 0;
        counters.Lost += missing;
        missing += missingBeforeEmpty;
        missingBeforeEmpty = packet.Kind == AudioFrameKind.Empty ? missing : 0;
        if (packet.Kind == AudioFrameKind.Empty)
        {
            previousSequence = packet.Sequence;
            return;
        }
        bool continues = hasPrevious && !previousWasSilent && packet.Timestamp - endTimestamp <= (missing * frameSamples) + (frameSamples / 2);
        if (timeline.HasDecision && packet.Sequence >= timeline.DecidedFrom) TakeDecision(in packet, continues);
        if (timeline.Restrain(packet.Timestamp, packet.Arrival)) Reanchored();
        (hasPrevious, previousSequence) = (true, packet.Sequence);
        Bridge(in packet, packet.Kind == AudioFrameKind.Opus ? opus : default, missing);
        if (packet.Kind == AudioFrameKind.Opus) Decode(opus, packet.Arrival);
        else MakeUp(packet.Arrival, isUndecryptable: true);
        endTimestamp = packet.Timestamp + frameSamples;
        CloseWhenSilent(packet.Arrival);
        lane.SettleWhenLong();
    }

    public void Dispose() => decoder.Dispose();

    /// <param name="continues">Talk goes on without a pause by the sender's clock: nothing may be put in or taken out.</param>
    private void TakeDecision(in Packet packet, bool continues)
    {
        // What was learnt of an unbroken clock holds for what is already written; a new anchor does not.
        lane.Float(timeline.WantedOffset);
        if (timeline.IsReanchored) Reanchor(in packet);
        else if (continues) timeline.Keep();
        else timeline.Realign();
    }

    // The first packets show a new anchor only roughly: in a segment of its own what follows can still be moved.
    private void Reanchor(in Packet packet)
    {
        Reanchored();
        timeline.Realign();
        long pause = packet.Timestamp + timeline.Offset - lane.Position;
        if (lane.MaySplit(packet.Arrival)) lane.Close(padding: pause - LargestCorrection, packet.Arrival);
    }

    private void Reanchored()
    {
        counters.Reanchored++;
        lane.Settle();
    }

    /// <summary>Fills the time between the last frame and this one.</summary>
    private void Bridge(in Packet packet, ReadOnlySpan<byte> opus, long missing)
    {
        long target = packet.Timestamp + timeline.Offset;
        long gap = target - lane.Position;
        bool concealable = missing is > 0 and <= MaximumConcealed && gap > 0 && gap <= (missing * frameSamples) + (frameSamples / 2);
        if (concealable && gap % OpusPacket.ShortestFrame == 0)
        {
            Conceal(opus, gap, (int)missing, packet.Arrival);
            return;
        }
        if (missing > 0 && gap > 0) NoteLoss(target, Math.Min(gap, missing * frameSamples), missing);
        if (!lane.IsOpen) timeline.Shift(lane.MoveTo(target));
        else if (gap < 0) timeline.Shift(-gap); // what was written stays; the difference goes into the next silence
        else if (gap > 0) BridgeSilence(target, gap, packet.Arrival);
    }

    private void BridgeSilence(long target, long gap, double arrival)
    {
        if (target - lane.AudibleEnd < context.Limits.SilenceThreshold || !lane.MaySplit(arrival))
        {
            lane.AppendSilence(gap, arrival);
            return;
        }
        long before = timeline.Offset;
        lane.Close(padding: gap, arrival);
        target += timeline.Offset - before; // closing may have moved a floating start, and time with it
        timeline.Shift(lane.MoveTo(target));
    }

    // Up to five are made up or lie in a pause; they are counted, not listed.
    private void NoteLoss(long target, long samples, long missing)
    {
        if (missing > MaximumConcealed) lane.AddGap(target - samples, samples, GapLog.Loss);
    }

    /// <summary>Makes up all frames of a short loss; the last one from the redundancy in the packet behind it, where it has some.</summary>
    private void Conceal(ReadOnlySpan<byte> next, long gap, int missing, double arrival)
    {
        long left = gap;
        for (int i = 0; i < missing && left > 0; i++)
        {
            bool last = i == missing - 1;
            int samples = (int)Math.Min(last ? left : Math.Min(frameSamples, left), OpusPacket.MaximumSamples);
            Span<short> pcm = context.Scratch.AsSpan(0, samples * context.Options.Channels);
            if (last && decoder.Recover(next, pcm, samples) == OpusDecodeResult.Decoded) counters.Recovered++;
            else ConcealOne(pcm, samples);
            lane.Append(pcm, audible: false, arrival, isWithinTalk: !OpusPacket.IsSilent(next));
            left -= samples;
        }
        if (left > 0) lane.AppendSilence(left, arrival);
    }

    private void ConcealOne(Span<short> pcm, int samples)
    {
        decoder.Conceal(pcm, samples);
        counters.Concealed++;
    }

    private void Decode(ReadOnlySpan<byte> opus, double arrival)
    {
        Span<short> pcm = context.Scratch;
        if (decoder.Decode(opus, pcm, out int samples) != OpusDecodeResult.Decoded)
        {
            counters.Corrupt++;
            MakeUp(arrival, isUndecryptable: false);
            return;
        }
        unheard = 0;
        frameSamples = samples;
        bool silent = OpusPacket.IsSilent(opus) && samples <= OpusPacket.MaximumSamples / 2;
        bool audible = !silent && energy.IsAudible(pcm[..(samples * decoder.Channels)]);
        previousWasSilent = silent;
        quietSamples = audible || silent ? 0 : quietSamples + samples;
        if (audible) AudibleArrival = arrival;
        if (lane.IsOpen && !lane.IsFloating) samples = Correct(pcm, samples, silent);
        lane.Append(pcm[..(samples * decoder.Channels)], audible, arrival);
    }

    /// <summary>Follows the sender's clock: by a glide of one sample in talk, by as much as fits in silence.</summary>
    private int Correct(Span<short> pcm, int samples, bool silent)
    {
        int channels = decoder.Channels;
        if (silent)
        {
            int correction = timeline.TakeSilentCorrection(samples);
            if (correction > 0) pcm.Slice(samples * channels, correction * channels).Clear();
            return samples + correction;
        }
        if (samples < SampleSlip.ShortestFrame) return samples;
        int slip = timeline.TakeSlip(samples);
        if (slip == 0) return samples;
        counters.Slipped++;
        if (slip > 0) SampleSlip.Insert(pcm, samples, channels);
        else SampleSlip.Remove(pcm, samples, channels);
        return samples + slip;
    }

    /// <summary>A packet that came but says nothing: its time is filled as if it were lost.</summary>
    private void MakeUp(double arrival, bool isUndecryptable)
    {
        unheard++;
        if (isUndecryptable)
        {
            counters.Undecryptable++;
            lane.AddGap(lane.Position, frameSamples, GapLog.Undecryptable);
        }
        if (unheard > MaximumConcealed)
        {
            lane.AppendSilence(frameSamples, arrival);
            return;
        }
        Span<short> pcm = context.Scratch.AsSpan(0, frameSamples * decoder.Channels);
        ConcealOne(pcm, frameSamples);
        lane.Append(pcm, audible: false, arrival);
    }

    private void CloseWhenSilent(double arrival)
    {
        if (!lane.IsOpen) return;
        bool silentLongEnough = lane.Position - lane.AudibleEnd >= context.Limits.SilenceThreshold;
        bool quietLongEnough = context.Limits.VadSilence > 0 && quietSamples >= context.Limits.VadSilence;
        if ((silentLongEnough || quietLongEnough) && lane.MaySplit(arrival)) lane.Close(padding: 0, arrival);
    }
}

/// <summary>Voice activity by energy: a frame counts as speech when the root of its mean square reaches a threshold.</summary>
/// <param name="rmsThreshold">0-32767; 0 lets everything count.</param>
internal sealed class EnergyDetector(int rmsThreshold)
{
    private readonly long squareThreshold = (long)rmsThreshold * rmsThreshold;

    public bool IsAudible(ReadOnlySpan<short> pcm)
    {
        if (squareThreshold == 0) return true;
        long sum = 0;
        foreach (short value in pcm) sum += value * value;
        return sum >= squareThreshold * pcm.Length;
    }
}
