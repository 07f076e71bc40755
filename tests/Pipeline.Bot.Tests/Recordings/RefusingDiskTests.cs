using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Replay;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

/// <summary>
/// A disk that refuses a recording's files, as it does where their folder loses its write right: neither the bot ends nor does anybody else
/// wait. (A folder where a file should be is refused to root too.)
/// </summary>
public sealed class RefusingDiskTests(AzuriteFixture azurite)
{
    private const ulong Ada = 501, Ben = 502;
    private const int Unsaved = 4112;
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly StorageEye eye = new(azurite.ConnectionString);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Account_reaches_the_storage_although_the_disk_takes_no_copy_of_it()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(), Cancel);
        RecordingFolder folder = room.Spool.Folder(host.Session.RecordingId);
        Assert.True(await host.TryStoreAsync(Minute, Cancel));
        Refuse(folder, "session.json");
        for (ulong user = 1; user <= 3; user++)
        {
            host.SetOptOut(user, optedOut: true);
            Assert.True(await host.TryStoreAsync(Minute, Cancel));
            Assert.Contains(user, (await eye.ManifestAsync(host.Session.RecordingId))!.OptedOut!);
        }
        Assert.Single(room.Log.Lines, line => line.EventId == Unsaved);
        Assert.DoesNotContain(room.Log.Lines, line => line.EventId == 4001); // the storage answered

        blob.Cut(); // the copy on the disk would be the only one
        host.SetOptOut(4, optedOut: true);
        await BotRoom.UntilAsync(() => room.Log.Lines.Any(line => line.EventId == 4001), "the outage is noticed");
        blob.Mend();
        Assert.True(await host.TryStoreAsync(Minute, Cancel));
        Assert.Null(room.Hosts.Failure);

        Allow(folder, "session.json");
        host.SetOptOut(5, optedOut: true);
        Assert.True(await host.TryStoreAsync(Minute, Cancel));
        Assert.Equal([1ul, 2, 3, 4, 5], folder.LoadManifest()!.OptedOut);
    }

    [Fact]
    public async Task Recording_that_the_disk_does_not_give_keeps_no_other_from_being_closed()
    {
        Assert.SkipUnless(File.Exists("/proc/self/mem"), "no file here that exists and cannot be read");
        using TempFolder spool = new();
        await eye.CreateAsync();
        SessionInfo broken = BotRoom.Session(RecordingId.New(TimeProvider.System)); // it comes first
        SessionInfo whole = BotRoom.Session(RecordingId.New(new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddHours(1))));
        SpoolWriter.Write(spool.Path, broken, Ada, 0);
        SpoolWriter.Write(spool.Path, whole, Ben, 0);
        RecordingFolder[] folders = [.. new[] { broken, whole }.Select(session =>
            new RecordingFolder(spool.Combine(session.RecordingId.ToString())))];
        File.CreateSymbolicLink(Path.Combine(folders[0].Path, "session.json"), "/proc/self/mem"); // reading it is an error of the device
        folders[1].Save(BotRoom.Manifest(whole));
        folders[1].Save(Stopped(whole));
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        await BotRoom.UntilAsync(async () => (await eye.StoppedAsync(whole.RecordingId)).Count == 1, "the other one is closed");
        Assert.Equal(0, await eye.CountSegmentsAsync(broken.RecordingId)); // it may belong to somebody who does not want it

        File.Delete(Path.Combine(folders[0].Path, "session.json"));
        folders[0].Save(BotRoom.Manifest(broken));
        await BotRoom.UntilAsync(async () =>
        {
            room.Uploader.Rescan();
            return await eye.CountSegmentsAsync(broken.RecordingId) == 1;
        }, "the disk gives it again");
    }

    [Fact]
    public async Task Stop_is_answered_by_a_disk_that_takes_nothing_and_no_restart_goes_on()
    {
        using TempFolder spool = new(), otherDisk = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), Cancel);
        RecordingId recording = host.Session.RecordingId;
        Assert.True(await host.TryStoreAsync(Minute, Cancel));
        RecordingFolder folder = room.Spool.Folder(recording);
        new TestVoice(host, clock, Ada, "Ada").Talk(2);
        Refuse(folder, "session.json");
        Refuse(folder, "stopped.json");
        Task stopping = host.StopAsync(EndReason.Stopped, Cancel);
        Assert.Equal(RecordingEnd.Stopped, await host.Ended.WaitAsync(Minute, Cancel));
        Assert.Empty(room.Hosts.Running);
        Assert.Equal(ManifestState.Stopped, (await eye.ManifestAsync(recording))!.State);
        Assert.DoesNotContain(await room.Unowned.FindAsync(Cancel), found => found.Session.RecordingId == recording);
        await using BotRoom other = await BotRoom.StartAsync(azurite.ConnectionString, otherDisk.Path);
        Assert.DoesNotContain(await other.Unowned.FindAsync(Cancel), found => found.Session.RecordingId == recording);

        await stopping.WaitAsync(Minute, Cancel); // all is sent although the disk has no word of the end
        Assert.Equal(EndReason.Stopped, Assert.Single(await eye.StoppedAsync(recording)).EndReason);
        TrackSummary track = Assert.Single((await eye.ManifestAsync(recording))!.Tracks);
        await ActiveRecordingTests.AssertChainAsync(eye, recording, track);
    }

    [Fact]
    public async Task End_is_written_down_when_the_disk_takes_it()
    {
        using TempFolder spool = new();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Cut();
        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(), Cancel);
        RecordingFolder folder = room.Spool.Folder(host.Session.RecordingId);
        Refuse(folder, "stopped.json");
        Task stopping = host.StopAsync(EndReason.Stopped, Cancel);
        await host.Ended.WaitAsync(Minute, Cancel);
        Assert.Empty(await room.Unowned.FindAsync(Cancel)); // nothing says that it is over but this process
        Assert.False(stopping.IsCompleted);
        Allow(folder, "stopped.json");
        await BotRoom.UntilAsync(() => folder.IsStopped, "the disk has the end");
    }

    [Fact]
    public async Task File_that_was_open_when_the_disk_refused_is_ended_after_the_stop_and_goes_where_its_speaker_wants_it()
    {
        using TempFolder spool = new(), beside = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));
        string[] files = [SpoolWriter.Write(beside.Path, session, Ada, 0), SpoolWriter.Write(beside.Path, session, Ben, 0)];
        foreach (string file in files) File.Move(file, Path.ChangeExtension(file, ".open.wav"));
        RecordingFolder folder = new(beside.Combine(session.RecordingId.ToString()));
        folder.Save(BotRoom.Manifest(session) with { OptedOut = [Ben] });
        folder.Save(Stopped(session));
        Directory.Move(folder.Path, room.Spool.Folder(session.RecordingId).Path);
        await room.Closer.WhenClosed(session.RecordingId).WaitAsync(Minute, Cancel);
        Assert.Equal(Ada, Assert.Single(await eye.SegmentsAsync(session.RecordingId)).UserId);
        Assert.Empty(Directory.GetFiles(spool.Path, "*.wav", SearchOption.AllDirectories));
        Assert.Equal(0, room.Spool.Refresh().Files);
    }

    [Fact]
    public void Line_of_the_journal_that_was_refused_is_written_with_the_next_try()
    {
        using TempFolder spool = new();
        LiveManifest manifest = Account(spool);
        manifest.Announce(Entry(0));
        WithoutJournal(manifest, () => Assert.ThrowsAny<SystemException>(() => manifest.Announce(Entry(1))));

        manifest.Announce(Entry(1));
        manifest.Uploaded(Key(manifest, 1));
        AssertRestartKnows(manifest, [new IndexRange(0, 1)], next: 2);
    }

    [Fact]
    public void Upload_goes_on_without_a_line_and_the_line_comes_when_that_has_made_room()
    {
        using TempFolder spool = new();
        LiveManifest manifest = Account(spool);
        WithoutJournal(manifest, () =>
        {
            Assert.ThrowsAny<SystemException>(() => manifest.Announce(Entry(0)));
            manifest.Announce(Entry(0));
            Assert.ThrowsAny<SystemException>(() => manifest.Announce(Entry(1)));
        });

        manifest.Uploaded(Key(manifest, 0));
        AssertRestartKnows(manifest, [new IndexRange(0, 1)], next: 2);
    }

    [Fact]
    public void Erasure_that_the_journal_did_not_take_is_written_with_the_next_try()
    {
        using TempFolder spool = new();
        LiveManifest manifest = Account(spool);
        manifest.Announce(Entry(0));
        manifest.Announce(Entry(1));
        WithoutJournal(manifest, () => Assert.ThrowsAny<SystemException>(() => manifest.Erasing(Key(manifest, 1))));

        manifest.Erasing(Key(manifest, 1));
        manifest.Erased(Key(manifest, 1));
        AssertRestartKnows(manifest, [new IndexRange(0, 0)], next: 2);
    }

    private static LiveManifest Account(TempFolder spool)
    {
        LiveManifest manifest = LiveManifest.Start(new RecordingFolder(spool.Path),
            BotRoom.Manifest(BotRoom.Session(RecordingId.New(TimeProvider.System))));
        manifest.SaveLocally(manifest.Compose(Noon));
        return manifest;
    }

    private static JournalEntry Entry(int index) =>
        new(Ada, "Ada", index, index * 480_000L, 480_000, 1000, Convert.ToBase64String(new byte[16]));

    private static SegmentKey Key(LiveManifest manifest, int index) => new(manifest.Session.RecordingId, Ada, index);

    private static void WithoutJournal(LiveManifest manifest, Action meanwhile)
    {
        string path = manifest.Folder.JournalPath, beside = path + ".beside";
        if (File.Exists(path)) File.Move(path, beside);
        Directory.CreateDirectory(path);
        meanwhile();
        Directory.Delete(path);
        if (File.Exists(beside)) File.Move(beside, path);
    }

    private static void AssertRestartKnows(LiveManifest manifest, IReadOnlyList<IndexRange> segments, int next)
    {
        LiveManifest again = LiveManifest.Load(manifest.Folder)!;
        Assert.Equal(segments, Assert.Single(again.Compose(Noon).Tracks).Segments);
        Assert.Equal(next, again.FirstIndexes(new Dictionary<ulong, int>(), beyondReserved: false)[Ada]);
    }

    private static void Refuse(RecordingFolder folder, string file) => Directory.CreateDirectory(Path.Combine(folder.Path, file + ".next"));

    private static void Allow(RecordingFolder folder, string file) => Directory.Delete(Path.Combine(folder.Path, file + ".next"));

    private static RecordingStopped Stopped(SessionInfo session) => new()
    {
        Session = session,
        EndedAt = session.StartedAt + TimeSpan.FromSeconds(1),
        EndReason = EndReason.Stopped,
        SampleCount = 48_000,
    };
}
