using Pipeline.Audio.Opus;
using Pipeline.Bot.Spool;

namespace Pipeline.Bot.Capture;

/// <summary>
/// Decodes nothing: segments of the packets as they came. What is missing is left for the player to make up, the sender's clock is
/// followed in silence and at the ends of segments, and a packet is heard when it is neither a silence marker nor what an encoder sends
/// while nothing happens.
/// </summary>
internal sealed class PassedSound(Placement placement, TrackCounters counters) : ITrackSound
{
    public void Reset()
    {
        // There is no decoder to forget anything.
    }

    public bool TryAdd(ReadOnlySpan<byte> opus, double arrival, out HeardFrame heard)
    {
        heard = default;
        if (!OpusPacket.IsWellFormed(opus, out int samples)) return false;
        bool silent = OpusPacket.IsSilent(opus) && samples <= OpusPacket.MaximumSamples / 2;
        heard = new HeardFrame(samples, silent, !silent);
        int stood = samples + (silent ? placement.TakeSilentCorrection(samples) : TakeSlip(samples));
        placement.Append(FrameAudio.OfPacket(opus, stood), audible: !silent, arrival);
        if (!silent) placement.CutWhenOff(arrival);
        return true;
    }

    public void MakeUp(int samples, ReadOnlySpan<byte> next, double arrival, bool isWithinTalk)
    {
        counters.Concealed++;
        placement.Append(FrameAudio.OfLoss(samples), audible: false, arrival, isWithinTalk);
    }

    public void Dispose()
    {
        // Holds nothing.
    }

    private int TakeSlip(int samples)
    {
        int slip = placement.TakeSlip(samples);
        if (slip != 0) counters.Slipped++;
        return slip;
    }
}
