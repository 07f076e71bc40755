using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

/// <summary>A service that takes something no more, or has forgotten it: what is done with the bytes, and who is told.</summary>
public sealed class RefusingApiTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly SentMessages sent = new();
    private ForeignApi foreign = null!;
    private App app = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreign = await ForeignApi.StartAsync();
        app = await App.StartAsync(azurite.ConnectionString, new() { ["RecordingApi:BaseUrl"] = foreign.Address.AbsoluteUri },
            services: services => sent.Register(services, azurite.ConnectionString));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await foreign.DisposeAsync();
        sent.Dispose();
    }

    [Fact]
    public async Task Plain_end_is_sent_once_and_says_nothing_of_what_there_is_none_of()
    {
        Session session = await PutAsync(74_010, 1);
        TrackSummary track = session.Tracks[0] with { Health = new Dictionary<string, long>() };
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped with { Tracks = [track] }));

        Assert.Equal((1, 1, 1), (foreign.Count("init-live"), foreign.Count("segment-upload-url"), foreign.Count("finalize")));
        Assert.Equal(["duration", "endReason", "participantCount", "segments", "sessionEndTime", "totalSize"],
            foreign.Last("finalize").EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null)
                .Select(field => field.Name).Order(StringComparer.Ordinal));
        Assert.Empty(await NotesAsync(session));
        Assert.DoesNotContain(session.Id, await LiveAsync());
    }

    [Fact]
    public async Task End_that_is_refused_is_told_as_an_amendment_and_then_noted()
    {
        Session session = await PutAsync(74_011, 1);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        foreign.Refused.Add("finalize");
        Assert.True(await app.FinalizeAsync(session.Stopped with { EndReason = EndReason.Limit }));

        Assert.Equal(2, foreign.Count("finalize"));
        JsonElement last = foreign.Last("finalize");
        Assert.Equal((true, "limit"), (last.GetProperty("amends").GetBoolean(), last.GetProperty("endReason").GetString()));
        Assert.Equal("finalize", Assert.Single(await NotesAsync(session)));
    }

    [Theory]
    [InlineData(74_015, "init", 0)]
    [InlineData(74_016, "complete", 1)]
    public async Task Batch_that_is_refused_is_noted_and_its_bytes_stay(int seed, string operation, int files)
    {
        foreign.HasInitLive = false;
        foreign.Refused.Add(operation);
        Session session = await PutAsync(seed, 1);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));

        Assert.Equal((1, files), (foreign.Count(operation), foreign.Files.Count));
        Assert.Single(await session.LeftInTempAsync(app.Storage));
        Assert.Equal("finalize", Assert.Single(await NotesAsync(session)));
    }

    [Fact]
    public async Task Service_that_refuses_every_file_is_left_in_peace()
    {
        foreign.HasInitLive = false;
        Session session = await PutAsync(74_017, 24);
        foreach (SegmentReady segment in session.Segments)
        {
            Assert.True(await app.MoveAsync(segment));
            foreign.PutFaults[$"5/{BlobPaths.SegmentFileName(segment.SegmentIndex)}"] = (403, null);
        }
        Assert.True(await app.FinalizeAsync(session.Stopped));
        // Eight at once: when the eighth has been refused, seven more may be on their way.
        Assert.InRange(foreign.PutHeaders.Count, 8, 15);
        Assert.Equal(24, (await session.LeftInTempAsync(app.Storage)).Length);
    }

    [Fact]
    public async Task Blob_of_a_batch_that_is_not_complete_stays_when_its_message_comes_again()
    {
        foreign.HasInitLive = false;
        Session session = await PutAsync(74_018, 3);
        foreach (SegmentReady segment in session.Segments[..2]) Assert.True(await app.MoveAsync(segment));
        foreign.PutFaults["5/segment_001.wav"] = (429, "60");
        RecordingStopped stopped = session.Stopped with { Tracks = [] };
        Assert.True(await app.FinalizeAsync(stopped));
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.Equal(3, (await session.LeftInTempAsync(app.Storage)).Length);

        // Gone before it was looked at: a service that has no place for a single segment is not asked for one.
        await app.Storage.Temp.GetBlobClient(session.Segments[2].BlobName).DeleteAsync(cancellationToken: Cancellation);
        Assert.False(await app.MoveAsync(session.Segments[2]));
        Assert.Equal(0, foreign.Count("segment-upload-url"));
        Assert.True(await app.FinalizeAsync(stopped));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
        Assert.True(await app.FinalizeAsync(stopped)); // its places are used up
        Assert.Equal((2, 2), (foreign.Count("init"), foreign.Count("complete")));
    }

    [Fact]
    public async Task Recording_that_was_deleted_meanwhile_is_dropped_and_nobody_is_told()
    {
        Session session = await PutAsync(74_019, 2);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt) with { Tracks = [] });
        foreign.IsDeleted = true;
        Assert.True(await app.FinalizeAsync(session.Stopped with { Tracks = [] }));

        Assert.Empty(await session.LeftInTempAsync(app.Storage));
        Assert.Equal(RecordingState.Deleted, (await app.Get<LedgerTable>().FindRecordingAsync(session.Id, Cancellation))!.State);
        Assert.Empty(await NotesAsync(session));
        Assert.DoesNotContain(session.Id, await LiveAsync());
    }

    [Fact]
    public async Task Service_that_knows_live_recordings_no_more_gets_the_batch_flow()
    {
        Session session = await PutAsync(74_020, 2), moved = await PutAsync(74_025, 1);
        foreach (SegmentReady segment in new[] { session.Segments[0], moved.Segments[0] }) Assert.True(await app.MoveAsync(segment));
        (foreign.HasInitLive, foreign.HasForgotten) = (false, true);
        Assert.True(await app.MoveAsync(session.Segments[1]));
        Assert.Equal(SegmentState.Collected,
            (await app.Get<LedgerTable>().FindSegmentAsync(session.Segments[1].Key, Cancellation))!.State);
        Assert.True(await app.FinalizeAsync(session.Stopped));
        Assert.Equal((1, 1, 0), (foreign.Count("init"), foreign.Count("complete"), foreign.Count("finalize")));
        Assert.True(await app.FinalizeAsync(moved.Stopped));
        Assert.Equal((2, 2, 1), (foreign.Count("init"), foreign.Count("complete"), foreign.Count("finalize")));
        Assert.Empty(await NotesAsync(session));
        Assert.Empty(await NotesAsync(moved));
    }

    [Fact]
    public async Task Segment_is_not_sent_where_its_row_names_another_hash()
    {
        Session session = await PutAsync(74_021, 1);
        SegmentReady segment = session.Segments[0];
        await app.Get<LedgerTable>().AddSegmentAsync(LedgerSegment.From(segment with { ContentMd5 = "other" }, SegmentState.Sending, null),
            Cancellation);
        Assert.False(await app.MoveAsync(segment));
        Assert.Equal([new(segment.Key, "conflict")], await app.Get<LedgerTable>().FaultsAsync(session.Id, Cancellation));
        Assert.Empty(foreign.Files);
    }

    [Fact]
    public async Task Bytes_that_lay_at_the_place_before_ours_were_sent_are_not_taken_for_ours()
    {
        BlobContainerClient container = new(azurite.Azurite.SecondConnectionString, "theirs");
        await container.CreateIfNotExistsAsync(cancellationToken: Cancellation);
        BlobClient there = container.GetBlobClient("taken/5/segment_000.wav");
        await there.UploadAsync(new BinaryData("others"), overwrite: true, Cancellation);
        BlobSasBuilder create = new(BlobSasPermissions.Create, TimeProvider.System.GetUtcNow().AddMinutes(10))
        {
            BlobContainerName = container.Name,
            BlobName = there.Name,
            Resource = "b",
        };
        foreign.UploadUrlFor = _ => there.GenerateSasUri(create).AbsoluteUri;
        Session session = await PutAsync(74_022, 1);
        await app.MoveAsync(session.Segments[0]);
        Assert.Equal(SegmentState.Sending,
            (await app.Get<LedgerTable>().FindSegmentAsync(session.Segments[0].Key, Cancellation))!.State);
        Assert.Single(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Message_goes_back_with_one_try_more_for_as_long_as_the_service_asks()
    {
        Session session = await PutAsync(74_023, 1);
        foreign.Faults.Enqueue((503, "6")); // more than is waited for within a call
        Assert.True(await app.StartRecordingAsync(session.Started with { Attempt = 2 }));
        (TimeSpan delay, RecordingStarted started) =
            Assert.Single(sent.Of(StorageNames.RecordingStartedQueue, ContractsJsonContext.Default.RecordingStarted));
        Assert.InRange(delay.TotalSeconds, 8, 9); // as after two tries without a word
        Assert.Equal((3, 1), (started.Attempt, foreign.Count("init-live")));

        Assert.True(await app.StartRecordingAsync(session.Started));
        foreign.Faults.Enqueue((503, "120"));
        Assert.True(await app.MoveAsync(session.Segments[0] with { Attempt = 4 }));
        (delay, SegmentReady segment) = Assert.Single(sent.Of(StorageNames.SegmentReadyQueue, ContractsJsonContext.Default.SegmentReady));
        Assert.InRange(delay.TotalSeconds, 120, 128);
        Assert.Equal(session.Segments[0] with { Attempt = 5 }, segment);

        Assert.True(await app.MoveAsync(session.Segments[0]));
        foreign.Faults.Enqueue((503, "120"));
        Assert.True(await app.FinalizeAsync(session.Stopped with { Attempt = 7, Outages = 3 }));
        (delay, RecordingStopped stopped) = Assert.Single(sent.Stops);
        Assert.InRange(delay.TotalSeconds, 120, 124);
        Assert.Equal((8, 4), (stopped.Attempt, stopped.Outages));
    }

    [Fact]
    public async Task Service_that_fails_four_times_in_a_row_is_asked_again_later()
    {
        Session session = await PutAsync(74_024, 0);
        for (int i = 0; i < 4; i++) foreign.Faults.Enqueue((500, "0"));
        Assert.True(await app.StartRecordingAsync(session.Started));
        Assert.Equal(4, foreign.Count("init-live"));
        Assert.Single(sent.Of(StorageNames.RecordingStartedQueue, ContractsJsonContext.Default.RecordingStarted));
    }

    private async Task<Session> PutAsync(int seed, int segments)
    {
        Session session = segments == 0 ? new(seed) : new(seed, (5, "Ada", segments));
        await session.PutAllAsync(app.Storage);
        return session;
    }

    /// <summary>What was noted of the recording for its owner.</summary>
    private async Task<List<string>> NotesAsync(Session session)
    {
        string id = $"{session.Id}";
        return await app.Storage.Tables.GetTableClient(StorageNames.ReportsTable)
            .QueryAsync<TableEntity>($"Recording eq '{id}'", cancellationToken: Cancellation)
            .Select(row => row.GetString("Subject")).ToListAsync(Cancellation);
    }

    private async Task<List<RecordingId>> LiveAsync() =>
        await app.Get<LedgerTable>().ListLiveAsync(Cancellation).Select(live => live.Recording).ToListAsync(Cancellation);
}
