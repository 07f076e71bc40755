using System.Buffers;
using Pipeline.Audio.Opus;
using Pipeline.Contracts;

namespace Pipeline.Bot.Replay;

/// <summary>
/// One speaker's packets as a client would send them: one after the other at the pace of the audio, silence markers before a pause,
/// RTP counters from a random base. What the file has lost is left out of the numbers, so that it becomes a gap of the recording. What
/// the network loses is decided per packet by the seed, so that a replay that is continued loses the same ones.
/// </summary>
internal sealed class ReplayVoice : IDisposable
{
    private const int SilenceFrames = 5; // Discord: five frames of silence when a speaker stops, so that decoders do not interpolate
    private const int SilenceSamples = 960;

    // A step of over 3,000 numbers is taken for a sender that begins again: after so many, or 25 s, a frame of silence bounds a hole, and
    // the network may lose one of those.
    private const long LongestStep = 1250;

    private readonly ReplaySpeaker speaker;
    private readonly ReplayOptions options;
    private readonly Random network;
    private readonly uint ssrc;
    private readonly uint timestampBase;
    private readonly ReplayFile.Cursor file;
    private byte[] opus = new byte[512]; // of the next packet
    private int opusLength;
    private int opusSamples;
    private long filePosition; // samples of the call at which the present repetition's packets count from
    private long holeEnd; // packets up to here are missing; no hole: 0
    private long position; // samples since the start of the call of the next packet
    private int sentSamples = SilenceSamples; // of the packet before
    private ushort sequenceNumber;
    private int silenceLeft;
    private bool hasBegun;
    private bool spoken;

    /// <param name="incarnation">Another RTP source per continuation, as after a rejoin.</param>
    public ReplayVoice(ReplaySpeaker speaker, ReplayInput input, ReplayOptions options, int incarnation)
    {
        (this.speaker, this.options, file) = (speaker, options, input.FileOf(speaker).Begin());
#pragma warning disable CA5394 // A seeded network, not a secret.
        Random identity = new(unchecked((((options.Seed * 31) + (int)(speaker.UserId % 1_000_003)) * 31) + incarnation));
        (ssrc, timestampBase) = ((uint)identity.NextInt64(1, uint.MaxValue), (uint)identity.NextInt64(uint.MaxValue));
        sequenceNumber = (ushort)identity.Next(65_536);
        network = new Random(unchecked((options.Seed * 31) + (int)(speaker.UserId % 1_000_003)));
#pragma warning restore CA5394
        filePosition = input.LeadIn + SampleClock.ToSamples(speaker.Start);
        position = filePosition;
        if (!TryLoad()) spoken = true;
    }

    /// <summary>When the next packet is sent; null when there is none any more.</summary>
    public TimeSpan? NextAt => IsOver ? null : SampleClock.ToTime(position);

    public long Sent { get; private set; }
    public long Lost { get; private set; }

    private bool IsOver =>
        silenceLeft == 0 && (options.RepeatFor > TimeSpan.Zero ? SampleClock.ToTime(position) >= options.RepeatFor : spoken);

    /// <summary>
    /// Sends the next packet. Null: the network lost it (or <paramref name="skip"/>: it had been sent by an earlier run).
    /// </summary>
    public ReplayFrame? Send(bool skip)
    {
        if (silenceLeft > 0) return SendSilence(skip);
        if (holeEnd > 0) return SendIntoHole(skip);
        ReplayFrame? frame = Send(opus.AsSpan(0, opusLength), opusSamples, skip);
        if (!TryLoad()) Rewind();
        return frame;
    }

    public void Dispose() => file.Dispose();

    private bool TryLoad()
    {
        if (!file.TryRead(out ReplayPacket packet)) return false;
        if (packet.Opus.Length > opus.Length) opus = new byte[packet.Opus.Length];
        packet.Opus.CopyTo(opus);
        (opusLength, opusSamples) = (packet.Opus.Length, packet.Samples);
        long at = filePosition + packet.Position;
        if (packet.Missing > 0) EnterHole(at - packet.Missing, at);
        else position = at;
        return true;
    }

    private void EnterHole(long from, long to)
    {
        // Without a packet before it nobody would know that something is missing.
        if (!hasBegun) (position, holeEnd) = (from, to);
        else LeaveHole(from, to);
    }

    // Up to the packet behind the hole, or to a frame of silence in it.
    private void LeaveHole(long from, long to)
    {
        long longest = LongestStep * Math.Min(sentSamples, SilenceSamples);
        long reached = to - from <= longest ? to : Math.Min(from + longest, to - SilenceSamples);
        sequenceNumber += (ushort)((reached - from) / sentSamples);
        (position, holeEnd) = (reached, reached < to ? to : 0);
    }

    private ReplayFrame? SendIntoHole(bool skip)
    {
        long end = holeEnd;
        ReplayFrame? frame = Send(OpusPacket.SilenceMarker, SilenceSamples, skip);
        LeaveHole(position, Math.Max(end, position));
        return frame;
    }

    private ReplayFrame? SendSilence(bool skip)
    {
        ReplayFrame? frame = Send(OpusPacket.SilenceMarker, SilenceSamples, skip);
        if (--silenceLeft > 0) return frame;
        BeginAgainAt(position + Math.Max(0, SampleClock.ToSamples(options.Pause) - (SilenceFrames * SilenceSamples)));
        return frame;
    }

    private ReplayFrame? Send(ReadOnlySpan<byte> packet, int samples, bool skip)
    {
#pragma warning disable CA5394
        bool lost = network.NextDouble() < options.Loss;
        TimeSpan late = options.Jitter * network.NextDouble();
#pragma warning restore CA5394
        long sentAt = position;
        ushort number = sequenceNumber++;
        position += samples;
        (hasBegun, sentSamples) = (true, samples);
        if (skip) return null;
        Sent++;
        if (lost) Lost++;
        if (lost) return null;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(packet.Length);
        packet.CopyTo(buffer);
        return new ReplayFrame(speaker.UserId, ssrc, number, unchecked(timestampBase + (uint)sentAt), SampleClock.ToTime(sentAt) + late,
            buffer, packet.Length);
    }

    private void Rewind()
    {
        spoken = true;
        bool speaksOn = options.RepeatFor > TimeSpan.Zero && options.Pause == TimeSpan.Zero
            && SampleClock.ToTime(position) < options.RepeatFor;
        silenceLeft = speaksOn ? 0 : SilenceFrames;
        if (speaksOn) BeginAgainAt(position);
    }

    // Repetitions follow packet on packet.
    private void BeginAgainAt(long at)
    {
        position = at;
        if (IsOver) return;
        file.Rewind();
        (filePosition, holeEnd) = (0, 0);
        if (!file.TryRead(out ReplayPacket first)) return;
        filePosition = at - first.Position + first.Missing;
        file.Rewind();
        TryLoad();
    }
}

/// <summary>One Opus frame on its way. Times since the start of the call; the buffer is rented.</summary>
internal readonly record struct ReplayFrame(ulong UserId, uint Ssrc, ushort SequenceNumber, uint Timestamp, TimeSpan ArrivesAt,
    byte[] Buffer, int Length);
