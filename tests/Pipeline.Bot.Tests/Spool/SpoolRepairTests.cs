using Pipeline.Audio.Ogg;
using Pipeline.Audio.Wav;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Spool;

public sealed class SpoolRepairTests : IDisposable
{
    private static readonly WavFormat Mono = new(1, 48_000);
    private readonly TempFolder spool = new();
    private readonly string user;

    public SpoolRepairTests() => user = Directory.CreateDirectory(spool.Combine("7")).FullName;

    public void Dispose() => spool.Dispose();

    [Fact]
    public void Closed_file_is_never_written_over_by_an_open_one_of_its_index()
    {
        ClosedSegment closed = Close(Open(0), samples: 1000);
        byte[] before = File.ReadAllBytes(closed.AudioPath);
        string open = Path.Combine(user, "000000.open.wav");
        using (WavWriter writer = new(open, Mono, new byte[4096])) writer.Write(new short[5000]);

        SpoolContents contents = SpoolRepair.Repair(spool.Path);

        Assert.Equal(before, File.ReadAllBytes(closed.AudioPath));
        Assert.Equal(1000, Assert.Single(contents.Segments).SampleCount);
        Assert.Equal([open], contents.Unreadable);
        Assert.True(File.Exists(open));
        Assert.Equal(1, contents.NextIndexes[7]);
    }

    [Fact]
    public void Salvaged_segment_says_exactly_what_lies_on_the_disk()
    {
        using SegmentWriter writer = Open(0);
        int samples = WavAudio.BufferSize * 3 / 4; // in two bytes each: the buffer went to the disk once and is half full again
        writer.Write(FrameAudio.OfPcm(new short[samples], samples));
        Assert.InRange(writer.FlushedSampleCount, 1, samples - 1);

        ClosedSegment salvaged = writer.Salvage()!;

        (WavFormat format, long onDisk) = WavFile.Inspect(salvaged.AudioPath);
        Assert.Equal((Mono, onDisk, new FileInfo(salvaged.AudioPath).Length), (format, salvaged.SampleCount, salvaged.FileSize));
        Assert.InRange(onDisk, 1, samples - 1);
        Assert.Equal([salvaged], SpoolRepair.Repair(spool.Path).Segments);
    }

    [Fact]
    public void Salvage_without_anything_on_the_disk_leaves_no_file()
    {
        using SegmentWriter writer = Open(0);
        writer.Write(FrameAudio.OfPcm(new short[1000], 1000));
        Assert.Null(writer.Salvage());
        Assert.Empty(Directory.GetFiles(user));
    }

    [Fact]
    public void Salvaged_Opus_segment_says_exactly_what_lies_on_the_disk()
    {
        using SegmentWriter writer = Open(0, new OpusAudio());
        for (int i = 0; i < 25; i++) writer.Write(FrameAudio.OfPacket([0x08, 1, 2, 3, 4, (byte)i], 960));
        Assert.Equal(20 * 960, writer.FlushedSampleCount); // two pages of 200 ms

        ClosedSegment salvaged = writer.Salvage()!;

        OggSegmentInfo onDisk = OggSegmentFile.Inspect(salvaged.AudioPath);
        Assert.Equal((20L * 960, 20L * 960, new FileInfo(salvaged.AudioPath).Length), (onDisk.SampleCount, salvaged.SampleCount,
            salvaged.FileSize));
        Assert.Equal([salvaged], SpoolRepair.Repair(spool.Path).Segments);
    }

    [Fact]
    public void Formats_lie_beside_each_other_in_the_order_of_their_indexes()
    {
        for (int index = 8; index < 12; index++)
        {
            using SegmentWriter writer = Open(index, index % 2 == 0 ? new OpusAudio() : new WavAudio());
            writer.Write(index % 2 == 0 ? FrameAudio.OfPacket([0x08, 1, 2, 3], 960) : FrameAudio.OfPcm(new short[960], 960));
            writer.Close("Ada");
        }
        SpoolContents contents = SpoolRepair.Repair(spool.Path);
        Assert.Equal([8, 9, 10, 11], contents.Segments.Select(segment => segment.Key.Index));
        Assert.Equal([".opus", ".wav", ".opus", ".wav"], contents.Segments.Select(segment => Path.GetExtension(segment.AudioPath)));
        Assert.All(contents.Segments, segment => Assert.Equal(960, segment.SampleCount));
        Assert.Equal(12, contents.NextIndexes[7]);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void Open_file_without_a_sample_goes_and_its_index_stays_taken(int samples, bool stays)
    {
        File.WriteAllBytes(Path.Combine(user, "000004.open.wav"), new byte[WavFormat.HeaderSize + (4 * samples)]);

        SpoolContents contents = SpoolRepair.Repair(spool.Path);

        Assert.Equal(5, contents.NextIndexes[7]);
        Assert.Equal(stays ? ["000004.wav"] : [], Directory.GetFiles(user).Select(file => Path.GetFileName(file)));
    }

    [Fact]
    public void Index_of_a_closed_file_without_its_sidecar_stays_taken()
    {
        ClosedSegment closed = Close(Open(4), samples: 1000);
        File.Delete(closed.SidecarPath);

        SpoolContents contents = SpoolRepair.Repair(spool.Path);

        Assert.Equal(5, contents.NextIndexes[7]);
        Assert.Equal([closed.AudioPath], contents.Unreadable);
    }

    [Fact]
    public void Only_what_is_named_by_the_rules_is_touched()
    {
        Close(Open(3), samples: 1000);
        foreach (string name in (string[])["readme.wav", "readme.open.wav", "readme.json", "notes.txt"])
            File.WriteAllBytes(Path.Combine(user, name), new byte[100]);
        Directory.CreateDirectory(spool.Combine("-7"));
        File.WriteAllBytes(spool.Combine("-7", "000000.wav"), new byte[100]);

        SpoolContents contents = SpoolRepair.Repair(spool.Path);

        Assert.Equal(3, Assert.Single(contents.Segments).Key.Index);
        Assert.Empty(contents.Unreadable);
        Assert.Equal([new KeyValuePair<ulong, int>(7, 4)], contents.NextIndexes);
        foreach (string name in (string[])["readme.wav", "readme.open.wav", "readme.json", "notes.txt"])
            Assert.Equal(new byte[100], File.ReadAllBytes(Path.Combine(user, name)));
    }

    [Fact]
    public void Half_written_and_lonely_sidecars_go_and_their_indexes_stay_taken()
    {
        Close(Open(0), samples: 1000);
        SpoolFiles.WriteSidecar(Path.Combine(user, "000005.json"), SpoolSession.Sidecar(5));
        File.WriteAllText(Path.Combine(user, "000006.json.tmp"), "{");

        SpoolContents contents = SpoolRepair.Repair(spool.Path);

        Assert.Equal(["000000.json", "000000.wav"], Directory.GetFiles(user).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(6, contents.NextIndexes[7]);
    }

    [Theory]
    [InlineData("000000.wav", true)]
    [InlineData("000000.opus", true)]
    [InlineData("000000.conflict.wav", true)]
    [InlineData("000000.conflict.opus", true)]
    [InlineData("000000.txt", false)]
    [InlineData("000001.conflict.wav", false)]
    public void Sidecar_goes_when_it_describes_no_audio(string beside, bool stays)
    {
        string sidecar = Path.Combine(user, "000000.json");
        SpoolFiles.WriteSidecar(sidecar, SpoolSession.Sidecar());
        File.WriteAllBytes(Path.Combine(user, beside), new byte[100]);

        SpoolRepair.Repair(spool.Path);

        Assert.Equal(stays, File.Exists(sidecar));
        Assert.True(File.Exists(Path.Combine(user, beside)));
    }

    [Theory]
    [InlineData(8UL, 0)]
    [InlineData(7UL, 1)]
    public void Sidecar_of_another_segment_does_not_name_this_one(ulong userId, int index)
    {
        ClosedSegment closed = Close(Open(0), samples: 1000);
        SpoolFiles.WriteSidecar(closed.SidecarPath, SpoolSession.Sidecar(index) with { UserId = userId });

        SpoolContents contents = SpoolRepair.Repair(spool.Path);

        Assert.Empty(contents.Segments);
        Assert.Equal([closed.AudioPath], contents.Unreadable);
    }

    [Theory]
    [InlineData(null, 2)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public void Open_file_whose_header_was_lost_is_read_as_its_sidecar_says(int? channels, int expected)
    {
        string open = Path.Combine(user, "000000.open.wav");
        File.WriteAllBytes(open, new byte[WavFormat.HeaderSize + (4 * 250)]);
        if (channels is { } known) SpoolFiles.WriteSidecar(Path.Combine(user, "000000.json"), SpoolSession.Sidecar(channels: known));

        SpoolContents contents = SpoolRepair.Repair(spool.Path);

        string closed = Path.Combine(user, "000000.wav");
        Assert.Equal((new WavFormat(expected, 48_000), 500L / expected), WavFile.Inspect(closed));
        Assert.Equal(channels is null ? [closed] : [], contents.Unreadable);
    }

    [Fact]
    public void Segments_are_listed_by_speaker_and_index_and_a_missing_folder_is_empty()
    {
        foreach (ulong speaker in (ulong[])[100, 20])
        {
            string folder = Directory.CreateDirectory(spool.Combine($"{speaker}")).FullName;
            foreach (int index in (int[])[1_000_000, 999_999])
            {
                SegmentSidecar sidecar = SpoolSession.Sidecar(index) with { UserId = speaker };
                using SegmentWriter writer = SegmentWriter.Open(folder, sidecar, new WavAudio(), continues: false);
                Close(writer, samples: 10);
            }
        }

        SpoolContents contents = SpoolRepair.Repair(spool.Path);

        Assert.Equal([(20UL, 999_999), (20UL, 1_000_000), (100UL, 999_999), (100UL, 1_000_000)],
            contents.Segments.Select(segment => (segment.Key.UserId, segment.Key.Index)));
        Assert.Empty(SpoolRepair.Repair(spool.Combine("absent")).Segments);
    }

    private SegmentWriter Open(int index, ISegmentAudio? audio = null) =>
        SegmentWriter.Open(user, SpoolSession.Sidecar(index), audio ?? new WavAudio(), continues: false);

    private static ClosedSegment Close(SegmentWriter writer, int samples)
    {
        writer.Write(FrameAudio.OfPcm(new short[samples], samples));
        return writer.Close("Ada");
    }
}
