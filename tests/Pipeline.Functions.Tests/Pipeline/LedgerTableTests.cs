using Azure;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

/// <summary>The ledger's rows under several writers.</summary>
public sealed class LedgerTableTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly StorageClients clients = new(new StorageOptions { ConnectionString = azurite.ConnectionString });

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private LedgerTable Ledger => new(clients);

    private TableClient Table => clients.Tables.GetTableClient(StorageNames.LedgerTable);

    public ValueTask InitializeAsync() => new StorageSetup(clients).EnsureAsync(Cancellation);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData(74_070, 7, true)]
    [InlineData(74_071, 8, false)]
    public async Task Recording_that_others_write_all_the_time_is_tried_eight_times(int seed, int writes, bool isDone)
    {
        LedgerRecording added = await AddAsync(new Session(seed));
        RecordingId id = added.Session.RecordingId;
        int tries = 0;
        Task<LedgerRecording?> updating = Ledger.UpdateRecordingAsync(id, row =>
        {
            if (tries++ < writes) Table.UpsertEntity(new TableEntity($"{id}", "recording") { ["Another"] = tries }, TableUpdateMode.Merge);
            return row with { ProgressCount = 5 };
        }, Cancellation);
        if (isDone) Assert.Equal(5, (await updating)!.ProgressCount);
        else Assert.Equal(412, (await Assert.ThrowsAsync<RequestFailedException>(() => updating)).Status);
        Assert.Equal((8, isDone ? 5 : 0), (tries, (await Ledger.FindRecordingAsync(id, Cancellation))!.ProgressCount));
    }

    [Fact]
    public async Task Row_that_nobody_changes_is_not_written_and_one_that_is_not_there_is_none()
    {
        LedgerRecording added = await AddAsync(new Session(74_072));
        RecordingId id = added.Session.RecordingId;
        Assert.Equal(added.Etag, (await Ledger.UpdateRecordingAsync(id, row => row with { }, Cancellation))!.Etag);
        Assert.Equal(added.Etag, (await Ledger.UpdateRecordingAsync(id, _ => null, Cancellation))!.Etag);
        Assert.Equal(added.Etag, (await Ledger.FindRecordingAsync(id, Cancellation))!.Etag);
        Assert.Null(await Ledger.UpdateRecordingAsync(RecordingId.New(TimeProvider.System), row => row with { ProgressCount = 1 },
            Cancellation));
    }

    [Fact]
    public async Task First_row_stands_and_the_recording_is_listed_until_it_is_taken_from_the_list()
    {
        Session session = new(74_073, (5, "Ada", 2));
        LedgerRecording added = await AddAsync(session);
        LedgerRecording again = await Ledger.AddRecordingAsync(added with { State = RecordingState.Stopping, Etag = null }, Cancellation);
        Assert.Equal((RecordingState.Live, added.Etag), (again.State, again.Etag));
        Assert.Equal([session.Info.StartedAt], await ListedAsync());
        await Ledger.UnlistAsync(session.Id, Cancellation);
        Assert.Empty(await ListedAsync());
        await Ledger.RelistAsync(added, Cancellation);
        Assert.Single(await ListedAsync());

        LedgerSegment first = LedgerSegment.From(session.Segments[0], SegmentState.Sending, null);
        Assert.Same(first, await Ledger.AddSegmentAsync(first, Cancellation));
        LedgerSegment stored = await Ledger.AddSegmentAsync(first with { State = SegmentState.Moved, FileSize = 7 }, Cancellation);
        Assert.Equal(first, stored);
        await Ledger.PutSegmentAsync(first with { State = SegmentState.Moved, BlobUrl = "http://a/b" }, Cancellation);
        await Ledger.PutFaultAsync(session.Segments[1].Key, "vanished", Cancellation);
        await Ledger.PutManifestAsync(session.Manifest(ManifestState.Stopped, session.Info.StartedAt), Cancellation);
        LedgerContent all = await Ledger.ReadAsync(session.Id, Cancellation);
        Assert.Equal((added.Etag, session.SampleCount, SegmentState.Moved, "http://a/b", "vanished"), (all.Recording!.Etag,
            all.Manifest!.SampleCount, all.Segments.Single().Value.State, all.Segments.Single().Value.BlobUrl, all.Faults.Single().Value));
        await Ledger.UnlistAsync(session.Id, Cancellation);

        async Task<List<DateTimeOffset>> ListedAsync() => await Ledger.ListLiveAsync(Cancellation)
            .Where(live => live.Recording == session.Id).Select(live => live.StartedAt).ToListAsync(Cancellation);
    }

    [Fact]
    public async Task Everything_that_is_known_of_a_recording_is_kept()
    {
        Session session = new(74_074);
        DateTimeOffset now = session.Info.StartedAt;
        LedgerRecording known = await AddAsync(session);
        LedgerRecording full = known with
        {
            State = RecordingState.Amending,
            Flow = UploadFlow.Batch,
            ApiRecordingId = "7",
            StopSeenAt = now.AddSeconds(1),
            ProgressAt = now.AddSeconds(2),
            ProgressCount = 3,
            Ticket = new ReturnTicket(4, "token", now.AddSeconds(5), IsSent: true),
            FinalizedAt = now.AddSeconds(6),
            FinalizedCount = 7,
            AnnouncedCount = 8,
        };
        await Ledger.UpdateRecordingAsync(session.Id, _ => full, Cancellation);
        Assert.Equal(full, (await Ledger.FindRecordingAsync(session.Id, Cancellation))! with { Etag = full.Etag });
        await Ledger.UnlistAsync(session.Id, Cancellation);
    }

    private Task<LedgerRecording> AddAsync(Session session) => Ledger.AddRecordingAsync(new LedgerRecording
    {
        Session = session.Info,
        State = RecordingState.Live,
        Flow = UploadFlow.Live,
        CreatedAt = session.Info.StartedAt,
    }, Cancellation);
}
