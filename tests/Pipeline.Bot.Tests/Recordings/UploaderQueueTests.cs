using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

/// <summary>The folder is the queue: what holds it up, what is tried again and when, and what is told of it.</summary>
public sealed class UploaderQueueTests(AzuriteFixture azurite)
{
    private const ulong Ada = 501, Ben = 502;
    private const int SetAside = 4004, UploadFailed = 4006;

    private readonly SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));
    private readonly SessionInfo later =
        BotRoom.Session(RecordingId.New(new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddHours(1))));
    private readonly StorageEye eye = new(azurite.ConnectionString);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A sidecar that the disk does not give: ten seconds later it may. The segments behind it do not wait for that.</summary>
    [Fact]
    public async Task Segment_that_the_disk_does_not_give_is_left_alone_for_a_while_and_then_uploaded()
    {
        using Parts parts = new(azurite.ConnectionString);
        string sidecar = Path.ChangeExtension(SpoolWriter.Write(parts.Spool.Root, session, Ada, 0), ".json");
        File.Move(sidecar, sidecar + ".away");
        Directory.CreateDirectory(sidecar); // what reads it is told that it may not
        SpoolWriter.Write(parts.Spool.Root, later, Ben, 0);
        await parts.Uploader.StartAsync(Cancel);
        await UploadedAsync(parts, 1);
        Assert.Single(parts.Log.Lines, line => line.EventId == UploadFailed);

        parts.Time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        await ScanAsync(parts, 1);
        Assert.Single(parts.Log.Lines, line => line.EventId == UploadFailed);
        parts.Time.Advance(TimeSpan.FromTicks(1));
        await ScanAsync(parts, 2);
        Assert.Equal(2, parts.Log.Lines.Count(line => line.EventId == UploadFailed));

        Directory.Delete(sidecar);
        File.Move(sidecar + ".away", sidecar);
        parts.Time.Advance(TimeSpan.FromSeconds(10));
        await ScanAsync(parts, 3);
        await BotRoom.UntilAsync(async () => (await eye.SegmentsAsync(session.RecordingId)).Any(message => message.UserId == Ada),
            "the disk gives it again");
        await parts.Uploader.StopAsync(Cancel);
    }

    [Fact]
    public async Task Segment_that_cannot_even_be_set_aside_is_left_alone_and_holds_nothing_up()
    {
        using Parts parts = new(azurite.ConnectionString);
        string file = SpoolWriter.Write(parts.Spool.Root, session, Ada, 0);
        File.WriteAllText(file, "no audio");
        Directory.CreateDirectory(Path.Combine(Path.ChangeExtension(file, ".conflict.wav"), "in the way"));
        SpoolWriter.Write(parts.Spool.Root, later, Ben, 0);
        await parts.Uploader.StartAsync(Cancel);
        await UploadedAsync(parts, 1);
        Assert.Single(parts.Log.Lines, line => line.EventId == UploadFailed);
        Assert.True(File.Exists(file));
        await ScanAsync(parts, 1);
        Assert.Single(parts.Log.Lines, line => line.EventId == UploadFailed); // its time has not come
        await parts.Uploader.StopAsync(Cancel);
    }

    [Fact]
    public async Task Every_segment_that_leaves_is_told_and_one_that_is_erased_too()
    {
        using Parts parts = new(azurite.ConnectionString);
        for (int index = 0; index < 6; index++) SpoolWriter.Write(parts.Spool.Root, session, Ada, index);
        await parts.Uploader.StartAsync(Cancel);
        await BotRoom.UntilAsync(() => parts.Left.Count == 6, "each is told, though only four are under way at once");
        Assert.All(parts.Left, recording => Assert.Equal(session.RecordingId, recording));

        LiveManifest manifest = parts.Manifests.Add(LiveManifest.Start(parts.Spool.Folder(session.RecordingId),
            First() with { SampleCount = 48_000 }));
        SpoolWriter.Write(parts.Spool.Root, session, Ben, 0);
        manifest.Refuse(Ben, below: 1);
        manifest.Closed(new SegmentKey(session.RecordingId, Ben, 0), 0);
        parts.Uploader.Erase(session.RecordingId, Ben);
        await BotRoom.UntilAsync(() => parts.Left.Count == 7, "the erased one is told");
        Assert.Empty(HeldFiles.Of(parts.Spool.Root, Ben));
        Assert.Equal(48_000, manifest.Safe().Sample);
        await parts.Uploader.StopAsync(Cancel);
    }

    /// <summary>Ada opts out just while her segment is read: what is there of it by then is no reason to end the bot.</summary>
    [Fact]
    public async Task Segment_that_is_refused_while_it_is_read_holds_nothing_up()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "no named pipes here");
        using Parts parts = new(azurite.ConnectionString, parallelism: 1);
        LiveManifest manifest = parts.Manifests.Add(LiveManifest.Start(parts.Spool.Folder(session.RecordingId), First()));
        string sidecar = Path.ChangeExtension(SpoolWriter.Write(parts.Spool.Root, session, Ada, 0), ".json");
        File.Delete(sidecar);
        await using (ChildProcess mkfifo = ChildProcess.Start("mkfifo", [sidecar]))
            Assert.Equal(0, await mkfifo.WaitForExitAsync(TimeSpan.FromSeconds(60)));
        SpoolWriter.Write(parts.Spool.Root, later, Ben, 0);
        await parts.Uploader.StartAsync(Cancel);
        // Opening it waits for who reads it.
        await using (Stream pipe = await Task.Run(() => new FileStream(sidecar, FileMode.Open, FileAccess.Write, FileShare.ReadWrite),
            Cancel).WaitAsync(TimeSpan.FromSeconds(60), Cancel))
        {
            manifest.Refuse(Ada, below: 1);
            await pipe.WriteAsync("{ no json"u8.ToArray(), Cancel);
        }

        await UploadedAsync(parts, 1);
        Assert.Equal(Ben, Assert.Single(await eye.SegmentsAsync(later.RecordingId)).UserId);
        Assert.False(parts.Uploader.ExecuteTask!.IsCompleted);
        await ScanAsync(parts, 1);
        Assert.Empty(HeldFiles.Of(parts.Spool.Root, Ada));
        Assert.DoesNotContain(parts.Log.Lines, line => line.EventId is UploadFailed or SetAside);
        await parts.Uploader.StopAsync(Cancel);
    }

    /// <summary>Nobody knows yet who does not want to be recorded: nothing leaves, and a drain does not wait for it.</summary>
    [Fact]
    public async Task Recording_that_awaits_its_opt_outs_stays_and_holds_no_drain_up()
    {
        using Parts parts = new(azurite.ConnectionString);
        parts.Manifests.Add(LiveManifest.Start(parts.Spool.Folder(session.RecordingId), First() with { AwaitsOptOuts = true }));
        string file = SpoolWriter.Write(parts.Spool.Root, session, Ada, 0);
        SessionInfo other = BotRoom.Session(RecordingId.New(TimeProvider.System));
        SpoolWriter.Write(parts.Spool.Root, other, Ben, 0);
        await parts.Uploader.StartAsync(Cancel);

        Task drained = parts.Uploader.DrainAsync(Cancel);
        await BotRoom.UntilAsync(() =>
        {
            parts.Time.Advance(TimeSpan.FromMilliseconds(50));
            return drained.IsCompleted;
        }, "the other recording is uploaded");

        Assert.Single(await eye.SegmentsAsync(other.RecordingId));
        Assert.True(File.Exists(file));
        Assert.Equal(0, await eye.CountSegmentsAsync(session.RecordingId));
        await parts.Uploader.StopAsync(Cancel);
    }

    /// <summary>Somebody empties the spool while the storage is away: what was under way must not keep its place in the queue.</summary>
    [Fact]
    public async Task Files_that_vanish_while_the_storage_is_away_hold_nothing_up()
    {
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Cut();
        using Parts parts = new(connection, parallelism: 1);
        SessionInfo gone = BotRoom.Session(RecordingId.New(TimeProvider.System));
        SpoolWriter.Write(parts.Spool.Root, gone, Ada, 0);
        await parts.Uploader.StartAsync(Cancel);
        await BotRoom.UntilAsync(() => parts.Log.Lines.Any(line => line.EventId == 4001), "the outage is noticed");
        Directory.Delete(parts.Spool.Folder(gone.RecordingId).Path, recursive: true);
        SpoolWriter.Write(parts.Spool.Root, session, Ben, 0);
        blob.Mend();

        await BotRoom.UntilAsync(async () =>
        {
            parts.Uploader.Rescan();
            return (await eye.SegmentsAsync(session.RecordingId)).Count == 1;
        }, "the next recording is uploaded");
        Assert.Empty(await eye.SegmentsAsync(gone.RecordingId));
        Assert.Contains(parts.Log.Lines, line => line.EventId == UploadFailed && line.Exception is FileNotFoundException);
        await parts.Uploader.StopAsync(Cancel);
    }

    [Fact]
    public async Task Segment_of_a_lost_recording_gets_an_index_that_nobody_counts_up_to()
    {
        using Parts parts = new(azurite.ConnectionString);
        LiveManifest manifest = parts.Manifests.Add(LiveManifest.Start(parts.Spool.Folder(session.RecordingId),
            First() with { Incarnation = 3 }));
        SpoolWriter.Write(parts.Spool.Root, session, Ada, 7);
        manifest.Indexes.Lost();
        await parts.Uploader.StartAsync(Cancel);
        await BotRoom.UntilAsync(() => parts.Log.Lines.Any(line => line.EventId == 4005), "it is renumbered");
        await BotRoom.UntilAsync(async () =>
        {
            parts.Uploader.Rescan();
            return (await eye.SegmentsAsync(session.RecordingId)).Count == 1;
        }, "it is uploaded");
        SegmentReady message = Assert.Single(await eye.SegmentsAsync(session.RecordingId));
        Assert.Equal((3 * ReservedIndexes.Leftovers) + 7, message.SegmentIndex);
        Assert.Equal(StorageEye.Md5(SpoolWriter.Wav(Ada, 7, 48_000)), message.ContentMd5);
        await parts.Uploader.StopAsync(Cancel);
    }

    // A segment of the recording that the scan comes to last: when it has left, the scan has looked at all.
    private async Task ScanAsync(Parts parts, int index)
    {
        SpoolWriter.Write(parts.Spool.Root, later, Ben, index);
        parts.Uploader.Rescan();
        await UploadedAsync(parts, index + 1);
    }

    private static Task UploadedAsync(Parts parts, int count) =>
        BotRoom.UntilAsync(() => parts.Metrics.Uploaded >= count, $"{count} are uploaded");

    private SessionManifest First() => BotRoom.Manifest(session);

    /// <summary>The uploader with its parts and no other service of the bot; its time stands still.</summary>
    private sealed class Parts : IDisposable
    {
        private readonly TempFolder folder = new();

        public Parts(string connection, int parallelism = 4)
        {
            Spool = new SegmentSpool(new SpoolOptions { Folder = folder.Path, MinimumFreeBytes = 0 });
            Manifests = new LiveManifests(Spool);
            TempStorage storage = new(new TempStorageOptions { Account = new StorageOptions { ConnectionString = connection } });
            SegmentDelivery delivery = new(new TempStorages([storage]), new StorageRetry(TimeProvider.System,
                Log.CreateLogger<StorageRetry>()), Metrics, TimeProvider.System);
            UploadOptions options = new() { Parallelism = parallelism };
            Uploader = new SegmentUploader(Spool, Manifests, delivery, options, Time, Log.CreateLogger<SegmentUploader>())
            {
                SegmentLeft = Left.Enqueue,
            };
        }

        public FakeTimeProvider Time { get; } = new();
        public LogSink Log { get; } = new();
        public BotMetrics Metrics { get; } = new();
        public SegmentSpool Spool { get; }
        public LiveManifests Manifests { get; }
        public SegmentUploader Uploader { get; }
        public ConcurrentQueue<RecordingId> Left { get; } = new();

        public void Dispose()
        {
            Uploader.Dispose();
            Metrics.Dispose();
            Spool.Dispose();
            folder.Dispose();
        }
    }
}
