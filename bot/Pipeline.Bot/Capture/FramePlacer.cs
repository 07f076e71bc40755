using Pipeline.Audio.Opus;
using Pipeline.Discord.Media;

namespace Pipeline.Bot.Capture;

/// <summary>
/// Takes one user's packets in order and puts their sound at its place: bridges what is missing (made up to five frames, silence
/// beyond), and gives the rest to the track's sound.
/// </summary>
internal sealed class FramePlacer(RecordingContext context, Placement placement, TrackCounters counters, ITrackSound sound) : IDisposable
{
    /// <summary>What a decoder can make up without inventing words.</summary>
    private const int MaximumConcealed = 5;

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
        sound.Reset();
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
        if (packet.Kind == AudioFrameKind.Opus) Add(opus, packet.Arrival);
        else MakeUp(packet.Arrival, isUndecryptable: true);
        endTimestamp = packet.Timestamp + frameSamples;
        CloseWhenSilent(packet.Arrival);
        placement.SettleWhenLong();
    }

    public void Dispose() => sound.Dispose();

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
        if (missing > MaximumConcealed) placement.AddGapBefore(in packet, Math.Min(gap, missing * frameSamples), GapLog.Loss);
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
            sound.MakeUp(samples, last ? next : default, arrival, isWithinTalk: !OpusPacket.IsSilent(next));
            left -= samples;
        }
        placement.AppendSilence(left, arrival);
    }

    private void Add(ReadOnlySpan<byte> opus, double arrival)
    {
        if (!sound.TryAdd(opus, arrival, out HeardFrame heard))
        {
            counters.Corrupt++;
            MakeUp(arrival, isUndecryptable: false);
            return;
        }
        unheard = 0;
        frameSamples = heard.Samples;
        previousWasSilent = heard.IsSilent;
        quietSamples = heard.IsAudible || heard.IsSilent ? 0 : quietSamples + heard.Samples;
        if (heard.IsAudible) AudibleArrival = arrival;
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
        sound.MakeUp(frameSamples, default, arrival, isWithinTalk: false);
    }

    private void CloseWhenSilent(double arrival)
    {
        if (!placement.IsOpen) return;
        bool silentLongEnough = placement.Silence >= context.Limits.SilenceThreshold;
        bool quietLongEnough = context.Limits.VadSilence > 0 && quietSamples >= context.Limits.VadSilence;
        if ((silentLongEnough || quietLongEnough) && placement.MaySplit(arrival)) placement.Close(padding: 0, arrival);
    }
}

/// <summary>What becomes of one track's packets, in order, once their place is known.</summary>
internal interface ITrackSound : IDisposable
{
    /// <summary>A new source: forgets what was heard.</summary>
    void Reset();

    /// <summary>A packet at the present position. False: its bytes are no Opus, and nothing was done.</summary>
    bool TryAdd(ReadOnlySpan<byte> opus, double arrival, out HeardFrame heard);

    /// <summary>Time at the present position of which no packet came.</summary>
    /// <param name="samples">A multiple of 2.5 ms, at most 120 ms.</param>
    /// <param name="next">The packet directly behind it, where that may hold a copy of it.</param>
    void MakeUp(int samples, ReadOnlySpan<byte> next, double arrival, bool isWithinTalk);
}

/// <summary>What a packet turned out to be.</summary>
/// <param name="Samples">Per channel, as the sender counts.</param>
/// <param name="IsSilent">It says itself that nothing is in it.</param>
/// <param name="IsAudible">Somebody speaks.</param>
internal readonly record struct HeardFrame(int Samples, bool IsSilent, bool IsAudible);
