using Pipeline.Bot.Spool;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Spool;

public sealed class RecordingFolderTests : IDisposable
{
    private readonly TempFolder spool = new();
    private readonly RecordingFolder folder;

    public RecordingFolderTests() => folder = new RecordingFolder(spool.Combine("recording"));

    public void Dispose() => spool.Dispose();

    [Fact]
    public void Lease_id_is_made_once_and_again_only_where_it_cannot_be_read()
    {
        string first = folder.LeaseId();
        Assert.Equal(first, new RecordingFolder(folder.Path).LeaseId());
        Assert.NotEqual(first, new RecordingFolder(spool.Combine("other")).LeaseId());
        Assert.NotEqual(Guid.Empty, Guid.ParseExact(first, "D"));

        File.WriteAllText(Path.Combine(folder.Path, "lease"), first[..20]);
        RecordingFolder later = new(folder.Path);
        string second = later.LeaseId();

        Assert.NotEqual(first, second);
        Assert.Equal(second, later.LeaseId());
        Assert.Equal(second, new RecordingFolder(folder.Path).LeaseId());
    }

    /// <summary>Else the bot would take its own recording for somebody else's.</summary>
    [Fact]
    public void Lease_id_stays_when_the_folder_is_deleted()
    {
        string id = folder.LeaseId();
        Directory.Delete(folder.Path, recursive: true);
        Assert.Equal(id, folder.LeaseId());
        Assert.Equal(id, new RecordingFolder(folder.Path).LeaseId());
    }

    [Fact]
    public void Lease_id_that_the_disk_refuses_holds_in_this_process_and_is_written_when_it_is_taken()
    {
        File.WriteAllText(folder.Path, "in the way");
        string id = folder.LeaseId();
        Assert.Equal(id, folder.LeaseId());
        File.Delete(folder.Path);
        Assert.Equal(id, folder.LeaseId());
        Assert.Equal(id, new RecordingFolder(folder.Path).LeaseId());
    }

    [Fact]
    public void Manifest_and_stop_are_read_back_and_a_torn_one_is_none()
    {
        Assert.Null(folder.LoadManifest());
        Assert.False(folder.IsStopped);
        folder.Save(Manifest(samples: 1));
        folder.Save(Manifest(samples: 2));
        folder.Save(Stopped);

        Assert.Equal(2, folder.LoadManifest()!.SampleCount);
        Assert.True(folder.IsStopped);
        Assert.Equal(Stopped, folder.LoadStopped());
        Assert.Equal(["session.json", "stopped.json"],
            Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        File.WriteAllText(Path.Combine(folder.Path, "session.json"), "{\"version\":1,");
        Assert.Null(folder.LoadManifest());
    }

    [Fact]
    public void Folder_goes_when_its_tracks_are_empty_and_stays_with_all_it_has_when_not()
    {
        Assert.True(folder.DeleteWhenEmpty());
        folder.Save(Manifest(samples: 1));
        string track = Directory.CreateDirectory(Path.Combine(folder.Path, "7")).FullName;
        string audio = Path.Combine(track, "000000.conflict.wav");
        File.WriteAllBytes(audio, [1]);

        Assert.False(folder.DeleteWhenEmpty());
        Assert.True(File.Exists(audio));
        Assert.NotNull(folder.LoadManifest());

        File.Delete(audio);
        Assert.True(folder.DeleteWhenEmpty());
        Assert.False(folder.Exists);
    }

    [Fact]
    public void Journal_reads_whole_lines_in_order_and_loses_only_one_that_was_cut_off()
    {
        SegmentJournal journal = new(folder.JournalPath);
        Assert.Empty(journal.Read());
        JournalEntry first = new(7, "Ada", 0, 0, 480, 1004, "aaaaaaaaaaaaaaaaaaaaaa==");
        JournalEntry second = first with { Index = 1, StartSample = 48_000 };
        JournalEntry taken = JournalEntry.ErasureOf(new SegmentKey(SpoolSession.Info.RecordingId, 7, 0));
        journal.Append(first);
        File.AppendAllText(folder.JournalPath, "{\"userId\":7,\"use");
        journal.Append(second);
        File.AppendAllText(folder.JournalPath, "\n\n");
        journal.Append(taken);

        Assert.Equal([first, second, taken], new SegmentJournal(folder.JournalPath).Read());
        Assert.Equal([false, false, true], journal.Read().Select(entry => entry.Erased));
        Assert.Equal((7UL, 0, 48_480L), (taken.UserId, taken.Index, second.EndSample));
        Assert.Equal(6, File.ReadAllText(folder.JournalPath).Count(letter => letter == '\n'));
    }

    [Fact]
    public void Journal_has_a_line_for_each_entry_and_mends_one_that_was_cut_off_at_its_first_letter()
    {
        SegmentJournal journal = new(folder.JournalPath);
        JournalEntry entry = new(7, "Ada", 0, 0, 480, 1004, "aaaaaaaaaaaaaaaaaaaaaa==");
        journal.Append(entry);
        journal.Append(entry with { Index = 1 });
        Assert.Equal(2, File.ReadAllLines(folder.JournalPath).Length);
        File.WriteAllText(folder.JournalPath, "{");
        journal.Append(entry);
        Assert.Equal([entry], journal.Read());
        Assert.Equal(new JournalEntry(7, "", 3, 0, 0, 0, "") { Erased = true },
            JournalEntry.ErasureOf(new SegmentKey(SpoolSession.Info.RecordingId, 7, 3)));
    }

    [Fact]
    public void Lines_that_the_disk_refuses_are_owed_and_of_more_than_4096_the_oldest_go()
    {
        SegmentJournal journal = new(folder.JournalPath);
        JournalEntry entry = new(7, "Ada", 0, 0, 480, 1004, "aaaaaaaaaaaaaaaaaaaaaa==");
        File.WriteAllText(folder.Path, "in the way");
        for (int index = 0; index < 4_097; index++) Assert.ThrowsAny<IOException>(() => journal.Append(entry with { Index = index }));
        journal.CatchUp(); // it refuses still
        File.Delete(folder.Path);
        journal.CatchUp();
        Assert.Equal(Enumerable.Range(1, 4_096), journal.Read().Select(line => line.Index));
    }

    [Fact]
    public void Journal_that_owes_a_line_catches_up_and_one_that_owes_none_makes_no_file()
    {
        SegmentJournal journal = new(folder.JournalPath);
        JournalEntry entry = new(7, "Ada", 0, 0, 480, 1004, "aaaaaaaaaaaaaaaaaaaaaa==");
        journal.CatchUp();
        Assert.False(folder.Exists);
        File.WriteAllText(folder.Path, "in the way");
        Assert.ThrowsAny<IOException>(() => journal.Append(entry));
        File.Delete(folder.Path);
        journal.CatchUp();
        Assert.Equal([entry], journal.Read());
    }

    private static RecordingStopped Stopped { get; } = new()
    {
        Session = SpoolSession.Info,
        EndedAt = DateTimeOffset.UnixEpoch.AddHours(1),
        EndReason = EndReason.Limit,
        SampleCount = 3600 * 48_000L,
    };

    private static SessionManifest Manifest(long samples) => BotRoom.Manifest(SpoolSession.Info) with { SampleCount = samples };
}
