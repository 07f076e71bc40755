using Pipeline.Audio.Opus;
using Pipeline.Discord.Media;

namespace Pipeline.Bot.Capture;

/// <summary>
/// Takes one user's packets in order and puts their sound at its place: bridges what is missing (concealment up to five
/// frames, silence beyond), decodes, and hands the samples to the placement.
/// </summary>
internal sealed class FramePlacer(RecordingContext context, Placement placement, TrackCounters counters) : IDisposable
{
    /// <summary>What a decoder can make up without inventing words.</summary>
    private const int MaximumConcealed = 5;

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
        bool continues = hasPrevious && !previousWasSilent
            && packet.Timestamp - endTimestamp <= (missing * frameSamples) + (frameSamples / 2);
        placement.Align(in packet, continues);
        (hasPrevious, previousSequence) = (true, packet.Sequence);
        Bridge(in packet, packet.Kind == AudioFrameKind.Opus ? opus : default, missing);
        if (packet.Kind == AudioFrameKind.Opus) Decode(opus, packet.Arrival);
        else MakeUp(packet.Arrival, isUndecryptable: true);
        endTimestamp = packet.Timestamp + frameSamples;
        CloseWhenSilent(packet.Arrival);
        placement.SettleWhenLong();
    }

    public void Dispose() => decoder.Dispose();

    /// <summary>Fills the time between the last frame and this one.</summary>
    private void Bridge(in Packet packet, ReadOnlySpan<byte> opus, long missing)
    {
        long gap = placement.GapBefore(in packet);
        bool concealable = missing is > 0 and <= MaximumConcealed && gap > 0 && gap <= (missing * frameSamples) + (frameSamples / 2);
        if (concealable && gap % OpusPacket.ShortestFrame == 0)
        {
            Conceal(opus, gap, (int)missing, packet.Arrival);
            return;
        }
        // Up to five are made up or lie in a pause; they are counted, not listed.
        if (missing > MaximumConcealed && gap > 0) placement.AddGapBefore(in packet, Math.Min(gap, missing * frameSamples), GapLog.Loss);
        placement.Reach(in packet);
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
            placement.Append(pcm, audible: false, arrival, isWithinTalk: !OpusPacket.IsSilent(next));
            left -= samples;
        }
        if (left > 0) placement.AppendSilence(left, arrival);
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
        samples = Correct(pcm, samples, silent);
        placement.Append(pcm[..(samples * decoder.Channels)], audible, arrival);
    }

    /// <summary>Follows the sender's clock: by a glide of one sample in talk, by as much as fits in silence.</summary>
    private int Correct(Span<short> pcm, int samples, bool silent)
    {
        int channels = decoder.Channels;
        if (silent)
        {
            int correction = placement.TakeSilentCorrection(samples);
            if (correction > 0) pcm.Slice(samples * channels, correction * channels).Clear();
            return samples + correction;
        }
        if (samples < SampleSlip.ShortestFrame) return samples;
        int slip = placement.TakeSlip(samples);
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
            placement.AddGap(frameSamples, GapLog.Undecryptable);
        }
        if (unheard > MaximumConcealed)
        {
            placement.AppendSilence(frameSamples, arrival);
            return;
        }
        Span<short> pcm = context.Scratch.AsSpan(0, frameSamples * decoder.Channels);
        ConcealOne(pcm, frameSamples);
        placement.Append(pcm, audible: false, arrival);
    }

    private void CloseWhenSilent(double arrival)
    {
        if (!placement.IsOpen) return;
        bool silentLongEnough = placement.Silence >= context.Limits.SilenceThreshold;
        bool quietLongEnough = context.Limits.VadSilence > 0 && quietSamples >= context.Limits.VadSilence;
        if ((silentLongEnough || quietLongEnough) && placement.MaySplit(arrival)) placement.Close(padding: 0, arrival);
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
