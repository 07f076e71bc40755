using System.Buffers;
using Pipeline.Contracts;

namespace Pipeline.Bot.Replay;

/// <summary>
/// One speaker's packets as a client would send them: one after the other at the pace of the audio, silence markers before a pause,
/// RTP counters from a random base. What the network loses is decided per packet by the seed, so that a replay that
/// is continued loses the same ones.
/// </summary>
internal sealed class ReplayVoice : IDisposable
{
    private const int SilenceFrames = 5; // Discord: five frames of silence when a speaker stops, so that decoders do not interpolate
    private const int SilenceSamples = 960;

    private readonly ReplaySpeaker speaker;
    private readonly ReplayOptions options;
    private readonly Random network;
    private readonly uint ssrc;
    private readonly uint timestampBase;
    private readonly ReplayFile.Cursor file;
    private ushort sequenceNumber;
    private long position; // samples since the start of the recording of the next packet
    private int silenceLeft;
    private bool spoken;

    /// <param name="incarnation">Another RTP source per continuation, as after a rejoin.</param>
    public ReplayVoice(ReplaySpeaker speaker, ReplayFile file, ReplayOptions options, int incarnation)
    {
        (this.speaker, this.options, this.file) = (speaker, options, file.Begin());
#pragma warning disable CA5394 // A seeded network, not a secret.
        Random identity = new(unchecked((((options.Seed * 31) + (int)(speaker.UserId % 1_000_003)) * 31) + incarnation));
        (ssrc, timestampBase) = ((uint)identity.NextInt64(1, uint.MaxValue), (uint)identity.NextInt64(uint.MaxValue));
        sequenceNumber = (ushort)identity.Next(65_536);
        network = new Random(unchecked((options.Seed * 31) + (int)(speaker.UserId % 1_000_003)));
#pragma warning restore CA5394
        position = SampleClock.ToSamples(speaker.Start);
    }

    /// <summary>When the next packet is sent; null when there is none any more.</summary>
    public TimeSpan? NextAt => IsOver ? null : SampleClock.ToTime(position);

    public long Sent { get; private set; }
    public long Lost { get; private set; }

    private bool IsOver =>
        silenceLeft == 0 && (options.RepeatFor > TimeSpan.Zero ? SampleClock.ToTime(position) >= options.RepeatFor : spoken);

    /// <summary>
    /// Sends the next packet. Null: the network lost it (or <paramref name="skip"/>: it had been sent by an earlier run), or the file ended
    /// here.
    /// </summary>
    public ReplayFrame? Send(bool skip)
    {
        if (silenceLeft > 0) return SendSilence(skip);
        if (file.TryRead(out ReadOnlySpan<byte> opus, out int samples)) return Send(opus, samples, skip);
        Rewind();
        return null;
    }

    public void Dispose() => file.Dispose();

    private ReplayFrame? SendSilence(bool skip)
    {
        ReplayFrame? frame = Send([0xF8, 0xFF, 0xFE], SilenceSamples, skip);
        if (--silenceLeft > 0) return frame;
        position += Math.Max(0, SampleClock.ToSamples(options.Pause) - (SilenceFrames * SilenceSamples));
        return frame;
    }

    private ReplayFrame? Send(ReadOnlySpan<byte> opus, int samples, bool skip)
    {
#pragma warning disable CA5394
        bool lost = network.NextDouble() < options.Loss;
        TimeSpan late = options.Jitter * network.NextDouble();
#pragma warning restore CA5394
        long sentAt = position;
        ushort number = sequenceNumber++;
        position += samples;
        if (skip) return null;
        Sent++;
        if (lost) Lost++;
        if (lost) return null;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(opus.Length);
        opus.CopyTo(buffer);
        return new ReplayFrame(speaker.UserId, ssrc, number, unchecked(timestampBase + (uint)sentAt), SampleClock.ToTime(sentAt) + late,
            buffer, opus.Length);
    }

    private void Rewind()
    {
        file.Rewind();
        spoken = true;
        bool speaksOn = options.RepeatFor > TimeSpan.Zero && options.Pause == TimeSpan.Zero
            && SampleClock.ToTime(position) < options.RepeatFor;
        silenceLeft = speaksOn ? 0 : SilenceFrames;
    }
}

/// <summary>One Opus frame on its way. Times since the start of the recording; the buffer is rented.</summary>
internal readonly record struct ReplayFrame(ulong UserId, uint Ssrc, ushort SequenceNumber, uint Timestamp, TimeSpan ArrivesAt,
    byte[] Buffer, int Length);
