using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

/// <summary>Who may write a recording's manifest, and who has to leave it alone.</summary>
public sealed class RecordingLeaseTests : IDisposable
{
    private const string Stranger = "6f1f2bd0-0000-4000-8000-000000000001";

    private readonly AzuriteFixture azurite;
    private readonly StorageEye eye;
    private readonly TempFolder spool = new();
    private readonly FakeTimeProvider time = new();
    private readonly TempStorage storage;
    private readonly LiveManifest manifest;
    private readonly RecordingId recording;

    public RecordingLeaseTests(AzuriteFixture azurite)
    {
        (this.azurite, eye, storage) = (azurite, new StorageEye(azurite.ConnectionString), At(azurite.ConnectionString));
        SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));
        recording = session.RecordingId;
        manifest = LiveManifest.Start(new RecordingFolder(spool.Combine(recording.ToString())),
            BotRoom.Manifest(session) with { Incarnation = 2 });
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => spool.Dispose();

    [Fact]
    public async Task Beat_writes_the_manifest_here_and_there_and_keeps_others_away_until_it_is_let_go()
    {
        manifest.Closed(new SegmentKey(recording, 501, 0), 0);
        RecordingLease lease = Lease(storage);
        Assert.Equal(LeaseOutcome.Ours, await lease.BeatAsync(Cancel));

        Assert.Equal(time.GetUtcNow(), (await eye.ManifestAsync(recording))!.UpdatedAt);
        Assert.Equal(2, manifest.Folder.LoadManifest()!.Incarnation);
        Assert.Equal(1 + ReservedIndexes.Ahead, manifest.Indexes.Of(501));
        Assert.Equal(LeaseOutcome.Theirs, await storage.AcquireLeaseAsync(recording, Stranger, Cancel));
        await lease.ReleaseAsync(Cancel);
        Assert.Equal(LeaseOutcome.Ours, await storage.AcquireLeaseAsync(recording, Stranger, Cancel));

        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(LeaseOutcome.Theirs, await lease.BeatAsync(Cancel));
        Assert.Equal(time.GetUtcNow() - TimeSpan.FromSeconds(15), (await eye.ManifestAsync(recording))!.UpdatedAt);
    }

    /// <summary>Given up here it could come to the storage behind the one that says that the recording is over.</summary>
    [Fact]
    public async Task Write_that_is_under_way_when_the_recording_stops_is_waited_for()
    {
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        TempStorage slow = At(connection);
        SessionManifest account = manifest.Compose(time.GetUtcNow());
        Assert.True(await slow.WriteManifestAsync(account, leaseId: null, Cancel));
        Assert.Equal(LeaseOutcome.Ours, await slow.AcquireLeaseAsync(recording, Stranger, Cancel));
        blob.Delay = TimeSpan.FromMilliseconds(200);
        using CancellationTokenSource stopping = new();
        Task<bool> writing = slow.WriteManifestAsync(account with { Incarnation = 7 }, Stranger, stopping.Token);
        await stopping.CancelAsync();
        Assert.True(await writing);
        Assert.Equal(7, (await eye.ManifestAsync(recording))!.Incarnation);
        await Assert.ThrowsAsync<OperationCanceledException>(() => slow.WriteManifestAsync(account, Stranger, stopping.Token));
        Assert.Equal(7, (await eye.ManifestAsync(recording))!.Incarnation);
    }

    [Fact]
    public async Task Every_beat_writes_the_account_of_its_moment()
    {
        RecordingLease lease = Lease(storage);
        for (int beat = 0; beat < 3; beat++)
        {
            time.Advance(TimeSpan.FromSeconds(31)); // longer than half a lease, and nobody else has come
            manifest.Properties["beat"] = $"{beat}";
            Assert.Equal(LeaseOutcome.Ours, await lease.BeatAsync(Cancel));
            Assert.Equal($"{beat}", (await eye.ManifestAsync(recording))!.Properties["beat"]);
            Assert.Equal($"{beat}", manifest.Folder.LoadManifest()!.Properties["beat"]);
        }
    }

    /// <summary>The other bot has gone on and has let go since: its account is not written over, and the lease stays free.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Recording_that_went_on_elsewhere_in_the_meantime_is_left_alone(bool hasBeatenBefore)
    {
        RecordingLease lease = Lease(storage);
        Assert.Equal(LeaseOutcome.Ours, await lease.BeatAsync(Cancel));
        await lease.ReleaseAsync(Cancel);
        Assert.Equal(LeaseOutcome.Ours, await storage.AcquireLeaseAsync(recording, Stranger, Cancel));
        SessionManifest theirs = manifest.Compose(DateTimeOffset.UnixEpoch) with { Incarnation = 3 };
        Assert.True(await storage.WriteManifestAsync(theirs, Stranger, Cancel));
        await storage.ReleaseLeaseAsync(recording, Stranger, Cancel);
        if (hasBeatenBefore) time.Advance((TempStorage.LeaseDuration / 2) + TimeSpan.FromTicks(1));
        else lease = Lease(storage);

        Assert.Equal(LeaseOutcome.Theirs, await lease.BeatAsync(Cancel));

        Assert.Equal(3, (await eye.ManifestAsync(recording))!.Incarnation);
        Assert.Equal(LeaseOutcome.Ours, await storage.AcquireLeaseAsync(recording, Stranger, Cancel));
    }

    [Fact]
    public async Task Storage_that_is_away_is_asked_again_and_each_time_said()
    {
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Cut();
        int away = 0;
        Task<LeaseOutcome> beat = Lease(At(connection)).BeatAsync(Cancel, () => Interlocked.Increment(ref away));
        await BotRoom.UntilAsync(() => Volatile.Read(ref away) >= 2, "it was asked twice");
        Assert.False(beat.IsCompleted);
        blob.Mend();
        Assert.Equal(LeaseOutcome.Ours, await beat);
        Assert.NotNull(await eye.ManifestAsync(recording));
    }

    [Fact]
    public async Task Start_is_told_once_and_is_in_the_queue_when_it_counts_as_told()
    {
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        (queue.FaultStatus, queue.Faults) = ("503 Server Busy", 1);
        RecordingLease lease = Lease(At(connection));
        await lease.SendStartAsync(Cancel);
        Assert.True(manifest.Tenure.IsStartSent);
        Assert.Single(await eye.StartedAsync(recording));
        await lease.SendStartAsync(Cancel);
        Assert.Single(await eye.StartedAsync(recording));
    }

    private static TempStorage At(string connection) =>
        new(new TempStorageOptions { Account = new StorageOptions { ConnectionString = connection } });

    private RecordingLease Lease(TempStorage at) =>
        new(at, new StorageRetry(TimeProvider.System, NullLogger<StorageRetry>.Instance), manifest,
            new LocalAccount(manifest, time, NullLogger.Instance), time);
}
