using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Pipeline.Bot.Storage;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Storage;

/// <summary>The bot's storage account, on an account of the test's own where containers and queues are missing.</summary>
public sealed class TempStorageTests(AzuriteFixture azurite)
{
    private const ulong Ada = 501;
    private const string Ours = "6f1f2bd0-0000-4000-8000-000000000001", Theirs = "6f1f2bd0-0000-4000-8000-000000000002";

    private readonly SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));
    private readonly StorageEye eye = new(azurite.ConnectionString);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RecordingId Recording => session.RecordingId;

    [Theory]
    [InlineData(0, "segment")]
    [InlineData(1, "manifest")]
    [InlineData(2, "message")]
    [InlineData(3, "shard")]
    [InlineData(4, "start")]
    public async Task What_is_missing_in_an_account_is_made_by_the_first_who_finds_it_missing(int account, string by)
    {
        string connection = azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(account));
        TempStorage storage = At(connection);
        if (by == "start") await storage.EnsureCreatedAsync(Cancel);
        else if (by == "shard") Assert.Equal(LeaseOutcome.Ours, await storage.AcquireShardAsync("shards/0", Ours, Cancel));
        else
        {
            RequestFailedException missing = await Assert.ThrowsAsync<RequestFailedException>(() => FirstAsync(storage, by));
            Assert.Equal(404, missing.Status);
            await FirstAsync(storage, by); // what the retry does
        }
        Assert.True(await new BlobContainerClient(connection, StorageNames.TempContainer).ExistsAsync(Cancel));
        foreach (string name in new[] { StorageNames.RecordingStartedQueue, StorageNames.SegmentReadyQueue,
            StorageNames.RecordingStoppedQueue })
            Assert.True(await new QueueClient(connection, name).ExistsAsync(Cancel), name);
    }

    [Fact]
    public async Task Bytes_are_put_once_and_others_never_take_their_place()
    {
        string name = BlobPaths.Segment(new SegmentKey(Recording, Ada, 0), "Ada", SegmentFormat.Opus);
        TempStorage storage = At(azurite.ConnectionString);
        Assert.Equal(PutOutcome.Stored, await PutAsync(storage, name, [1, 2, 3]));
        Assert.Equal(PutOutcome.AlreadyThere, await PutAsync(storage, name, [1, 2, 3]));
        SegmentConflictException conflict = await Assert.ThrowsAsync<SegmentConflictException>(() => PutAsync(storage, name, [1, 2, 4]));
        Assert.Equal(name, conflict.BlobName);
        Assert.Contains(StorageEye.Md5([1, 2, 3]), conflict.Message, StringComparison.Ordinal);
        BlobProperties blob = await eye.Blob(name).GetPropertiesAsync(cancellationToken: Cancel);
        Assert.Equal(("audio/ogg", "text"), (blob.ContentType, blob.Metadata[SegmentMetadata.Key]));
        Assert.Equal([1, 2, 3], (await eye.BlobsAsync(Recording))[name]);

        await storage.DeleteSegmentAsync(name, Cancel);
        Assert.Empty(await eye.BlobsAsync(Recording));
        await storage.DeleteSegmentAsync(name, Cancel); // also when it never arrived
    }

    [Fact]
    public async Task File_that_changed_since_it_was_hashed_is_a_conflict_and_not_stored_as_if_it_were_right()
    {
        string name = BlobPaths.Segment(new SegmentKey(Recording, Ada, 0), "Ada");
        using MemoryStream file = new([1, 2, 3]);
        await Assert.ThrowsAsync<SegmentConflictException>(() =>
            At(azurite.ConnectionString).PutSegmentAsync(name, file, Convert.FromBase64String(StorageEye.Md5([9])), "text", Cancel));
    }

    [Fact]
    public async Task Trial_leaves_nothing_behind()
    {
        string connection = azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(5));
        TempStorage storage = At(connection);
        RequestFailedException missing = await Assert.ThrowsAsync<RequestFailedException>(() => storage.TryOutAsync(Cancel));
        Assert.Equal(404, missing.Status);
        await storage.EnsureCreatedAsync(Cancel);
        await storage.TryOutAsync(Cancel);
        await storage.TryOutAsync(Cancel);
        Assert.False(await new BlobClient(connection, StorageNames.TempContainer, BlobPaths.Shard("doctor")).ExistsAsync(Cancel));
    }

    [Fact]
    public async Task Manifest_is_written_by_whoever_may_and_read_back_with_its_lease()
    {
        TempStorage storage = At(azurite.ConnectionString);
        Assert.Null(await storage.ReadManifestAsync(Recording, Cancel));
        Assert.Equal(LeaseOutcome.NoManifest, await storage.AcquireLeaseAsync(Recording, Ours, Cancel));
        await storage.ReleaseLeaseAsync(Recording, Ours, Cancel); // nothing to let go of
        Assert.True(await storage.WriteManifestAsync(Manifest(1), leaseId: null, Cancel));
        Assert.False(await storage.WriteManifestAsync(Manifest(2), leaseId: null, Cancel)); // there is one
        Assert.False(await storage.WriteManifestAsync(Manifest(2), Ours, Cancel)); // nobody holds it
        StoredManifest free = (await storage.ReadManifestAsync(Recording, Cancel))!;
        Assert.Equal((1, false), (free.Manifest.Incarnation, free.Leased));

        Assert.Equal(LeaseOutcome.Ours, await storage.AcquireLeaseAsync(Recording, Ours, Cancel));
        Assert.Equal(LeaseOutcome.Ours, await storage.AcquireLeaseAsync(Recording, Ours, Cancel)); // renewed
        Assert.Equal(LeaseOutcome.Theirs, await storage.AcquireLeaseAsync(Recording, Theirs, Cancel));
        Assert.False(await storage.WriteManifestAsync(Manifest(3), Theirs, Cancel));
        Assert.True(await storage.WriteManifestAsync(Manifest(4), Ours, Cancel));
        await storage.ReleaseLeaseAsync(Recording, Theirs, Cancel); // not theirs: it is left alone
        StoredManifest held = (await storage.ReadManifestAsync(Recording, Cancel))!;
        Assert.Equal((4, true), (held.Manifest.Incarnation, held.Leased));
        await storage.ReleaseLeaseAsync(Recording, Ours, Cancel);
        Assert.False((await storage.ReadManifestAsync(Recording, Cancel))!.Leased);
    }

    /// <summary>One bot serves a shard: the second one stands by, no matter which made the blob.</summary>
    [Fact]
    public async Task Shard_belongs_to_one_bot_until_it_lets_go()
    {
        TempStorage storage = At(azurite.ConnectionString);
        string shard = BlobPaths.Shard($"{Recording}");
        await storage.ReleaseShardAsync(shard, Ours, Cancel); // of nobody yet
        Assert.Equal(LeaseOutcome.Ours, await storage.AcquireShardAsync(shard, Ours, Cancel));
        Assert.Equal(LeaseOutcome.Ours, await storage.AcquireShardAsync(shard, Ours, Cancel));
        Assert.Equal(LeaseOutcome.Theirs, await storage.AcquireShardAsync(shard, Theirs, Cancel));
        await storage.ReleaseShardAsync(shard, Theirs, Cancel);
        Assert.Equal(LeaseOutcome.Theirs, await storage.AcquireShardAsync(shard, Theirs, Cancel));
        await storage.ReleaseShardAsync(shard, Ours, Cancel);
        Assert.Equal(LeaseOutcome.Ours, await storage.AcquireShardAsync(shard, Theirs, Cancel));
    }

    [Fact]
    public async Task Recordings_are_listed_by_their_manifests_and_what_cannot_be_read_is_left_out()
    {
        TempStorage storage = At(azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(6)));
        Assert.Empty(await storage.ListManifestsAsync(Cancel)); // no container yet
        await storage.EnsureCreatedAsync(Cancel);
        Assert.True(await storage.WriteManifestAsync(Manifest(1), leaseId: null, Cancel));
        BlobContainerClient container = new(azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(6)), StorageNames.TempContainer);
        RecordingId broken = RecordingId.New(TimeProvider.System), nothing = RecordingId.New(TimeProvider.System);
        await container.UploadBlobAsync(BlobPaths.Manifest(broken), new BinaryData("{ no json"), Cancel);
        await container.UploadBlobAsync($"{nothing}/501-Ada/segment_000.wav", new BinaryData("bytes"), Cancel);
        await container.UploadBlobAsync("somebody/else.txt", new BinaryData("bytes"), Cancel);
        await container.UploadBlobAsync("else.txt", new BinaryData("bytes"), Cancel);

        Assert.Equal(Recording, Assert.Single(await storage.ListManifestsAsync(Cancel)).Manifest.Session.RecordingId);
    }

    [Fact]
    public async Task Segments_are_listed_as_they_say_themselves_and_those_that_lie_are_left_out()
    {
        TempStorage storage = At(azurite.ConnectionString);
        SegmentReady right = Message(0), renamed = Message(1), moved = Message(2);
        await eye.Blob(right.BlobName).UploadAsync(new BinaryData("a"), With(SegmentMetadata.Write(right)), Cancel);
        await eye.Blob(renamed.BlobName).UploadAsync(new BinaryData("b"), With(SegmentMetadata.Write(renamed with
        {
            BlobName = BlobPaths.Segment(renamed.Key, "Somebody else"),
        })), Cancel);
        await eye.Blob(moved.BlobName).UploadAsync(new BinaryData("c"), With(SegmentMetadata.Write(moved with { SegmentIndex = 9 })),
            Cancel);
        await eye.Blob(Message(3).BlobName).UploadAsync(new BinaryData("d"), Cancel);
        await eye.Blob(Message(4).BlobName).UploadAsync(new BinaryData("e"), With("no message"), Cancel);
        await eye.Blob($"{Recording}/other.wav").UploadAsync(new BinaryData("f"), With(SegmentMetadata.Write(right)), Cancel);
        Assert.True(await storage.WriteManifestAsync(Manifest(1), leaseId: null, Cancel));

        Assert.Equal(right, Assert.Single(await storage.ListSegmentsAsync(Recording, Cancel)));
    }

    /// <summary>The functions may be away for longer than a queue keeps a message by itself, which is a week.</summary>
    [Fact]
    public async Task Messages_wait_for_as_long_as_it_takes_and_a_stop_that_is_too_large_goes_without_its_tracks()
    {
        string connection = azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(7));
        TempStorage storage = At(connection);
        await storage.EnsureCreatedAsync(Cancel);
        RecordingStopped stopped = new()
        {
            Session = session,
            EndedAt = session.StartedAt,
            EndReason = EndReason.Stopped,
            SampleCount = 0,
            Tracks = [Track(1)],
        };
        await storage.SendAsync(new RecordingStarted { Session = session }, Cancel);
        await storage.SendAsync(Message(0), Cancel);
        await storage.SendAsync(stopped, Cancel);
        await storage.SendAsync(stopped with { Tracks = [Track(4000)] }, Cancel);

        QueueMessage[] queued = (await new QueueClient(connection, StorageNames.RecordingStoppedQueue).ReceiveMessagesAsync(9,
            cancellationToken: Cancel)).Value;
        Assert.Equal(2, queued.Length);
        Assert.Contains("\"segments\"", queued[0].MessageText, StringComparison.Ordinal);
        Assert.DoesNotContain("\"segments\"", queued[1].MessageText, StringComparison.Ordinal);
        foreach (string name in new[] { StorageNames.RecordingStartedQueue, StorageNames.SegmentReadyQueue })
        {
            QueueMessage message = (await new QueueClient(connection, name).ReceiveMessageAsync(cancellationToken: Cancel)).Value;
            Assert.True(message.ExpiresOn > DateTimeOffset.UtcNow.AddYears(1), name);
            Assert.Contains($"{Recording}", message.MessageText, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Guild_keeps_to_one_of_several_accounts_as_discord_spreads_guilds()
    {
        TempStorage[] accounts = [At(azurite.ConnectionString), At(azurite.ConnectionString), At(azurite.ConnectionString)];
        TempStorages storages = new(accounts);
        Assert.Same(accounts[0], storages.For(0));
        Assert.Same(accounts[0], storages.For((1UL << 22) - 1));
        Assert.Same(accounts[1], storages.For(1UL << 22));
        Assert.Same(accounts[0], storages.For(3UL << 22));
        Assert.Same(accounts[2], storages.For(session with { GuildId = (5UL << 22) + 17 }));
        Assert.Throws<ArgumentException>(() => new TempStorages([]));
    }

    private static TempStorage At(string connection) =>
        new(new TempStorageOptions { Account = new StorageOptions { ConnectionString = connection } });

    private static BlobUploadOptions With(string metadata) =>
        new() { Metadata = new Dictionary<string, string> { [SegmentMetadata.Key] = metadata } };

    private static async Task<PutOutcome> PutAsync(TempStorage storage, string name, byte[] content)
    {
        using MemoryStream file = new(content);
        return await storage.PutSegmentAsync(name, file, Convert.FromBase64String(StorageEye.Md5(content)), "text", Cancel);
    }

    private async Task FirstAsync(TempStorage storage, string by)
    {
        if (by == "segment") await PutAsync(storage, Message(0).BlobName, [1]);
        else if (by == "manifest") Assert.True(await storage.WriteManifestAsync(Manifest(1), leaseId: null, Cancel));
        else await storage.SendAsync(Message(0), Cancel);
    }

    private static TrackSummary Track(int runs) => new()
    {
        UserId = Ada,
        Username = "Ada",
        Segments = [.. Enumerable.Range(0, runs).Select(run => new IndexRange(run * 2, run * 2))],
        SampleCount = 0,
        ByteCount = 0,
        Chain = SegmentChain.Empty,
        NextFreeIndex = 0,
    };

    private SessionManifest Manifest(int incarnation) => BotRoom.Manifest(session) with { Incarnation = incarnation };

    private SegmentReady Message(int index) => new()
    {
        Session = session,
        UserId = Ada,
        Username = "Ada",
        SegmentIndex = index,
        BlobName = BlobPaths.Segment(new SegmentKey(Recording, Ada, index), "Ada"),
        FileSize = 1,
        ContentMd5 = Convert.ToBase64String(new byte[16]),
        StartSample = 0,
        SampleCount = 48_000,
        Channels = 1,
        ClosedAt = DateTimeOffset.UnixEpoch,
    };
}
