using System.Buffers;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Ogg;

/// <summary>
/// One person's track of a seeded call: spurts of talk at any sample, in segments as the bot writes them, and the same as it would be
/// recorded in WAV.
/// </summary>
internal sealed class SpokenCall : IDisposable
{
    public const int Frame = 960;
    private const int LongestSegment = 500; // frames

    private static readonly short[] voice = SpokenPcm.Mono(40 * 48_000);

    private readonly Random random;
    private readonly TempFolder folder = new();
    private readonly OggSegmentWriter writer = new();
    private readonly OpusEncoder encoder = new(speech: true, expectedLossPercent: 20);
    private readonly LibopusDecoder decoder = new(1);
    private int voiceAt;

    public SpokenCall(int seed) => random = new Random(seed);

    public List<JoinedSegment> Segments { get; } = [];

    /// <summary>Packets of talk with the samples at which they belong.</summary>
    public List<(long At, byte[] Packet)> Talk { get; } = [];

    /// <summary>Where a spurt begins, and its frames.</summary>
    public List<(long Start, int Frames)> Spurts { get; } = [];

    /// <summary>The track as samples, mono.</summary>
    public List<short> Wav { get; } = [];

    /// <summary>Of the last sample that is there.</summary>
    public long End { get; private set; }

    /// <param name="until">Samples that it takes at least.</param>
    /// <param name="lossPercent">Packets that do not come.</param>
    /// <param name="drift">Samples in a thousand frames by which the sender counts more than the recording's clock.</param>
    public static SpokenCall Of(int seed, long until, int lossPercent = 0, int drift = 0)
    {
        SpokenCall call = new(seed);
        while (call.End < until)
        {
            int frames = call.random.Next(20, call.random.Next(3) == 0 ? 1_500 : 200);
            call.Speak(call.End + call.random.Next(9_000, 200_000), frames, lossPercent, drift);
        }
        return call;
    }

    /// <summary>One spurt, in one segment or several.</summary>
    public void Speak(long start, int frames, int lossPercent = 0, int drift = 0)
    {
        Spurts.Add((start, frames));
        while (Wav.Count < start) Wav.Add(0);
        long at = start;
        double owed = 0;
        for (int first = 0; first < frames; first += LongestSegment)
            at = Segment(at, Math.Min(LongestSegment, frames - first), continues: first > 0, lossPercent, drift, ref owed);
        End = at;
    }

    public void Dispose()
    {
        writer.Dispose();
        encoder.Dispose();
        decoder.Dispose();
        folder.Dispose();
    }

    /// <summary>The file, window by window.</summary>
    public byte[] Join(long total, int window, IReadOnlyList<JoinedSegment>? segments = null)
    {
        ArrayBufferWriter<byte> output = new();
        output.Write(OggOpusJoin.WriteHeader(7, 1, [new("ARTIST", "Ada")]));
        JoinPoint before = default;
        for (long from = 0; from < total; from += window)
        {
            long to = Math.Min(from + window, total);
            JoinedSegment[] near = [.. (segments ?? Segments).Where(segment =>
                segment.Start < to && segment.Start + segment.Count > from - 48_000)];
            // As in a render: behind a window without sound nothing is under way.
            if (!near.Any(segment => segment.Start + segment.Count > from - OggOpusJoin.LongestPacket)) Assert.Equal(default, before);
            before = OggOpusJoin.Write(near, from, to, to == total, before, 7, output);
        }
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Packets of a joined file with their places; checks pages, and that it is as long as it should be.</summary>
    public static List<(long At, byte[] Packet, int Samples)> Read(byte[] file, long total)
    {
        OggSegmentReader reader = new(file);
        Assert.Equal(OggOpusJoin.PreSkip, reader.Head.PreSkip);
        List<(long, byte[], int)> packets = [];
        long at = -OggOpusJoin.PreSkip;
        while (reader.TryRead(out ReadOnlySpan<byte> packet, out int samples))
        {
            packets.Add((at, packet.ToArray(), samples));
            at += samples;
        }
        Assert.Equal(total, at - reader.EndTrim);
        Assert.InRange(reader.EndTrim, 0, OpusPacket.MaximumSamples);
        return packets;
    }

    private long Segment(long start, int frames, bool continues, int lossPercent, int drift, ref double owed)
    {
        string path = folder.Combine($"{Segments.Count}.opus");
        OggOpusHeader header = new((uint)Segments.Count, 1, []);
        writer.Open(path, header, continues);
        if (!continues) decoder.Reset();
        short[] pcm = new short[Frame];
        for (int frame = 0; frame < frames; frame++)
        {
            byte[] packet = encoder.Encode(Next()).ToArray();
            owed -= drift / 1000.0;
            int slip = (int)Math.Truncate(owed);
            owed -= slip;
            long at = start + writer.SampleCount;
            if (random.Next(100) < lossPercent)
            {
                writer.WriteLoss(Frame + slip);
                decoder.Conceal(pcm, Frame);
            }
            else
            {
                writer.Write(packet, Frame + slip);
                decoder.Decode(packet, pcm, out _);
                Talk.Add((at, packet));
            }
            Wav.AddRange(pcm.AsSpan(0, Math.Min(Frame, Frame + slip)));
            if (slip > 0) Wav.AddRange(new short[slip]);
        }
        writer.Finish(header);
        Segments.Add(new JoinedSegment(Segments.Count, start, writer.SampleCount, File.ReadAllBytes(path)));
        return start + writer.SampleCount;
    }

    private ReadOnlySpan<short> Next()
    {
        ReadOnlySpan<short> frame = voice.AsSpan(voiceAt, Frame);
        voiceAt = (voiceAt + Frame) % (voice.Length - Frame);
        return frame;
    }
}
