using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.Discord.Rtp;
using Pipeline.TestKit;

namespace Pipeline.Benchmarks;

/// <summary>
/// What many people say at once, as datagrams: the speech of the repository as 48 kHz stereo Opus of 64 kbit/s in 20 ms frames, each
/// speaker beginning somewhere else in it. Frame <c>n</c> of all speakers follows one another, as at an SFU.
/// </summary>
internal sealed class DatagramSpeech
{
    public const uint FirstSsrc = 100;
    public const ulong FirstUser = 1000;
    public const int FrameSamples = 960;

    private static readonly string[] Voices = ["ada.opus", "grace.opus", "linus.opus"];

    /// <param name="speakers">How many.</param>
    /// <param name="framesPerSpeaker">How long.</param>
    /// <param name="transportKey">Seals the datagrams.</param>
    /// <param name="endToEnd">Seals the frames inside them; null for a call without end-to-end encryption.</param>
    public DatagramSpeech(int speakers, int framesPerSpeaker, TransportKey transportKey, DaveFeed? endToEnd = null)
    {
        Speakers = speakers;
        byte[][] frames = Encode();
        using ITransportCipher cipher = transportKey.CreateCipher();
        Frames = new byte[speakers * framesPerSpeaker][];
        Datagrams = new byte[Frames.Length][];
        for (int i = 0; i < Frames.Length; i++)
        {
            int speaker = i % speakers;
            int frame = i / speakers;
            Frames[i] = frames[(speaker * 97 + frame) % frames.Length];
            byte[] payload = endToEnd?.Seal(FirstUser + (ulong)speaker, (uint)frame + 1, Frames[i]) ?? Frames[i];
            Datagrams[i] = DatagramFeed.Seal(cipher, FirstSsrc + (uint)speaker, (ushort)(speaker * 1000 + frame),
                (uint)(frame * FrameSamples), payload, suffix: (uint)i);
        }
    }

    public int Speakers { get; }

    /// <summary>The Opus frame inside the datagram of the same index.</summary>
    public byte[][] Frames { get; }

    /// <summary>Index = frame * speakers + speaker.</summary>
    public byte[][] Datagrams { get; }

    /// <summary>Whose SSRC is whose.</summary>
    public static Dictionary<uint, ulong> Users(int speakers) =>
        Enumerable.Range(0, speakers).ToDictionary(i => FirstSsrc + (uint)i, i => FirstUser + (ulong)i);

    // Two different voices left and right: what is the same on both sides decodes for two thirds of the price.
    private static byte[][] Encode()
    {
        short[][] voices = [.. Voices.Select(Decode)];
        List<byte[]> frames = [];
        using OpusEncoder encoder = new(channels: 2, bitrate: 64_000);
        short[] stereo = new short[2 * FrameSamples];
        for (int pair = 0; pair < voices.Length; pair++)
        {
            short[] left = voices[pair], right = voices[(pair + 1) % voices.Length];
            for (int at = 0; at + FrameSamples <= Math.Min(left.Length, right.Length); at += FrameSamples)
            {
                for (int i = 0; i < FrameSamples; i++) (stereo[2 * i], stereo[2 * i + 1]) = (left[at + i], right[at + i]);
                frames.Add(encoder.Encode(stereo).ToArray());
            }
        }
        return [.. frames];
    }

    private static short[] Decode(string voice)
    {
        using FileStream file = File.OpenRead(RepositoryRoot.Combine("tests", "speech", voice));
        using LibopusDecoder decoder = new(channels: 1);
        OggOpusReader reader = new(file);
        List<short> all = [];
        short[] pcm = new short[OpusPacket.MaximumSamples];
        while (reader.TryRead(out OggOpusPacket packet))
        {
            if (decoder.Decode(packet.Opus, pcm, out int samples) == OpusDecodeResult.Decoded) all.AddRange(pcm.AsSpan(0, samples));
        }
        return [.. all];
    }
}
