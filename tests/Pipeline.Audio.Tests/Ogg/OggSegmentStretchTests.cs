using System.Buffers.Binary;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.TestKit;

namespace Pipeline.Audio.Tests.Ogg;

/// <summary>Segments read in stretches, with losses in them, and files that are not what they should be.</summary>
public sealed class OggSegmentStretchTests : IDisposable
{
    private const int Frame = 960;
    private static readonly OggOpusHeader Header = new(7, 1, []);

    private readonly TempFolder folder = new();
    private readonly OggSegmentWriter writer = new();

    private string FilePath => folder.Combine("a.opus");

    public void Dispose()
    {
        writer.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Any_stretch_has_the_samples_of_the_whole(int channels)
    {
        byte[] file = WithLosses();
        using LibopusDecoder decoder = new(channels);
        short[] whole = OggSegmentDecoder.Decode(file, decoder);
        int total = whole.Length / channels;
        Assert.Equal(OggSegmentFile.Inspect(file, "a").SampleCount, total);
        Random random = new(3);
        for (int i = 0; i < 60; i++)
        {
            int from = i switch { 0 => 0, 1 => total - 10, 2 => total, 3 => total + 50, _ => random.Next(total) };
            int length = random.Next(1, 30_000);
            short[] pcm = [.. Enumerable.Repeat((short)-7, length * channels)];
            decoder.Reset();
            int had = OggSegmentDecoder.Decode(file, decoder, from, pcm);
            int expected = Math.Clamp(total - from, 0, length);
            Assert.Equal(expected, had);
            if (expected > 0) Assert.Equal(whole.AsSpan(from * channels, expected * channels), pcm.AsSpan(0, expected * channels));
        }
    }

    /// <summary>
    /// What lies more than ten minutes before a stretch is not decoded; from ten minutes on a decoder has heard all that it can know.
    /// </summary>
    [Fact]
    public void Stretch_far_behind_is_found_at_its_place()
    {
        List<byte[]> packets = Speak(100);
        writer.Open(FilePath, Header, continues: false);
        writer.WriteSilence(400L * 48_000);
        writer.WriteLoss(9 * Frame);
        writer.WriteSilence(400L * 48_000);
        foreach (byte[] packet in packets) writer.Write(packet, Frame);
        writer.Finish(Header);
        writer.Dispose();
        byte[] file = File.ReadAllBytes(FilePath);
        long at = (800L * 48_000) + (9 * Frame);
        Assert.Equal(at + (100 * Frame), OggSegmentFile.Inspect(file, "a").SampleCount);
        short[] pcm = new short[100 * Frame];
        using LibopusDecoder decoder = new(1);
        Assert.Equal(100 * Frame, OggSegmentDecoder.Decode(file, decoder, at, pcm));
        using LibopusDecoder fresh = new(1);
        short[] expected = new short[100 * Frame];
        for (int i = 0; i < 50; i++) fresh.Decode(OpusPacket.SilenceMarker, expected, out _);
        for (int i = 0; i < 100; i++) fresh.Decode(packets[i], expected.AsSpan(i * Frame), out _);
        double ratio = Signal.RatioDecibels(expected, pcm);
        Assert.True(ratio > 60, $"{ratio:F1} dB");
    }

    [Fact]
    public void Losses_are_named_in_their_stretches_and_no_more_than_32()
    {
        byte[][] packets = [.. Speak(200)];
        writer.Open(FilePath, Header, continues: false);
        for (int i = 0; i < 40; i++)
        {
            writer.Write(packets[i], Frame);
            writer.WriteLoss(Frame * (1 + (i % 3)));
            writer.WriteLoss(120); // goes on
        }
        writer.Finish(Header);
        OggSegmentInfo info = OggSegmentFile.Inspect(FilePath);
        Assert.Equal(32, info.Losses.Count);
        long at = 0;
        for (int i = 0; i < 32; i++)
        {
            long lost = (Frame * (1 + (i % 3))) + 120;
            Assert.Equal(new OpusLoss(at + Frame, lost), info.Losses[i]);
            at += Frame + lost;
        }
    }

    [Fact]
    public void Loss_that_is_repeated_from_the_file_before_is_none_of_this_one()
    {
        byte[][] packets = [.. Speak(20)];
        writer.Open(FilePath, Header, continues: false);
        foreach (byte[] packet in packets) writer.Write(packet, Frame);
        writer.WriteLoss(2 * Frame);
        writer.Finish(Header);
        writer.Open(folder.Combine("b.opus"), Header, continues: true);
        writer.Write(packets[0], Frame);
        writer.Finish(Header);
        OggSegmentInfo info = OggSegmentFile.Inspect(folder.Combine("b.opus"));
        Assert.True(info.PreSkip >= OpusPreRoll.Samples);
        Assert.Empty(info.Losses);
        writer.Forget();
        writer.Open(folder.Combine("c.opus"), Header, continues: true);
        writer.Write(packets[0], Frame);
        writer.Finish(Header);
        Assert.Equal(0, OggSegmentFile.Inspect(folder.Combine("c.opus")).PreSkip);
    }

    [Fact]
    public void Header_of_another_length_does_not_take_the_first_one_s_place()
    {
        OggOpusHeader named = Header with { Comments = [new("ARTIST", "Ada")] };
        writer.Open(FilePath, named, continues: false);
        foreach (byte[] packet in Speak(5)) writer.Write(packet, Frame);
        writer.Finish(Header with { Comments = [new("ARTIST", "Somebody with a longer name")] });
        byte[] file = File.ReadAllBytes(FilePath);
        Assert.Equal(5 * Frame, OggSegmentFile.Inspect(file, "a").SampleCount);
        Assert.True(file.AsSpan().IndexOf("ARTIST=Ada"u8) > 0);
        Assert.Equal(writer.FileSize, file.Length);
    }

    [Fact]
    public void File_of_nothing_but_a_moment_is_a_whole_file_of_that_moment()
    {
        foreach (int samples in new[] { 1, 119, 120, 121, 961 })
        {
            writer.Open(FilePath, Header, continues: false);
            writer.WriteSilence(samples);
            writer.Finish(Header);
            Assert.Equal(samples, OggSegmentFile.Inspect(FilePath).SampleCount);
            writer.Open(FilePath, Header, continues: false);
            writer.WriteLoss(samples);
            writer.Finish(Header);
            Assert.Equal(samples, OggSegmentFile.Inspect(FilePath).SampleCount);
        }
        writer.Open(FilePath, Header, continues: false);
        writer.Finish(Header);
        Assert.Equal(0, OggSegmentFile.Inspect(FilePath).SampleCount);
    }

    [Fact]
    public void Size_of_the_file_is_known_before_it_is_written()
    {
        writer.Open(FilePath, Header, continues: false);
        long before = writer.FileSize;
        Assert.True(before > 0);
        foreach (byte[] packet in Speak(15)) writer.Write(packet, Frame);
        long held = writer.FileSize;
        Assert.True(held > before + 15);
        Assert.Equal((15L * Frame, 10L * Frame), (writer.SampleCount, writer.FlushedSampleCount));
        writer.Finish(Header);
        Assert.Equal(held, writer.FileSize);
        Assert.Equal(held, new FileInfo(FilePath).Length);
        Assert.Equal(15 * Frame, writer.FlushedSampleCount);
    }

    [Theory]
    [InlineData(0, "a damaged or missing page")] // of the first page's checksum
    [InlineData(1, "a damaged or missing page")]
    [InlineData(3, "a damaged or missing page")]
    public void Damaged_page_is_named(int page, string problem)
    {
        byte[] file = [.. OggFiles.Ada];
        file[OggFiles.PageStart(file, page) + 22] ^= 1;
        InvalidDataException broken = Assert.Throws<InvalidDataException>(() => OggSegmentFile.Inspect(file, "ada"));
        Assert.StartsWith("ada: " + problem, broken.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_that_is_missing_or_twice_there_is_named()
    {
        byte[] file = OggFiles.Ada;
        int third = OggFiles.PageStart(file, 3), fourth = OggFiles.PageStart(file, 4);
        Assert.Contains("page 4 behind 2", Broken([.. file[..third], .. file[fourth..]]), StringComparison.Ordinal);
        Assert.Contains("page 3 behind 3", Broken([.. file[..fourth], .. file[third..]]), StringComparison.Ordinal);
        Assert.Contains("missing page", Broken(file[..fourth]), StringComparison.Ordinal);
        Assert.Contains("missing page", Broken([]), StringComparison.Ordinal);
    }

    [Fact]
    public void Stream_without_its_headers_or_with_something_else_in_it_is_named()
    {
        byte[] whole = new OggFiles(preSkip: 0).Page(960, OggPageWriter.Last, OggFiles.Packet(0)).ToArray();
        int tags = OggFiles.PageStart(whole, 1), audio = OggFiles.PageStart(whole, 2);
        byte[] other = [.. whole];
        other[28 + 7] = (byte)'x';
        OggFiles.SetChecksum(other.AsSpan(0, tags));
        Assert.Contains("no OpusHead", Broken(other), StringComparison.Ordinal);
        other = [.. whole];
        other[5] = 0; // not the first
        OggFiles.SetChecksum(other.AsSpan(0, tags));
        Assert.Contains("no OpusHead", Broken(other), StringComparison.Ordinal);
        other = [.. whole];
        other[28 + 9] = 3;
        OggFiles.SetChecksum(other.AsSpan(0, tags));
        Assert.Contains("3 channels", Broken(other), StringComparison.Ordinal);
        other = [.. whole];
        other[tags + 28 + 7] = (byte)'x';
        OggFiles.SetChecksum(other.AsSpan(tags, audio - tags));
        Assert.Contains("no OpusTags", Broken(other), StringComparison.Ordinal);
        Assert.Contains("no Opus", Broken(new OggFiles().Page(960, OggPageWriter.Last, [0xFB]).ToArray()), StringComparison.Ordinal);
        Assert.Contains("half a packet", Broken(Continued(whole, audio)), StringComparison.Ordinal);
    }

    [Fact]
    public void Repair_leaves_alone_what_is_no_Opus_file()
    {
        foreach (byte[] other in (byte[][])[[], [1, 2, 3], [.. "OggS"u8, 0, 0]])
        {
            File.WriteAllBytes(FilePath, other);
            Assert.Equal(0, OggSegmentFile.Repair(FilePath));
            Assert.Equal(other, File.ReadAllBytes(FilePath));
        }
        byte[] whole = new OggFiles(preSkip: 0).Page(960, 0, OggFiles.Packet(0)).ToArray();
        int tags = OggFiles.PageStart(whole, 1);
        whole[28 + 9] = 3;
        OggFiles.SetChecksum(whole.AsSpan(0, tags));
        File.WriteAllBytes(FilePath, whole);
        Assert.Equal(0, OggSegmentFile.Repair(FilePath));
        Assert.Equal(whole, File.ReadAllBytes(FilePath));
    }

    [Fact]
    public void Pre_roll_alone_is_no_audio()
    {
        File.WriteAllBytes(FilePath, new OggFiles(preSkip: 960).Page(960, 0, OggFiles.Packet(0)).ToArray());
        Assert.Equal(0, OggSegmentFile.Repair(FilePath));
        File.WriteAllBytes(FilePath, new OggFiles(preSkip: 960).Page(960, 0, OggFiles.Packet(0))
            .Page(1920, 0, OggFiles.Packet(1)).ToArray());
        Assert.Equal(960, OggSegmentFile.Repair(FilePath));
        Assert.Equal(960, OggSegmentFile.Inspect(FilePath).SampleCount);
    }

    /// <summary>Tags with a picture go over many pages, a packet over two: both are read as one.</summary>
    [Fact]
    public void Packets_over_pages_are_whole()
    {
        byte[] wide = new byte[700];
        new Random(8).NextBytes(wide);
        wide[0] = 0xFC;
        byte[] whole = new OggFiles(preSkip: 0).Page(960, 0, OggFiles.Packet(0)).Page(1920, 0, wide).Page(2880 - 100, OggPageWriter.Last,
            OggFiles.Packet(2)).ToArray();
        byte[] split = OggFiles.Split(whole, 3);
        OggSegmentReader reader = new(split);
        List<byte[]> packets = [];
        while (reader.TryRead(out ReadOnlySpan<byte> packet, out int samples))
        {
            Assert.Equal(960, samples);
            packets.Add(packet.ToArray());
        }
        Assert.Equal([OggFiles.Packet(0), wide, OggFiles.Packet(2)], packets);
        Assert.Equal(100, reader.EndTrim);
    }

    [Theory]
    [InlineData(4_800_000)] // joined late
    [InlineData(0)]
    public void End_trim_counts_from_where_the_pages_say(long first)
    {
        byte[] file = new OggFiles(preSkip: 0).Page(first + 960, 0, OggFiles.Packet(0))
            .Page(first + 960 + 500, OggPageWriter.Last, OggFiles.Packet(1), OggFiles.Packet(2)).ToArray();
        Assert.Equal(960 + 500, OggSegmentFile.Inspect(file, "a").SampleCount);
        byte[] beyond = new OggFiles(preSkip: 0).Page(960, 0, OggFiles.Packet(0)).Page(9_600, OggPageWriter.Last, OggFiles.Packet(1))
            .ToArray();
        Assert.Equal(1920, OggSegmentFile.Inspect(beyond, "a").SampleCount); // never more than there is
    }

    private byte[] WithLosses()
    {
        List<byte[]> packets = Speak(300, speech: true, expectedLoss: 20);
        writer.Open(FilePath, Header, continues: false);
        for (int i = 0; i < packets.Count; i++)
        {
            if (i % 17 is 5 or 6) writer.WriteLoss(Frame);
            else writer.Write(packets[i], Frame);
            if (i % 50 == 49) writer.WriteSilence(3_333);
            if (i % 90 == 89) writer.WriteLoss(720);
        }
        writer.WriteLoss(500);
        writer.Finish(Header);
        writer.Dispose();
        return File.ReadAllBytes(FilePath);
    }

    private static string Broken(byte[] file) =>
        Assert.Throws<InvalidDataException>(() => OggSegmentFile.Inspect(file, "a file")).Message;

    private static byte[] Continued(byte[] file, int at)
    {
        byte[] changed = [.. file];
        changed[at + 5] |= 1;
        OggFiles.SetChecksum(changed.AsSpan(at));
        return changed;
    }

    private static List<byte[]> Speak(int frames, bool speech = false, int expectedLoss = 0)
    {
        using OpusEncoder encoder = new(speech: speech, expectedLossPercent: expectedLoss);
        short[] voice = SpokenPcm.Mono(frames * Frame);
        return [.. Enumerable.Range(0, frames).Select(frame => encoder.Encode(voice.AsSpan(frame * Frame, Frame)).ToArray())];
    }
}
