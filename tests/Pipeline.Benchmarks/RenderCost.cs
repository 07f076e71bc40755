using System.Buffers;
using Pipeline.Audio.Flac;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Benchmarks;

/// <summary>
/// <c>renders [rounds]</c>: a minute of talk without a pause, in Opus segments, as a render makes its files: decoded, encoded as FLAC,
/// encoded as Opus, and joined to Opus. CPU time of one thread, in turns. Goal: joining takes at most a twentieth of encoding.
/// </summary>
internal static class RenderCost
{
    private const double Goal = 0.05;
    private const int Frame = 960, Minute = 3_000, FramesOfSegment = 500, SamplesOfMinute = Minute * Frame;

    public static Task<int> RunAsync(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0]) : 9;
        JoinedSegment[] segments = Segments();
        OpusCodecs codecs = OpusCodecs.Choose(OpusChoice.Auto);
        short[] pcm = new short[SamplesOfMinute];
        (string Name, Action Work)[] works =
        [
            ("decode", () => Decode(segments, codecs, pcm)),
            ("FLAC", () => new FlacEncoder(1).Encode(pcm, 0, new ArrayBufferWriter<byte>(pcm.Length))),
            ("Opus, encoded", () => OggOpusWindow.Write(
                () => codecs.CreateEncoder(new OpusEncoderOptions { Channels = 1, Bitrate = 64_000, Complexity = 5 }),
                pcm, 0, 0, null, 7, new ArrayBufferWriter<byte>(1 << 20))),
            ("Opus, joined", () =>
                OggOpusJoin.Write(segments, 0, SamplesOfMinute, false, default, 7, new ArrayBufferWriter<byte>(1 << 20))),
        ];
        List<double>[] costs = [.. works.Select(_ => new List<double>())];
        for (int round = -1; round < rounds; round++) // the first one warms up
        {
            for (int i = 0; i < works.Length; i++)
            {
                long began = KernelClock.ThreadNanoseconds();
                works[i].Work();
                if (round >= 0) costs[i].Add((KernelClock.ThreadNanoseconds() - began) / 1e6);
            }
        }
        double[] medians = [.. costs.Select(DatagramChain.Median)];
        for (int i = 0; i < works.Length; i++) Console.WriteLine($"a minute of talk, {works[i].Name,-14} {medians[i],8:F1} ms");
        double ratio = DatagramChain.Median(costs[3].Zip(costs[2], (joined, encoded) => joined / encoded));
        double whole = DatagramChain.Median(costs[0].Zip(costs[1], costs[2]).Zip(costs[3], (old, joined) =>
            (old.First + old.Second + joined) / (old.First + old.Second + old.Third)));
        Console.WriteLine($"joined / encoded = {ratio:F3} (goal {Goal}); decode + FLAC + Opus, joined / encoded = {whole:F2}");
        return Task.FromResult(ratio <= Goal ? 0 : 1);
    }

    private static void Decode(JoinedSegment[] segments, OpusCodecs codecs, short[] pcm)
    {
        foreach (JoinedSegment segment in segments)
        {
            using IOpusDecoder decoder = codecs.CreateDecoder(1);
            OggSegmentDecoder.Decode(segment.File.Span, decoder, 0, pcm.AsSpan((int)segment.Start, (int)segment.Count));
        }
    }

    private static JoinedSegment[] Segments()
    {
        List<byte[]> packets = [];
        string[] voices = ["ada", "grace", "linus"];
        for (int turn = 0; packets.Count < Minute; turn++)
        {
            using FileStream file = File.OpenRead(RepositoryRoot.Combine("tests", "speech", $"{voices[turn % voices.Length]}.opus"));
            OggOpusReader reader = new(file);
            while (packets.Count < Minute && reader.TryRead(out OggOpusPacket packet)) packets.Add(packet.Opus.ToArray());
        }
        using TempFolder folder = new();
        using OggSegmentWriter writer = new();
        List<JoinedSegment> segments = [];
        foreach (byte[][] part in packets.Chunk(FramesOfSegment))
        {
            string path = folder.Combine("segment.opus");
            OggOpusHeader header = new((uint)segments.Count, 1, []);
            writer.Open(path, header, continues: segments.Count > 0);
            foreach (byte[] packet in part) writer.Write(packet, Frame);
            writer.Finish(header);
            writer.Dispose();
            segments.Add(new JoinedSegment(segments.Count, segments.Count * FramesOfSegment * (long)Frame, part.Length * Frame,
                File.ReadAllBytes(path)));
        }
        return [.. segments];
    }
}
