using Pipeline.Audio.Opus;
using Pipeline.Bot.Spool;

namespace Pipeline.Bot.Capture;

/// <summary>Decodes everything: segments of samples.</summary>
internal sealed class DecodedSound(RecordingContext context, Placement placement, TrackCounters counters) : ITrackSound
{
    private readonly IOpusDecoder decoder = context.Codecs.CreateDecoder(context.Options.Channels);
    private readonly EnergyDetector energy = new(context.Options.VadRmsThreshold);

    public void Reset() => decoder.Reset();

    public bool TryAdd(ReadOnlySpan<byte> opus, double arrival, out HeardFrame heard)
    {
        heard = default;
        Span<short> pcm = context.Scratch;
        if (decoder.Decode(opus, pcm, out int samples) != OpusDecodeResult.Decoded) return false;
        bool silent = OpusPacket.IsSilent(opus) && samples <= OpusPacket.MaximumSamples / 2;
        bool audible = !silent && energy.IsAudible(pcm[..(samples * decoder.Channels)]);
        heard = new HeardFrame(samples, silent, audible);
        samples = Correct(pcm, samples, silent);
        placement.Append(FrameAudio.OfPcm(pcm[..(samples * decoder.Channels)], samples), audible, arrival);
        return true;
    }

    public void MakeUp(int samples, ReadOnlySpan<byte> next, double arrival, bool isWithinTalk)
    {
        Span<short> pcm = context.Scratch.AsSpan(0, samples * decoder.Channels);
        if (!next.IsEmpty && decoder.Recover(next, pcm, samples) == OpusDecodeResult.Decoded) counters.Recovered++;
        else
        {
            decoder.Conceal(pcm, samples);
            counters.Concealed++;
        }
        placement.Append(FrameAudio.OfPcm(pcm, samples), audible: false, arrival, isWithinTalk);
    }

    public void Dispose() => decoder.Dispose();

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
        int slip = placement.TakeSlip(samples);
        if (slip == 0) return samples;
        counters.Slipped++;
        if (slip > 0) SampleSlip.Insert(pcm, samples, channels);
        else SampleSlip.Remove(pcm, samples, channels);
        return samples + slip;
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
