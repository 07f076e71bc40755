using Pipeline.Bot.Spool;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Spool;

public sealed class SegmentSpoolTests
{
    private const ulong Ada = 501;

    private readonly SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));

    [Fact]
    public void Deleted_folder_is_noticed_though_a_writer_made_it_again_first()
    {
        using TempFolder folder = new();
        string root = folder.Combine("spool");
        using SegmentSpool spool = new(new SpoolOptions { Folder = root });
        spool.Added(1_000_000);

        Directory.Delete(root, recursive: true);
        string next = SpoolWriter.Write(root, session, Ada, 1);
        SpoolSnapshot seen = spool.Refresh();

        Assert.Equal(1, spool.TimesLost);
        Assert.Equal((new FileInfo(next).Length, 1), (seen.Bytes, seen.Files));
        Assert.Throws<SpoolInUseException>(() => new SegmentSpool(new SpoolOptions { Folder = root }));
        spool.Refresh();
        Assert.Equal(1, spool.TimesLost);
    }

    [Fact]
    public void Deleted_folder_is_made_again_by_the_next_look()
    {
        using TempFolder folder = new();
        string root = folder.Combine("spool");
        using SegmentSpool spool = new(new SpoolOptions { Folder = root });
        SpoolWriter.Write(root, session, Ada, 0);

        Directory.Delete(root, recursive: true);
        SpoolSnapshot seen = spool.Refresh();

        Assert.Equal((1, 0L, 0L), (spool.TimesLost, seen.Bytes, seen.Files));
        Assert.True(seen.FreeBytes > 0);
        Assert.Empty(spool.Closed());
    }
}
