using System.Buffers;
using System.Runtime.InteropServices;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Ogg;

/// <summary>Segments joined to one file, judged by its packets, by the same call recorded in WAV, and by programs of others.</summary>
public sealed class OggOpusJoinTests : IDisposable
{
    // A render's window is a minute; the shorter one meets as often in less talk.
    private const int Frame = 960, Second = 48_000, Minute = 60 * Second, Window = 12 * Second, Grid = 120;

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 5)]
    public void Packets_are_the_segments_own_at_their_places(int seed, int lossPercent)
    {
        using SpokenCall call = SpokenCall.Of(seed, 3 * Window, lossPercent);
        long total = call.End + 12_345;
        byte[] file = call.Join(total, Window);
        Assert.Equal(file, call.Join(total, Window));

        List<(long At, byte[] Packet, int Samples)> talk = [.. SpokenCall.Read(file, total).Where(packet => IsTalk(packet.Packet))];

        Assert.Equal(call.Talk.Count, talk.Count);
        foreach (((long at, byte[] packet), (long joinedAt, byte[] joined, int _)) in call.Talk.Zip(talk))
        {
            Assert.Equal(packet, joined);
            Assert.InRange(joinedAt - at, -Grid, Grid);
        }
        HashSet<long> starts = [.. call.Spurts.Select(spurt => spurt.Start)];
        foreach (((long at, byte[] _), (long joinedAt, byte[] _, int _)) in call.Talk.Zip(talk).Where(one => starts.Contains(one.First.At)))
            Assert.InRange(joinedAt - at, -Grid / 2, Grid / 2);
    }

    /// <summary>Windows of any length give the packets that one window gives: nothing is lost, doubled or moved where they meet.</summary>
    [Theory]
    [InlineData(3, OggOpusJoin.PageSamples, 20)]
    [InlineData(4, 5 * OggOpusJoin.PageSamples, 20)]
    [InlineData(5, Minute, 65)]
    public void Windows_meet_without_a_seam(int seed, int window, int seconds)
    {
        using SpokenCall call = SpokenCall.Of(seed, seconds * Second, lossPercent: 3, drift: seed * 40);
        long whole = ((call.End / OggOpusJoin.PageSamples) + 1) * OggOpusJoin.PageSamples;
        foreach (long total in new[] { call.End, whole, whole + 1, whole + 130 })
        {
            List<(long, string)> one = Talk(call.Join(total, int.MaxValue), total), many = Talk(call.Join(total, window), total);
            Assert.Equal(one, many);
        }

        static List<(long, string)> Talk(byte[] file, long total) => [.. SpokenCall.Read(file, total)
            .Where(packet => IsTalk(packet.Packet)).Select(packet => (packet.At, Convert.ToHexString(packet.Packet)))];
    }

    [Fact]
    public void Sound_is_that_of_the_wav_recording()
    {
        ExternalTool.SkipUnlessInstalled("opusdec");
        using SpokenCall call = SpokenCall.Of(6, 2 * Window);
        long total = call.End + 1_007;
        string file = Save(call.Join(total, Window));
        Assert.DoesNotContain("WARNING", ExternalTool.Run("opusinfo", file), StringComparison.OrdinalIgnoreCase);
        ExternalTool.Run("opusdec", "--quiet", "--no-dither", "--rate", "48000", file, folder.Combine("a.wav"));
        short[] heard = MemoryMarshal.Cast<byte, short>(File.ReadAllBytes(folder.Combine("a.wav")).AsSpan(44)).ToArray();
        Assert.Equal(total, heard.Length);
        short[] wav = [.. call.Wav, .. new short[total]];
        int off = 0;
        foreach ((long start, int frames) in call.Spurts)
        {
            (double correlation, int lag) = BestMatch.Of(wav.AsSpan((int)start, frames * Frame), heard, (int)start);
            Assert.True(correlation > 0.99, $"spurt at {start} of {frames} frames: {correlation:F4}");
            off = Math.Max(off, Math.Abs(lag));
        }
        Assert.InRange(off, 1, Grid);
        // Between the spurts there is nothing, 100 ms behind their ends.
        for (int i = 1; i < call.Spurts.Count; i++)
        {
            long from = call.Spurts[i - 1].Start + (call.Spurts[i - 1].Frames * Frame) + 4_800;
            foreach (short value in heard.AsSpan((int)from..(int)(call.Spurts[i].Start - Grid))) Assert.InRange(value, (short)-2, (short)2);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2, Traits = ["Category", "Long"])]
    public void Players_find_it_as_long_as_it_is(int seed)
    {
        ExternalTool.SkipUnlessInstalled("ffmpeg");
        using SpokenCall call = SpokenCall.Of(seed, 2 * Window, lossPercent: 4, drift: 100);
        long total = call.End + (seed * 1_001);
        string file = Save(call.Join(total, Window)), raw = folder.Combine("raw");
        ExternalTool.Run("ffmpeg", "-v", "error", "-y", "-i", file, "-f", "s16le", raw);
        Assert.Equal(total * 2, new FileInfo(raw).Length);
        ExternalTool.SkipUnlessInstalled("opusinfo");
        Assert.DoesNotContain("WARNING", ExternalTool.Run("opusinfo", file), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// A sender's clock runs fast or slow by up to 500 ppm: talk is off its place by less than a packet, a new spurt is on it.
    /// </summary>
    [Theory]
    [InlineData(480)]
    [InlineData(-480, Traits = ["Category", "Long"])]
    [InlineData(30, Traits = ["Category", "Long"])]
    public void Clock_that_runs_off_is_followed(int drift)
    {
        using SpokenCall call = new(8);
        long at = 1_234;
        for (int spurt = 0; spurt < 2; spurt++)
        {
            call.Speak(at, 1_600, drift: drift);
            at = call.End + 30_017;
        }
        long total = call.End;
        List<(long At, byte[] Packet, int Samples)> talk =
            [.. SpokenCall.Read(call.Join(total, Window), total).Where(packet => IsTalk(packet.Packet))];
        Assert.Equal(call.Talk.Select(one => Convert.ToHexString(one.Packet)), talk.Select(one => Convert.ToHexString(one.Packet)));
        HashSet<long> starts = [.. call.Spurts.Select(spurt => spurt.Start)];
        foreach (((long belongs, byte[] _), (long joined, byte[] _, int _)) in call.Talk.Zip(talk))
            Assert.InRange(joined - belongs, -Frame, starts.Contains(belongs) ? Grid / 2 : Frame);
    }

    /// <summary>What a segment repeats of the one before is not heard, whether that one is there or not.</summary>
    [Fact]
    public void Pre_roll_is_left_out_and_an_absent_segment_is_silence()
    {
        using SpokenCall call = new(9);
        call.Speak(4_800, 1_500);
        long total = call.End;
        JoinedSegment[] rest = [call.Segments[0], call.Segments[2]];
        List<(long At, byte[] Packet, int Samples)> packets = SpokenCall.Read(call.Join(total, Window, rest), total);
        Assert.Equal(call.Talk.Take(500).Concat(call.Talk.Skip(1_000)).Select(one => (one.At, Convert.ToHexString(one.Packet))),
            packets.Where(packet => IsTalk(packet.Packet)).Select(packet => (packet.At, Convert.ToHexString(packet.Packet))));
        Assert.All(packets.Where(packet => packet.At >= 4_800 + (500 * Frame) && packet.At < 4_800 + (1_000 * Frame)),
            packet => Assert.True(OpusPacket.IsSilenceMarker(packet.Packet)
                || packet.Packet.AsSpan().SequenceEqual(OpusFiller.LongSilence)));
    }

    [Fact]
    public void Damaged_file_is_silence()
    {
        using SpokenCall call = new(10);
        call.Speak(0, 500);
        byte[] broken = call.Segments[0].File.ToArray();
        broken[^10] ^= 1;
        long total = call.End;
        Assert.DoesNotContain(SpokenCall.Read(call.Join(total, Window, [call.Segments[0] with { File = broken }]), total),
            packet => IsTalk(packet.Packet));
    }

    /// <summary>Two segments that lie over each other, as no bot writes them: time stays what it is.</summary>
    [Fact]
    public void Segments_over_each_other_keep_the_file_s_length()
    {
        using SpokenCall call = new(11);
        call.Speak(0, 500);
        call.Speak(600_000, 500);
        JoinedSegment[] over =
            [call.Segments[0], call.Segments[1] with { Start = 200_017 }, call.Segments[0] with { Index = 5, Start = 200_017 }];
        foreach (int window in new[] { OggOpusJoin.PageSamples, Window }) SpokenCall.Read(call.Join(700_000, window, over), 700_000);
    }

    /// <summary>Far more bytes than a voice has: a page has no room for them, and the time stays.</summary>
    [Fact]
    public void Packets_of_megabits_become_losses_of_the_same_length()
    {
        ArrayBufferWriter<byte> packets = new();
        string path = folder.Combine("wide.opus");
        using OggSegmentWriter writer = new();
        OggOpusHeader header = new(1, 1, []);
        writer.Open(path, header, continues: false);
        byte[] wide = new byte[1_275];
        new Random(5).NextBytes(wide);
        wide[0] = 0xE0; // CELT, 2.5 ms, one frame
        for (int i = 0; i < 800; i++) writer.Write(wide, Grid);
        writer.Finish(header);
        writer.Dispose();
        long total = 800 * Grid;
        ArrayBufferWriter<byte> output = new();
        output.Write(OggOpusJoin.WriteHeader(7, 1, []));
        OggOpusJoin.Write([new JoinedSegment(0, 0, total, File.ReadAllBytes(path))], 0, total, true, default, 7, output);
        List<(long At, byte[] Packet, int Samples)> read =
            [.. SpokenCall.Read(output.WrittenSpan.ToArray(), total).Where(packet => packet.At >= 0)];
        Assert.Equal(800, read.Count);
        Assert.Contains(read, packet => OpusFiller.IsLoss(packet.Packet));
        Assert.Contains(read, packet => packet.Packet.AsSpan().SequenceEqual(wide));
    }

    /// <summary>A file of a stranger: what its encoder looked ahead is skipped at its start, within a packet.</summary>
    [Fact]
    public void First_packet_of_a_stranger_s_file_is_kept()
    {
        byte[] ada = File.ReadAllBytes(RepositoryRoot.Combine("tests", "speech", "ada.opus"));
        OggSegmentInfo info = OggSegmentFile.Inspect(ada, "ada");
        Assert.InRange(info.PreSkip, 1, Frame - 1);
        ArrayBufferWriter<byte> output = new();
        output.Write(OggOpusJoin.WriteHeader(7, 1, []));
        long total = 100_000 + info.SampleCount;
        OggOpusJoin.Write([new JoinedSegment(0, 100_000, info.SampleCount, ada)], 0, total, true, default, 7, output);
        List<(long At, byte[] Packet, int Samples)> talk =
            [.. SpokenCall.Read(output.WrittenSpan.ToArray(), total).Where(packet => IsTalk(packet.Packet))];
        Assert.InRange(talk[0].At, 100_000 - info.PreSkip - (Grid / 2), 100_000 - info.PreSkip + (Grid / 2));
        Assert.InRange(talk.Count * Frame, info.SampleCount, info.SampleCount + info.PreSkip + Frame);
    }

    [Fact]
    public void Window_that_does_not_begin_with_a_page_is_refused() => Assert.Contains("does not begin and end with a page",
        Assert.Throws<ArgumentException>(() => OggOpusJoin.Write([], 1, OggOpusJoin.PageSamples, false, default, 7,
            new ArrayBufferWriter<byte>())).Message, StringComparison.Ordinal);

    private static bool IsTalk(ReadOnlySpan<byte> packet) => packet.Length > 16 && !OpusFiller.IsLoss(packet);

    private string Save(byte[] file)
    {
        string path = folder.Combine("joined.opus");
        File.WriteAllBytes(path, file);
        return path;
    }
}
