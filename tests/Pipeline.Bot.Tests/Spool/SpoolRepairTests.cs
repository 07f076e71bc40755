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
        byte[] before = File.ReadAllBytes(closed.WavPath);
        string open = Path.Combine(user, "000000.open.wav");
        using (WavWriter writer = new(open, Mono, new byte[4096])) writer.Write(new short[5000]);

        SpoolContents contents = SpoolRepair.Repair(spool.Path);

        Assert.Equal(before, File.ReadAllBytes(closed.WavPath));
        Assert.Equal(1000, Assert.Single(contents.Segments).SampleCount);
        Assert.Equal([open], contents.Unreadable);
        Assert.True(File.Exists(open));
        Assert.Equal(1, contents.NextIndexes[7]);
    }

    [Fact]
    public void Salvaged_segment_says_exactly_what_lies_on_the_disk()
    {
        using SegmentWriter writer = Open(0);
        int samples = SegmentWriter.BufferSize * 3 / 4; // in two bytes each: the buffer went to the disk once and is half full again
        writer.Write(new short[samples]);
        Assert.InRange(writer.FlushedSampleCount, 1, samples - 1);

        ClosedSegment salvaged = writer.Salvage()!;

        (WavFormat format, long onDisk) = WavFile.Inspect(salvaged.WavPath);
        Assert.Equal((Mono, onDisk, new FileInfo(salvaged.WavPath).Length), (format, salvaged.SampleCount, salvaged.FileSize));
        Assert.InRange(onDisk, 1, samples - 1);
        Assert.Equal([salvaged], SpoolRepair.Repair(spool.Path).Segments);
    }

    [Fact]
    public void Salvage_without_anything_on_the_disk_leaves_no_file()
    {
        using SegmentWriter writer = Open(0);
        writer.Write(new short[1000]);
        Assert.Null(writer.Salvage());
        Assert.Empty(Directory.GetFiles(user));
    }

    private SegmentWriter Open(int index) => SegmentWriter.Open(user, new SegmentSidecar
    {
        Session = new SessionInfo
        {
            RecordingId = RecordingId.Parse("0198c0de-0000-7000-8000-000000000001"),
            GuildId = 1,
            GuildName = "Guild",
            ChannelId = 2,
            StartedBy = 3,
            StartedAt = DateTimeOffset.UnixEpoch,
        },
        UserId = 7,
        Username = "Ada",
        Index = index,
        StartSample = 48_000,
        Channels = 1,
    }, new byte[SegmentWriter.BufferSize]);

    private static ClosedSegment Close(SegmentWriter writer, int samples)
    {
        writer.Write(new short[samples]);
        return writer.Close("Ada");
    }
}
