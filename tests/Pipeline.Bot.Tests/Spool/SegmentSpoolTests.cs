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
        Assert.Equal([Path.Combine(root, "bot.lock")], OpenHandles.Below(root)); // and not the one that was deleted
    }

    [Fact]
    public async Task Folder_that_several_find_gone_at_once_is_made_again_once()
    {
        using TempFolder folder = new();
        string root = folder.Combine("spool");
        using SegmentSpool spool = new(new SpoolOptions { Folder = root });
        for (int round = 1; round <= 40; round++)
        {
            Directory.Delete(root, recursive: true);
            using Barrier together = new(4);
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(() =>
            {
                together.SignalAndWait();
                spool.Refresh();
            }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            Assert.Equal(round, spool.TimesLost);
        }
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
        if (!OperatingSystem.IsWindows()) Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(root));
        Assert.True(seen.FreeBytes > 0);
        Assert.Empty(spool.Closed());
    }

    [Fact]
    public void What_an_earlier_process_left_is_counted_repaired_and_listed_oldest_first()
    {
        using TempFolder folder = new();
        SessionInfo older = BotRoom.Session(RecordingId.Parse("0198c0de-0000-7000-8000-000000000001"));
        SessionInfo newer = BotRoom.Session(RecordingId.Parse("0198c0de-0000-7000-8000-000000000002"));
        string[] wavs = [SpoolWriter.Write(folder.Path, newer, Ada, 0), SpoolWriter.Write(folder.Path, older, Ada, 0)];
        string open = SpoolWriter.Write(folder.Path, older, Ada, 1);
        File.Move(open, Path.ChangeExtension(open, ".open.wav"));
        string stray = Path.ChangeExtension(SpoolWriter.Write(folder.Path, older, Ada + 1, 4), ".json");
        File.Delete(Path.ChangeExtension(stray, ".wav"));
        Directory.CreateDirectory(folder.Combine("lost+found"));

        using SegmentSpool spool = new(new SpoolOptions { Folder = folder.Path, MinimumFreeBytes = 0 });

        Assert.Equal([older.RecordingId, newer.RecordingId], spool.Recordings());
        Assert.Equal([wavs[1], open, wavs[0]], spool.Closed().Select(segment => segment.AudioPath));
        Assert.Equal((3L, 3 * 96_044L), (spool.Snapshot.Files, spool.Snapshot.Bytes));
        Assert.False(File.Exists(stray));
        Assert.True(spool.IsPrivate);
    }

    [Fact]
    public void Recordings_are_in_the_order_of_their_time()
    {
        using TempFolder folder = new();
        RecordingId[] ids = [.. Enumerable.Range(0, 12)
            .Select(at => RecordingId.Parse($"0198c0de-00{at:x2}-7000-8000-0000000000{12 - at:x2}"))];
        foreach (int at in (int[])[5, 2, 11, 0, 7, 9, 1, 10, 3, 8, 6, 4]) Directory.CreateDirectory(folder.Combine($"{ids[at]}"));
        using SegmentSpool spool = new(new SpoolOptions { Folder = folder.Path });
        Assert.Equal(ids, spool.Recordings());
    }

    [Fact]
    public void Files_that_are_no_segments_are_not_listed_and_the_order_is_that_of_numbers()
    {
        using TempFolder folder = new();
        using SegmentSpool spool = new(new SpoolOptions { Folder = folder.Path });
        foreach (int index in (int[])[1_000_000, 0, 999_999]) SpoolWriter.Write(folder.Path, session, Ada, index, samples: 10);
        string track = Path.Combine(spool.Folder(session.RecordingId).Path, $"{Ada}");
        foreach (string name in (string[])["000007.txt", "000008.conflict.wav", "000009.open.wav", "-00001.wav", "cover.opus"])
            File.WriteAllBytes(Path.Combine(track, name), [1]);
        Directory.CreateDirectory(Path.Combine(spool.Folder(session.RecordingId).Path, "not a user"));

        SpooledSegment[] closed = [.. spool.Closed(session.RecordingId)];

        Assert.Equal([0, 999_999, 1_000_000], closed.Select(segment => segment.Key.Index));
        Assert.Equal(new SegmentKey(session.RecordingId, Ada, 0), closed[0].Key);
        Assert.Equal((64L, new FileInfo(closed[0].AudioPath).LastWriteTimeUtc), (closed[0].FileSize, closed[0].ClosedAt.UtcDateTime));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Removed_segment_leaves_no_file_and_kept_audio_lies_elsewhere(bool keep)
    {
        using TempFolder folder = new();
        string wav = SpoolWriter.Write(folder.Path, session, Ada, 0);
        using SegmentSpool spool = new(new SpoolOptions { Folder = folder.Path });
        SpooledSegment segment = spool.Closed().Single();
        byte[] audio = File.ReadAllBytes(wav), sidecar = File.ReadAllBytes(segment.SidecarPath);

        spool.Remove(segment, keep);
        spool.Remove(Again(), keep);

        SpoolSnapshot left = spool.Refresh();
        Assert.Equal((0L, 0L), (left.Files, left.Bytes));
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(wav)!));
        string kept = folder.Combine("kept", $"{session.RecordingId}", $"{Ada}");
        Assert.Equal(keep, Directory.Exists(kept));
        if (!keep) return;
        Assert.Equal(audio, File.ReadAllBytes(Path.Combine(kept, "000000.wav")));
        Assert.Equal(sidecar, File.ReadAllBytes(Path.Combine(kept, "000000.json")));

        SpooledSegment Again()
        {
            SpoolWriter.Write(folder.Path, session, Ada, 0);
            SpooledSegment next = spool.Closed().Single();
            spool.Added(next.FileSize);
            return next;
        }
    }

    [Fact]
    public void Erased_segment_is_gone_with_its_sidecar_and_counted_once()
    {
        using TempFolder folder = new();
        SpoolWriter.Write(folder.Path, session, Ada, 0);
        SpoolWriter.Write(folder.Path, session, Ada, 1);
        using SegmentSpool spool = new(new SpoolOptions { Folder = folder.Path });
        SpooledSegment first = spool.Closed().First();

        spool.Erase(first);
        spool.Erase(first);

        SpoolSnapshot left = spool.Refresh();
        Assert.Equal((1L, 96_044L), (left.Files, left.Bytes));
        Assert.False(File.Exists(first.AudioPath));
        Assert.False(File.Exists(first.SidecarPath));
    }

    [Fact]
    public void What_was_never_ended_is_ended_and_counted_where_it_holds_audio()
    {
        using TempFolder folder = new();
        using SegmentSpool spool = new(new SpoolOptions { Folder = folder.Path });
        spool.Added(new FileInfo(SpoolWriter.Write(folder.Path, session, Ada, 0)).Length);
        Assert.False(spool.EndOpen(session.RecordingId));
        Assert.Equal((1L, 96_044L), (spool.Refresh().Files, spool.Refresh().Bytes));
        spool.Erase(spool.Closed().Single());

        LeaveOpen(1, samples: 0);
        Assert.False(spool.EndOpen(session.RecordingId));
        LeaveOpen(2, samples: 48_000);
        Assert.True(spool.EndOpen(session.RecordingId));
        Assert.Equal((1L, 96_044L), (spool.Refresh().Files, spool.Refresh().Bytes));
        Assert.Equal(2, spool.Closed().Single().Key.Index);

        void LeaveOpen(int index, int samples)
        {
            string wav = SpoolWriter.Write(folder.Path, session, Ada, index, samples: samples);
            File.Move(wav, Path.ChangeExtension(wav, ".open.wav"));
        }
    }

    [Fact]
    public void Audio_set_aside_outlives_its_recording_each_time()
    {
        using TempFolder folder = new();
        using SegmentSpool spool = new(new SpoolOptions { Folder = folder.Path });
        List<byte[]> audio = [];
        for (int round = 0; round < 3; round++)
        {
            string wav = SpoolWriter.Write(folder.Path, session, Ada, round);
            audio.Add(File.ReadAllBytes(wav));
            spool.Added(new FileInfo(wav).Length);
            SpooledSegment segment = spool.Closed().Single();
            spool.SetAside(segment);
            spool.SetAside(segment);
            Assert.Empty(spool.Closed());
            Assert.Equal((0L, 0L), (spool.Refresh().Files, spool.Refresh().Bytes));
            spool.RemoveFolder(session.RecordingId);
            Assert.False(spool.Folder(session.RecordingId).Exists);
        }
        string[] folders = [$"{session.RecordingId}", $"{session.RecordingId}-2", $"{session.RecordingId}-3"];
        for (int round = 0; round < 3; round++)
            Assert.Equal(audio[round], File.ReadAllBytes(folder.Combine("aside", folders[round], $"{Ada}", $"00000{round}.conflict.wav")));
        spool.RemoveFolder(session.RecordingId); // is gone already
    }

    [Fact]
    public void Segment_under_another_index_is_the_same_audio_with_a_sidecar_that_says_so()
    {
        using TempFolder folder = new();
        byte[] audio = File.ReadAllBytes(SpoolWriter.Write(folder.Path, session, Ada, 3));
        using SegmentSpool spool = new(new SpoolOptions { Folder = folder.Path });
        SegmentSidecar before = SpoolFiles.ReadSidecar(spool.Closed().Single().SidecarPath)!;

        SegmentSpool.Renumber(spool.Closed().Single(), 12);

        SpooledSegment after = spool.Closed().Single();
        Assert.Equal(12, after.Key.Index);
        Assert.Equal(audio, File.ReadAllBytes(after.AudioPath));
        Assert.Equal(before with { Index = 12 }, SpoolFiles.ReadSidecar(after.SidecarPath));
        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(after.AudioPath)!).Length);
    }

    [Theory]
    [InlineData(799, SpoolLevel.Ok)]
    [InlineData(800, SpoolLevel.High)]
    [InlineData(999, SpoolLevel.High)]
    [InlineData(1000, SpoolLevel.Full)]
    [InlineData(950, SpoolLevel.Full, true)]
    [InlineData(949, SpoolLevel.High, true)]
    [InlineData(799, SpoolLevel.Ok, true)]
    public void Level_changes_exactly_where_it_says(long bytes, object expected, bool wasFull = false)
    {
        using TempFolder folder = new();
        using SegmentSpool spool = new(new SpoolOptions { Folder = folder.Path, LimitBytes = 1000, MinimumFreeBytes = 0 });
        if (wasFull)
        {
            spool.Added(1000);
            Assert.Equal(SpoolLevel.Full, spool.Refresh().Level);
            spool.Added(-1000);
        }
        spool.Added(bytes);
        Assert.Equal((SpoolLevel)expected, spool.Refresh().Level);
    }

    [Theory]
    [InlineData(501, SpoolLevel.Ok)]
    [InlineData(500, SpoolLevel.Full)]
    [InlineData(525, SpoolLevel.Full, true)]
    [InlineData(526, SpoolLevel.Ok, true)]
    public void Disk_that_is_down_to_its_minimum_is_full_until_a_twentieth_more_is_free(long free, object expected, bool wasFull = false)
    {
        SpoolOptions options = new() { Folder = "", LimitBytes = 1000, MinimumFreeBytes = 500 };
        Assert.Equal((SpoolLevel)expected, options.LevelAt(waiting: 0, free, wasFull));
        Assert.Equal(SpoolLevel.Full, (options with { MinimumFreeBytes = 0 }).LevelAt(waiting: 0, free: 0, wasFull));
    }

    [Fact]
    public void Spool_may_take_four_gibibytes_and_leaves_half_a_gibibyte_free_where_nobody_says_otherwise()
    {
        SpoolOptions options = new() { Folder = "" };
        Assert.Equal((4_294_967_296, 536_870_912), (options.LimitBytes, options.MinimumFreeBytes));
    }

    [Theory]
    [InlineData("000017.wav", 17)]
    [InlineData("1000000.wav", 1_000_000)]
    [InlineData("000017.opus", null)]
    [InlineData("-00017.wav", null)]
    [InlineData(".wav", null)]
    public void Index_is_read_from_names_of_the_rule_alone(string name, int? expected)
    {
        bool isRead = SpoolFiles.TryParseIndex("/spool/7/" + name, ".wav", out int index);
        Assert.Equal((expected is not null, expected ?? 0), (isRead, index));
    }

    [Fact]
    public void Folder_that_cannot_be_made_again_has_no_room()
    {
        using TempFolder folder = new();
        string root = folder.Combine("spool");
        using SegmentSpool spool = new(new SpoolOptions { Folder = root, MinimumFreeBytes = 1 });
        Directory.Delete(root, recursive: true);
        File.WriteAllText(root, "in the way");

        SpoolSnapshot seen = spool.Refresh();

        Assert.Equal((0L, SpoolLevel.Full, 0), (seen.FreeBytes, seen.Level, spool.TimesLost));
        IOException refused = Assert.Throws<IOException>(() => new SegmentSpool(new SpoolOptions { Folder = root }));
        Assert.Contains(root, refused.Message, StringComparison.Ordinal);
        Assert.Contains("RECORDING_SPOOL_FOLDER", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_only_its_owner_can_enter_is_left_alone_and_what_cannot_be_changed_is_told()
    {
        // Nobody can change these rights, so that each try would fail.
        if (OperatingSystem.IsWindows() || !Directory.Exists("/proc/self/fd")) return;
        Assert.True(SpoolAccess.Tighten("/proc/self/fd"));
        Assert.False(SpoolAccess.Tighten("/proc/self/attr"));
    }

    [Fact]
    public void Rights_of_others_are_taken_from_all_that_lies_in_the_folder()
    {
        if (OperatingSystem.IsWindows()) return; // no such rights there
        using TempFolder folder = new();
        string wav = SpoolWriter.Write(folder.Path, session, Ada, 0);
        string outside = folder.Combine("..", Path.GetFileName(folder.Path) + ".outside");
        File.WriteAllText(outside, "not ours");
        try
        {
            UnixFileMode open = (UnixFileMode)0b110_110_110;
            File.SetUnixFileMode(wav, open);
            File.SetUnixFileMode(outside, open);
            File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_101_101);
            File.SetUnixFileMode(Path.ChangeExtension(wav, ".json"), UnixFileMode.UserRead);
            File.CreateSymbolicLink(folder.Combine("link"), outside);

            using SegmentSpool spool = new(new SpoolOptions { Folder = folder.Path });

            Assert.True(spool.IsPrivate);
            Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(wav));
            Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(folder.Path));
            Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(Path.ChangeExtension(wav, ".json")));
            Assert.Equal(open, File.GetUnixFileMode(outside));
        }
        finally
        {
            File.Delete(outside);
        }
    }
}
