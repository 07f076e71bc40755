using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues;
using Azure.Storage.Sas;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Ledger;
using Pipeline.Delivery.Segments;
using Pipeline.Delivery.Sweep;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

/// <summary>
/// A request to the storage that fails, wherever it is, has the message come again: nothing is told as done that was only begun.
/// </summary>
public sealed class DeliveryFaultsTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private static int sessions = 72_000;

    private readonly OneFault fault = new() { OnlyOfCaller = true };
    private readonly FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
    private App app = null!;
    private Session session = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Connection => azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(16));

    public async ValueTask InitializeAsync()
    {
        Dictionary<string, string?> settings = new() { ["RECORDING_ADOPT_AFTER"] = "1m", ["RECORDING_ABANDON_AFTER"] = "90s" };
        app = await App.StartAsync(Connection, settings, clock, services => services.AddSingleton(
            new StorageClients(new StorageOptions { ConnectionString = Connection }, null!, fault)));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        // Sweeps look at all of the account.
        await foreach (BlobItem left in app.Storage.Temp.GetBlobsAsync(new GetBlobsOptions(), Cancellation))
            await DeleteAsync(left.Name);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        fault.Dispose();
    }

    [Fact]
    public async Task Recording_is_known_or_the_message_of_its_start_comes_again()
    {
        int requests = await fault.InEveryPlaceAsync(() => PutAsync(0), () => app.Get<StartRecording>().RunAsync(session.Started,
            Cancellation));
        Assert.InRange(requests, 4, 10);
    }

    [Fact]
    public async Task Segment_is_moved_whole_or_its_message_comes_again()
    {
        int requests = await fault.InEveryPlaceAsync(() => PutAsync(1), () => MoveAsync(0));
        Assert.InRange(requests, 10, 40);
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
        Assert.NotNull(await app.Get<LedgerTable>().FindSegmentAsync(session.Segments[0].Key, Cancellation));
    }

    [Fact]
    public async Task Segment_that_comes_behind_the_end_brings_a_finalizer_back_or_its_message_comes_again()
    {
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            await PutAsync(2);
            await MoveAsync(0);
            await app.Get<FinalizeRecording>().RunAsync(session.Stopped with { Tracks = [] }, Cancellation);
        },
        () => MoveAsync(1));
        Assert.InRange(requests, 12, 50);
        Assert.Equal(RecordingState.Amending, (await app.Get<LedgerTable>().FindRecordingAsync(session.Id, Cancellation))!.State);
    }

    [Fact]
    public async Task Segment_of_a_deleted_recording_is_dropped_or_its_message_comes_again()
    {
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            await PutAsync(1);
            Assert.True(await app.StartRecordingAsync(session.Started));
            await app.DeleteRecordingAsync(session.Id);
            await session.PutAsync(app.Storage, session.Segments[0]);
            app.Get<RecordingRegistry>().Forget(session.Id);
        },
        () => MoveAsync(0));
        Assert.InRange(requests, 4, 15);
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Recording_is_finalized_whole_or_the_message_of_its_end_comes_again()
    {
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            await PutAsync(1);
            await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
            await MoveAsync(0);
        },
        () => app.Get<FinalizeRecording>().RunAsync(session.Stopped with
        {
            Tracks = [.. session.Tracks.Select(track => track with { Chain = "another" })], // its owner is told
        }, Cancellation));
        Assert.InRange(requests, 15, 50);
        Assert.Equal(RecordingStatus.Completed, (await app.RecordingAsync(session.Id))!.Status);
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Message_of_an_end_that_waits_for_segments_is_put_back_or_comes_again()
    {
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            await PutAsync(2);
            await MoveAsync(0);
        },
        () => app.Get<FinalizeRecording>().RunAsync(session.Stopped, Cancellation));
        Assert.InRange(requests, 8, 30);
        LedgerRecording waiting = (await app.Get<LedgerTable>().FindRecordingAsync(session.Id, Cancellation))!;
        Assert.Equal((RecordingState.Stopping, true), (waiting.State, waiting.Ticket!.IsSent));
    }

    [Fact]
    public async Task Rest_of_a_deleted_recording_goes_or_the_message_of_its_end_comes_again()
    {
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            await PutAsync(2);
            Assert.True(await app.StartRecordingAsync(session.Started));
            await app.DeleteRecordingAsync(session.Id);
            await session.PutAllAsync(app.Storage);
        },
        () => app.Get<FinalizeRecording>().RunAsync(session.Stopped, Cancellation));
        Assert.InRange(requests, 6, 20);
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Orphan_is_adopted_or_the_sweep_fails()
    {
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            await ClearAsync();
            await PutAsync(2);
            await app.Storage.Temp.GetBlobClient(session.Segments[1].BlobName).UploadAsync(new BinaryData([1]), true, Cancellation);
            clock.Advance(TimeSpan.FromDays(1));
        },
        () => app.Get<OrphanSweep>().RunAsync(Cancellation));
        Assert.InRange(requests, 5, 15);
    }

    [Fact]
    public async Task Manifest_of_a_finished_recording_goes_or_the_sweep_fails()
    {
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            await ClearAsync();
            await PutAsync(1);
            await app.Get<FinalizeRecording>().RunAsync(session.Stopped with { Tracks = [] }, Cancellation);
            await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt) with
            {
                OptedOut = [session.Segments[0].UserId],
                Tracks = [],
            });
            clock.Advance(TimeSpan.FromDays(1));
        },
        () => app.Get<ManifestSweep>().RunAsync(Cancellation));
        Assert.InRange(requests, 6, 15);
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Recording_whose_bot_is_gone_is_ended_or_the_sweep_fails()
    {
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            await ClearAsync();
            await PutAsync(0);
            await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Recording, session.Info.StartedAt));
            clock.Advance(TimeSpan.FromDays(1));
        },
        async () =>
        {
            await app.Get<ManifestSweep>().RunAsync(Cancellation);
            clock.Advance(TimeSpan.FromMinutes(10));
            await app.Get<ManifestSweep>().RunAsync(Cancellation);
        });
        Assert.InRange(requests, 9, 25);
        Assert.Equal(ManifestState.Stopped, (await app.Get<TempContainer>().ReadManifestAsync(session.Id, Cancellation))!.State);
    }

    [Fact]
    public async Task Recording_of_more_than_a_day_is_ended_and_one_that_is_over_unlisted_or_the_sweep_fails()
    {
        LedgerTable ledger = app.Get<LedgerTable>();
        Session before = null!;
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            await foreach ((RecordingId id, _) in ledger.ListLiveAsync(Cancellation)) await ledger.UnlistAsync(id, Cancellation);
            await PutAsync(0);
            await app.Get<FinalizeRecording>().RunAsync(session.Stopped, Cancellation);
            before = session;
            await ledger.RelistAsync((await ledger.FindRecordingAsync(before.Id, Cancellation))!, Cancellation);
            await PutAsync(0);
            Assert.True(await app.StartRecordingAsync(session.Started));
            clock.Advance(TimeSpan.FromDays(2));
        },
        () => app.Get<LiveSweep>().RunAsync(Cancellation));
        Assert.InRange(requests, 8, 15);
        List<RecordingId> live = [];
        await foreach ((RecordingId id, _) in ledger.ListLiveAsync(Cancellation)) live.Add(id);
        Assert.Equal([session.Id], live);
    }

    [Fact]
    public async Task Message_that_was_given_up_is_driven_back_or_the_sweep_fails()
    {
        QueueClient poison = app.Storage.Queues.GetQueueClient(StorageNames.SegmentReadyQueue + StorageNames.PoisonSuffix);
        await poison.CreateIfNotExistsAsync(cancellationToken: Cancellation);
        QueueClient queue = app.Storage.Queues.GetQueueClient(StorageNames.SegmentReadyQueue);
        await queue.ClearMessagesAsync(Cancellation);
        int turn = 0, requests = await fault.InEveryPlaceAsync(async () =>
        {
            await poison.ClearMessagesAsync(Cancellation);
            await poison.SendMessageAsync($"{{\"turn\":{++turn}}}", Cancellation);
        },
        () => app.Get<PoisonSweep>().RunAsync(Cancellation));
        Assert.InRange(requests, StorageSetup.Queues.Count + 4, StorageSetup.Queues.Count + 6);
        Assert.Contains((await queue.ReceiveMessagesAsync(32, null, Cancellation)).Value,
            message => message.MessageText == $"{{\"turn\":{turn}}}");
    }

    [Fact]
    public async Task Batch_is_delivered_whole_or_the_message_of_its_end_comes_again()
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        foreign.HasInitLive = false;
        // Copied inside the storage: a read that fails within a PUT is tried again by the client itself.
        BlobContainerClient theirs = new(Connection, "theirs");
        await theirs.CreateIfNotExistsAsync(cancellationToken: Cancellation);
        foreign.UploadUrlFor = name => theirs.GetBlobClient($"{session.Id}/{name}").GenerateSasUri(
            BlobSasPermissions.Read | BlobSasPermissions.Create, TimeProvider.System.GetUtcNow().AddMinutes(10)).AbsoluteUri;
        await using App batch = await App.StartAsync(Connection, new() { ["RecordingApi:BaseUrl"] = foreign.Address.AbsoluteUri }, clock,
            services => services.AddSingleton(new StorageClients(new StorageOptions { ConnectionString = Connection }, null!, fault)));
        int requests = await fault.InEveryPlaceAsync(async () =>
        {
            await PutAsync(2);
            foreach (SegmentReady segment in session.Segments) Assert.True(await batch.MoveAsync(segment));
            await DeleteAsync(session.Segments[1].BlobName);
        },
        () => batch.Get<FinalizeRecording>().RunAsync(session.Stopped with { Tracks = [] }, Cancellation));
        Assert.InRange(requests, 15, 50);
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
        foreign.Refused.Add("init");
        requests = await fault.InEveryPlaceAsync(async () =>
        {
            await PutAsync(1);
            Assert.True(await batch.MoveAsync(session.Segments[0]));
        },
        () => batch.Get<FinalizeRecording>().RunAsync(session.Stopped with { Tracks = [] }, Cancellation));
        Assert.InRange(requests, 10, 40);
    }

    private async Task PutAsync(int segments)
    {
        int seed = Interlocked.Increment(ref sessions);
        session = segments == 0 ? new Session(seed) : new Session(seed, (5, "Ada", segments));
        await session.PutAllAsync(app.Storage);
    }

    // What a run that failed has left, so that the next run meets nothing but its own.
    private async Task ClearAsync()
    {
        if (session is null) return;
        foreach (string left in await session.LeftInTempAsync(app.Storage)) await DeleteAsync(left);
    }

    // Where giving a lease back is what failed, it goes on for half a minute.
    private async Task DeleteAsync(string name)
    {
        BlobClient blob = app.Storage.Temp.GetBlobClient(name);
        if ((await blob.GetPropertiesAsync(cancellationToken: Cancellation)).Value.LeaseState == LeaseState.Leased)
            await blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Cancellation);
        await blob.DeleteIfExistsAsync(cancellationToken: Cancellation);
    }

    private Task MoveAsync(int segment) => app.Get<MoveSegment>().RunAsync(session.Segments[segment], Cancellation);
}
