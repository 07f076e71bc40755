using System.Buffers.Binary;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Audio.Tests.Ogg;

/// <summary>
/// Files of packets as they came, judged by our reader, by our decoder against continuous decoding, and by programs of others.
/// </summary>
public sealed class OggSegmentWriterTests : IDisposable
{
    private const int Frame = 960;
    private static readonly OggOpusHeader Header = new(7, 1, [new("ARTIST", "Ada"), new("START_SAMPLE", "000000000480")]);

    private readonly TempFolder folder = new();
    private readonly OggSegmentWriter writer = new();

    private string First => Path.Combine(folder.Path, "first.opus");
    private string Second => Path.Combine(folder.Path, "second.opus");

    public void Dispose()
    {
        writer.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(false, 85)]
    [InlineData(true, 45)]
    public void Cut_within_talk_is_heard_as_if_there_were_none(bool speech, double decibels)
    {
        List<byte[]> packets = Speak(500, speech);
        short[] whole = Decode(packets);
        Write(First, packets[..250], continues: false);
        Write(Second, packets[250..], continues: true);
        Assert.Equal(whole[..(250 * Frame)], Read(First));
        short[] behind = Read(Second);
        Assert.Equal(250 * Frame, behind.Length);
        double ratio = Signal.RatioDecibels(whole.AsSpan(250 * Frame, 9600), behind.AsSpan(0, 9600));
        Assert.True(ratio > decibels, $"{ratio:F1} dB");
        Assert.Equal(16 * Frame, OggSegmentFile.Inspect(Second).PreSkip);
    }

    [Fact]
    public void File_behind_a_pause_repeats_nothing()
    {
        Write(First, Speak(50), continues: false);
        Write(Second, Speak(50), continues: false);
        Assert.Equal(0, OggSegmentFile.Inspect(Second).PreSkip);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void Lost_packets_keep_their_time_and_the_last_comes_from_the_redundancy_behind_it(int lost)
    {
        List<byte[]> packets = Speak(200, speech: true, expectedLoss: 30);
        writer.Open(First, Header, continues: false);
        foreach (byte[] packet in packets[..100]) writer.Write(packet, Frame);
        writer.WriteLoss(lost * Frame);
        foreach (byte[] packet in packets[(100 + lost)..]) writer.Write(packet, Frame);
        writer.Finish(Header);
        OggSegmentInfo info = OggSegmentFile.Inspect(First);
        Assert.Equal((200L * Frame, new OpusLoss(100 * Frame, lost * Frame)), (info.SampleCount, Assert.Single(info.Losses)));
        Assert.Equal(Recover(packets, 100, lost), Read(First));
    }

    [Theory]
    [InlineData(120)]
    [InlineData(1000)]
    [InlineData(95_999)]
    [InlineData(1)]
    public void Silence_of_any_length_is_exact_at_the_end_and_within_2_5_ms_before(int samples)
    {
        List<byte[]> packets = Speak(100);
        writer.Open(First, Header, continues: false);
        foreach (byte[] packet in packets[..50]) writer.Write(packet, Frame);
        writer.WriteSilence(samples);
        Assert.InRange(writer.Lag, 0, 119);
        foreach (byte[] packet in packets[50..]) writer.Write(packet, Frame);
        writer.Finish(Header);
        Assert.Equal((100L * Frame) + samples, OggSegmentFile.Inspect(First).SampleCount);
        Assert.Equal((100 * Frame) + samples, Read(First).Length);
    }

    [Fact]
    public void Clock_that_is_followed_sample_by_sample_moves_the_end_only()
    {
        List<byte[]> packets = Speak(500);
        foreach (int slip in (int[])[1, -1])
        {
            writer.Open(First, Header, continues: false);
            foreach (byte[] packet in packets) writer.Write(packet, Frame + slip);
            Assert.Equal(500L * slip, writer.Lag);
            writer.Finish(Header);
            Assert.Equal(500L * (Frame + slip), OggSegmentFile.Inspect(First).SampleCount);
            int same = 500 * Math.Min(Frame, Frame + slip);
            Assert.Equal(Decode(packets)[..same], Read(First)[..same]);
        }
    }

    [Fact]
    public void Silent_packets_make_up_what_is_off()
    {
        List<byte[]> packets = Speak(100);
        writer.Open(First, Header, continues: false);
        foreach (byte[] packet in packets) writer.Write(packet, Frame - 5);
        for (int i = 0; i < 3; i++) writer.Write(OpusPacket.SilenceMarker, Frame);
        Assert.InRange(writer.Lag, 0, 119);
        Assert.Equal(100L * (Frame - 5) + (3 * Frame), writer.SampleCount);
    }

    [Fact]
    public void Killed_anywhere_the_file_is_whole_up_to_its_last_page()
    {
        List<byte[]> packets = Speak(100);
        short[] all = Decode(packets);
        Write(First, packets, continues: false);
        byte[] file = File.ReadAllBytes(First);
        for (int length = 0; length < file.Length; length += 97)
        {
            File.WriteAllBytes(Second, file[..length]);
            long samples = OggSegmentFile.Repair(Second);
            Assert.True(samples % OggSegmentWriter.PageSamples == 0 && samples <= all.Length, $"{samples} samples at {length}");
            if (samples == 0) continue;
            Assert.Equal(all[..(int)samples], Read(Second));
            byte[] repaired = File.ReadAllBytes(Second);
            Assert.Equal(samples, OggSegmentFile.Repair(Second)); // twice changes nothing
            Assert.Equal(repaired, File.ReadAllBytes(Second));
        }
        File.WriteAllBytes(Second, [.. file, 1, 2, 3]);
        Assert.Equal(all.Length, OggSegmentFile.Repair(Second));
        Assert.Equal(file, File.ReadAllBytes(Second));
    }

    [Fact]
    public void Full_disk_keeps_the_pages_that_were_written()
    {
        List<byte[]> packets = Speak(100);
        writer.Open(First, Header, continues: false);
        foreach (byte[] packet in packets[..45]) writer.Write(packet, Frame);
        Assert.Equal(40L * Frame, writer.FlushedSampleCount);
        writer.Truncate();
        Assert.Equal((40L * Frame, 40L * Frame), (writer.SampleCount, OggSegmentFile.Inspect(First).SampleCount));
        Assert.Equal(Decode(packets)[..(40 * Frame)], Read(First));
        Assert.Equal(writer.FileSize, new FileInfo(First).Length);
    }

    [Theory]
    [InlineData("opusinfo")]
    [InlineData("ffprobe")]
    [InlineData("opusdec")]
    public void Others_read_talk_cuts_losses_and_silence(string tool)
    {
        ExternalTool.SkipUnlessInstalled(tool);
        List<byte[]> packets = Speak(100, speech: true);
        Write(First, packets, continues: false);
        writer.Open(Second, Header, continues: true);
        foreach (byte[] packet in packets[..30]) writer.Write(packet, Frame);
        writer.WriteLoss(3 * Frame);
        foreach (byte[] packet in packets[33..]) writer.Write(packet, Frame + 1);
        writer.WriteSilence(50_000);
        writer.Finish(Header with { Comments = [Header.Comments[0], new("START_SAMPLE", "000000009999")] });
        long samples = (100L * Frame) + 67 + 50_000;
        Assert.Equal(samples, OggSegmentFile.Inspect(Second).SampleCount);
        switch (tool)
        {
            case "opusinfo":
                string told = ExternalTool.Run(tool, Second);
                Assert.DoesNotContain("WARNING", told, StringComparison.Ordinal);
                Assert.Contains("START_SAMPLE=000000009999", told, StringComparison.Ordinal);
                break;
            case "ffprobe":
                string[] said = ExternalTool.Run(tool, "-v", "error", "-show_entries", "stream=codec_name,duration_ts", "-of", "csv=p=0",
                    Second).Trim().Split(',');
                Assert.Equal("opus", said[0]);
                Assert.InRange(long.Parse(said[1], System.Globalization.CultureInfo.InvariantCulture) - samples, 0, 16 * Frame);
                break;
            default:
                string wav = Path.Combine(folder.Path, "decoded.wav");
                ExternalTool.Run(tool, "--quiet", "--no-dither", Second, wav);
                short[] theirs = WavReader.Read(wav).Pcm;
                Assert.Equal(samples, theirs.Length);
                double ratio = Signal.RatioDecibels(theirs.AsSpan(0, 30 * Frame), Read(Second).AsSpan(0, 30 * Frame));
                Assert.True(ratio > 60, $"{ratio:F1} dB");
                break;
        }
    }

    [Fact]
    public void Damage_in_the_middle_is_cut_off_with_what_lies_behind_it()
    {
        Write(First, Speak(100), continues: false);
        byte[] file = File.ReadAllBytes(First);
        file[file.Length / 2] ^= 1;
        File.WriteAllBytes(First, file);
        Assert.Throws<InvalidDataException>(() => OggSegmentFile.Inspect(First));
        long samples = OggSegmentFile.Repair(First);
        Assert.InRange(samples, 30 * Frame, 70 * Frame);
        Assert.Equal(samples, OggSegmentFile.Inspect(First).SampleCount);
    }

    [Fact]
    public void Pages_are_200_ms_and_the_last_says_so()
    {
        Write(First, Speak(25), continues: false);
        byte[] file = File.ReadAllBytes(First);
        List<(byte Flags, long Granule)> pages = [];
        for (int at = 0; at < file.Length;)
        {
            pages.Add((file[at + 5], BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at + 6))));
            int segments = file[at + 26];
            at += 27 + segments + file.AsSpan(at + 27, segments).ToArray().Sum(length => length);
        }
        Assert.Equal([(2, 0), (0, 0), (0, 9600), (0, 19_200), (4, 24_000)], pages);
    }

    private void Write(string path, List<byte[]> packets, bool continues)
    {
        writer.Open(path, Header, continues);
        foreach (byte[] packet in packets) writer.Write(packet, Frame);
        writer.Finish(Header);
        writer.Dispose();
    }

    private static short[] Read(string path)
    {
        using LibopusDecoder decoder = new(1);
        return OggSegmentDecoder.Decode(File.ReadAllBytes(path), decoder);
    }

    private static List<byte[]> Speak(int frames, bool speech = false, int expectedLoss = 0)
    {
        using OpusEncoder encoder = new(speech: speech, expectedLossPercent: expectedLoss);
        short[] voice = SpokenPcm.Mono(frames * Frame);
        return [.. Enumerable.Range(0, frames).Select(frame => encoder.Encode(voice.AsSpan(frame * Frame, Frame)).ToArray())];
    }

    private static short[] Decode(List<byte[]> packets)
    {
        using LibopusDecoder decoder = new(1);
        short[] pcm = new short[packets.Count * Frame];
        for (int i = 0; i < packets.Count; i++) decoder.Decode(packets[i], pcm.AsSpan(i * Frame), out _);
        return pcm;
    }

    // As a receiver does that decodes at once.
    private static short[] Recover(List<byte[]> packets, int first, int lost)
    {
        using LibopusDecoder decoder = new(1);
        short[] pcm = new short[packets.Count * Frame];
        for (int i = 0; i < packets.Count; i++)
        {
            Span<short> at = pcm.AsSpan(i * Frame);
            if (i < first || i >= first + lost) decoder.Decode(packets[i], at, out _);
            else if (i == first + lost - 1) decoder.Recover(packets[i + 1], at, Frame);
            else decoder.Conceal(at, Frame);
        }
        return pcm;
    }
}
