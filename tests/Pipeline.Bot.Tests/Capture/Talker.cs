using Pipeline.Audio.Opus;
using Pipeline.Discord.Media;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>A speaker on a perfect line, told step by step what to do. Every packet is 20 ms of a steady tone.</summary>
internal sealed class Talker(CaptureRun run, ulong user = CaptureRun.Ada, uint ssrc = 1) : IDisposable
{
    private readonly OpusEncoder encoder = new();
    private readonly short[] tone = new short[960];
    private long phase;
    private double at = run.Now;

    public ushort Sequence { get; set; } = 100;
    public uint Timestamp { get; set; } = 5000;
    public uint Ssrc { get; set; } = ssrc;

    /// <summary>Amplitude of the tone, 0-32767.</summary>
    public int Level { get; set; } = 8000;

    public Talker Say(int milliseconds)
    {
        for (int i = 0; i < milliseconds / 20; i++) Send(Encoded());
        return this;
    }

    /// <summary>Five silence markers, as a good client ends a talk.</summary>
    public Talker EndTalk()
    {
        for (int i = 0; i < 5; i++) Send(OpusPacket.SilenceMarker);
        return this;
    }

    /// <summary>Nothing is sent, the RTP clock runs on.</summary>
    public Talker Pause(int milliseconds)
    {
        at += milliseconds;
        Timestamp += (uint)(milliseconds * 48);
        run.AdvanceTo(at);
        return this;
    }

    /// <summary>Packets that are sent and never arrive.</summary>
    public Talker Lose(int packets)
    {
        for (int i = 0; i < packets; i++)
        {
            Encoded();
            Skip();
        }
        run.AdvanceTo(at);
        return this;
    }

    public Talker Undecryptable(int packets)
    {
        for (int i = 0; i < packets; i++) Send([], AudioFrameKind.Undecryptable);
        return this;
    }

    public Talker Send(ReadOnlySpan<byte> opus, AudioFrameKind kind = AudioFrameKind.Opus)
    {
        run.Receive(user, Ssrc, Sequence, Timestamp, opus, kind);
        Skip();
        run.AdvanceTo(at);
        return this;
    }

    public void Dispose() => encoder.Dispose();

    private void Skip()
    {
        at += 20;
        Sequence++;
        Timestamp += 960;
    }

    private ReadOnlySpan<byte> Encoded()
    {
        for (int i = 0; i < tone.Length; i++) tone[i] = (short)(Level * Math.Sin(2 * Math.PI * 300 * phase++ / 48_000));
        return encoder.Encode(tone);
    }
}
