using Pipeline.Audio.Ogg;

namespace Pipeline.DiscordSimulator.Speakers;

/// <summary>Something to say: Opus packets in order.</summary>
/// <param name="name">For the log.</param>
/// <param name="frames">At least one.</param>
public sealed class OpusClip(string name, IReadOnlyList<OpusFrame> frames)
{
    private const int SamplesPerMillisecond = 48;

    /// <summary>For the log.</summary>
    public string Name { get; } = name;

    /// <summary>The packets.</summary>
    public IReadOnlyList<OpusFrame> Frames { get; } = frames;

    /// <summary>How long it sounds.</summary>
    public TimeSpan Duration { get; } = TimeSpan.FromSeconds(frames.Sum(frame => (long)frame.Samples) / 48000.0);

    /// <summary>
    /// Packets of random content in valid Opus framing (RFC 6716 §3): every decoder takes them, and no two are alike,
    /// so that tests can tell them apart byte for byte.
    /// </summary>
    /// <param name="seed">Decides the bytes.</param>
    /// <param name="duration">Rounded up to whole packets.</param>
    /// <param name="frameMilliseconds">5, 10, 20, 40 or 60.</param>
    /// <param name="payloadBytes">Length of each packet.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another packet duration.</exception>
    public static OpusClip Generate(int seed, TimeSpan duration, int frameMilliseconds = 20, int payloadBytes = 80)
    {
        Random random = new(seed);
        int count = (int)Math.Ceiling(duration.TotalMilliseconds / frameMilliseconds);
        OpusFrame[] frames = new OpusFrame[count];
        for (int i = 0; i < count; i++)
            frames[i] = new OpusFrame(Packet(random, frameMilliseconds, payloadBytes), frameMilliseconds * SamplesPerMillisecond);
        return new OpusClip($"generated {seed}", frames);
    }

    /// <summary>Reads an Ogg Opus file.</summary>
    /// <exception cref="OggFormatException">Not Ogg Opus, damaged or cut off.</exception>
    public static OpusClip Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        OggOpusReader reader = new(file);
        List<OpusFrame> frames = [];
        while (reader.TryRead(out OggOpusPacket packet))
            frames.Add(new OpusFrame(packet.Opus.ToArray(), packet.Samples));
        return new OpusClip(Path.GetFileName(path), frames);
    }

    /// <summary>Only the first part.</summary>
    public OpusClip Take(TimeSpan duration)
    {
        double left = duration.TotalSeconds * 48000;
        return new OpusClip(Name, [.. Frames.TakeWhile(frame => (left -= frame.Samples) > -frame.Samples)]);
    }

    /// <summary>Only the part after a time.</summary>
    public OpusClip Skip(TimeSpan duration)
    {
        double left = duration.TotalSeconds * 48000;
        return new OpusClip(Name, [.. Frames.SkipWhile(frame => (left -= frame.Samples) >= 0)]);
    }

    // RFC 6716 §3.1: configuration (5 bits), stereo, frame count code. 31 is CELT fullband 20 ms.
    private static byte[] Packet(Random random, int milliseconds, int bytes)
    {
        byte[] packet = new byte[bytes];
        random.NextBytes(packet);
        switch (milliseconds)
        {
            case 5:
                packet[0] = 29 << 3 | 4;
                break;
            case 10:
                packet[0] = 30 << 3 | 4;
                break;
            case 20:
                packet[0] = 31 << 3 | 4;
                break;
            case 40:
                packet[0] = 31 << 3 | 4 | 1; // two frames of equal size
                return bytes % 2 == 1 ? packet : packet[..^1];
            case 60:
                packet[0] = 31 << 3 | 4 | 3; // a count of frames follows
                packet[1] = 3;
                return packet[..(2 + (bytes - 2) / 3 * 3)];
            default:
                throw new ArgumentOutOfRangeException(nameof(milliseconds), milliseconds, "Use 5, 10, 20, 40 or 60.");
        }

        return packet;
    }
}
