using System.Net;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Events;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

public sealed class RecordingDeletionTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(560, 2_001, 2, 4)] // four pieces and one more file
    [InlineData(5601, 6_001, 4, 8)] // more than one list of the storage names
    [Trait("Category", "Long")]
    public async Task Large_recording_goes_in_pieces_and_says_how_far_it_is(int seed, int files, int fewest, int most)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, time: new LeapingClock());
        Session session = new(seed);
        Assert.True(await app.StartRecordingAsync(session.Started));
        await PutManyAsync(app, session.Id, files);

        using HttpResponseMessage first = await DeleteAsync(app, session.Id);
        DeletionState state = await app.ReadAsync(first, WireJsonContext.Default.DeletionState);
        Assert.Equal((HttpStatusCode.Accepted, "deleting", files), (first.StatusCode, state.Status, state.RemainingFiles));
        Assert.Equal($"/api/recordings/{session.Id}/deletion", first.Headers.Location?.OriginalString);
        Assert.True(first.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Null(await app.RecordingAsync(session.Id));

        List<int> left = [];
        while ((state = await StateAsync(app, session.Id)).Status == "deleting")
        {
            left.Add(state.RemainingFiles);
            Assert.True(left.Count <= most, $"left after each piece: {string.Join(", ", left)}");
            Assert.True(await app.EraseAsync(session.Id));
        }
        Assert.InRange(left.Count, fewest, most);
        Assert.Equal(left.OrderDescending(), left);
        Assert.Empty(await BlobsAsync(app, session.Id));
        using HttpResponseMessage last = await DeleteAsync(app, session.Id);
        Assert.Equal(HttpStatusCode.NoContent, last.StatusCode);
    }

    /// <summary>The process ends at the first, second, third … request to the storage, again and again, until it gets through.</summary>
    [Fact]
    public async Task Deletion_that_is_cut_off_anywhere_leaves_nothing()
    {
        CutOff cut = new();
        await using App app = await App.StartAsync(azurite.ConnectionString, services: services => services.AddSingleton(
            new StorageClients(new StorageOptions { ConnectionString = azurite.ConnectionString }, null!, cut)));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        Session session = new(561, (5, "Ada", 6), (6, "Grace", 6));
        await session.PutAllAsync(app.Storage);
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        foreach (SegmentReady segment in session.Segments[..10]) Assert.True(await app.MoveAsync(segment));
        await app.Get<Reports>().WriteAsync(session.Id, session.Segments[0].BlobName, "altered", Cancellation);
        Uri lateUrl = await app.Get<RecordingsContainer>().UploadUrlAsync($"{session.Id}/5-Ada/segment_011.wav", Cancellation);

        int cuts = await cut.UntilThroughAsync(async () =>
        {
            using HttpResponseMessage answer = await DeleteAsync(app, session.Id);
            return answer.StatusCode == HttpStatusCode.Accepted;
        });
        cuts += await cut.UntilThroughAsync(async () =>
        {
            await app.EraseAsync(session.Id);
            Assert.False(cut.HasCut);
            cut.Never();
            return await app.Get<DeletionTable>().FindAsync(session.Id, Cancellation) is { IsDone: true };
        });
        Assert.InRange(cuts, 10, 200);
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
        Assert.Empty(await BlobsAsync(app, session.Id));

        // Put by an upload URL that was given before; the last look takes it.
        await new BlobClient(lateUrl).UploadAsync(new BinaryData([1, 2, 3, 4]), Cancellation);
        await cut.UntilThroughAsync(async () =>
        {
            await app.EraseAsync(session.Id);
            Assert.False(cut.HasCut);
            cut.Never();
            return await app.Get<DeletionTable>().FindLookAsync(session.Id, Cancellation) is null;
        });

        Assert.Empty(await BlobsAsync(app, session.Id));
        List<TableEntity> rows = await RowsAsync(app, StorageNames.CatalogueTable, session.Id);
        Assert.Equal(["PartitionKey", "RowKey", "Status", "Timestamp", "odata.etag"],
            Assert.Single(rows).Keys.Order(StringComparer.Ordinal));
        Assert.Equal("Deleted", rows[0].GetString("Status"));
        Assert.Empty(await RowsAsync(app, StorageNames.LedgerTable, session.Id));
        Assert.Empty(await RowsAsync(app, StorageNames.ReportsTable, session.Id));
        PipelineEvent told = (await app.Get<EventTable>().FindAsync($"evt_recording.deleted_{session.Id}", Cancellation))!;
        Assert.Equal((session.Info.GuildId.ToString(), "77", null), (told.Data.GuildId, told.Data.ChannelId, told.Data.Title));
        Assert.Single(app.Log.Lines, line => line.EventId == 5051 && line.Text.Contains($"{session.Id}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Deletion_of_a_finished_recording_leaves_no_row_of_its_segments()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = new(5690, (5, "Ada", 2));
        await session.PutAllAsync(app.Storage);
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        Assert.Contains(await RowsAsync(app, StorageNames.CatalogueTable, session.Id), IsOfSegment);
        await app.DeleteRecordingAsync(session.Id);
        Assert.DoesNotContain(await RowsAsync(app, StorageNames.CatalogueTable, session.Id), IsOfSegment);

        static bool IsOfSegment(TableEntity row) => row.RowKey.StartsWith("segment-", StringComparison.Ordinal);
    }

    /// <summary>Cut off where the next look is arranged, the message of this one has to come again.</summary>
    [Fact]
    public async Task Look_at_a_recording_whose_bot_is_at_work_is_not_over_before_the_next_is_arranged()
    {
        using CutOff cut = new();
        await using App app = await App.StartAsync(azurite.ConnectionString, services: services => services.AddSingleton(
            new StorageClients(new StorageOptions { ConnectionString = azurite.ConnectionString }, null!, cut)));
        Session session = new(5691);
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Recording, session.Info.StartedAt));
        BlobLeaseClient lease = app.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).GetBlobLeaseClient();
        await lease.AcquireAsync(TimeSpan.FromSeconds(-1), cancellationToken: Cancellation);
        Assert.True(await app.StartRecordingAsync(session.Started));
        using HttpResponseMessage answer = await DeleteAsync(app, session.Id);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        int cuts = await cut.UntilThroughAsync(async () =>
        {
            await app.Get<RecordingErasure>().RunAsync(new DeleteRecording { RecordingId = session.Id, Look = 0 }, Cancellation);
            Assert.False(cut.HasCut);
            cut.Never();
            Assert.Equal(1, (await app.Get<DeletionTable>().FindLookAsync(session.Id, Cancellation))!.Number);
            return true;
        });
        Assert.InRange(cuts, 5, 100);
        await lease.ReleaseAsync(cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Segment_that_comes_late_leaves_no_name_in_the_ledger()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = new(562, (5, "Ada", 2));
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        await app.DeleteRecordingAsync(session.Id);
        await session.PutAsync(app.Storage, session.Segments[1]);

        Assert.True(await app.MoveAsync(session.Segments[1]));

        Assert.Empty(await session.LeftInTempAsync(app.Storage));
        foreach (TableEntity row in await RowsAsync(app, StorageNames.LedgerTable, session.Id))
        {
            Assert.DoesNotContain(row.Keys.Select(name => row[name]), value => value is string text
                && (text.Contains("Weekly", StringComparison.Ordinal) || text.Contains("guild ", StringComparison.Ordinal)
                || text.Contains("Ada", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Unknown_recording_is_404_and_what_is_no_id_is_400()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        RecordingId unknown = new Session(563).Id;
        foreach (string path in new[] { "", "/deletion" })
        {
            using HttpRequestMessage known = new(path.Length == 0 ? HttpMethod.Delete : HttpMethod.Get, $"api/recordings/{unknown}{path}");
            using HttpRequestMessage wrong = new(known.Method, $"api/recordings/abc{path}");
            Assert.Equal(HttpStatusCode.NotFound, (await app.Http.SendAsync(known, Cancellation)).StatusCode);
            using HttpResponseMessage refused = await app.Http.SendAsync(wrong, Cancellation);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Contains("\"recordingId\"", await refused.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Manifest_of_a_bot_at_work_is_waited_for()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = new(564, (5, "Ada", 1));
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Recording, session.Info.StartedAt));
        Assert.True(await app.StartRecordingAsync(session.Started));
        BlobLeaseClient lease = app.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).GetBlobLeaseClient();
        await lease.AcquireAsync(TimeSpan.FromSeconds(-1), cancellationToken: Cancellation);
        using HttpResponseMessage asked = await DeleteAsync(app, session.Id);

        Assert.True(await app.EraseAsync(session.Id));
        Assert.Equal("deleting", (await StateAsync(app, session.Id)).Status);
        await lease.ReleaseAsync(cancellationToken: Cancellation);
        Assert.True(await app.EraseAsync(session.Id));

        Assert.Equal("deleted", (await StateAsync(app, session.Id)).Status);
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Message_of_each_look_has_its_number_and_is_hidden_until_it_is_due()
    {
        using SentMessages sent = new();
        await using App app = await App.StartAsync(azurite.ConnectionString,
            services: services => sent.Register(services, azurite.ConnectionString));
        Session session = new(567);
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Recording, session.Info.StartedAt));
        Assert.True(await app.StartRecordingAsync(session.Started));
        BlobLeaseClient lease = app.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).GetBlobLeaseClient();
        await lease.AcquireAsync(TimeSpan.FromSeconds(-1), cancellationToken: Cancellation);
        using HttpResponseMessage asked = await DeleteAsync(app, session.Id);
        Assert.True(await app.EraseAsync(session.Id));
        await lease.ReleaseAsync(cancellationToken: Cancellation);
        Assert.True(await app.EraseAsync(session.Id));

        // At once, when its bot may have let go, and when no upload URL is valid any longer.
        Assert.Equal([(0, 0), (1, 60), (2, 900)], sent.Of(StorageNames.DeletionQueue, DeletionJsonContext.Default.DeleteRecording)
            .Where(one => one.Message.RecordingId == session.Id).Select(one => (one.Message.Look, (int)one.Delay.TotalSeconds)));
    }

    [Fact]
    public async Task Lost_message_is_sent_again()
    {
        Clock clock = new();
        await using App app = await App.StartAsync(azurite.ConnectionString, time: clock);
        Session session = new(565);
        Assert.True(await app.StartRecordingAsync(session.Started));
        using HttpResponseMessage asked = await DeleteAsync(app, session.Id);
        Assert.Equal(0, (await TakeMessageAsync(app, session.Id)).Look);

        clock.Ahead = DeletionSweep.Patience + TimeSpan.FromSeconds(1);
        await app.Get<DeletionSweep>().RunAsync(Cancellation);

        await app.Get<RecordingErasure>().RunAsync(await TakeMessageAsync(app, session.Id), Cancellation);
        Assert.Equal("deleted", (await StateAsync(app, session.Id)).Status);
    }

    [Fact]
    public async Task Files_of_a_recording_deleted_long_ago_are_found()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        RecordingId id = new Session(566).Id;
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await app.Storage.Tables.GetTableClient(StorageNames.CatalogueTable).UpsertEntityAsync(
            new TableEntity(id.ToString(), "recording") { ["Status"] = "Deleted" }, cancellationToken: Cancellation);
        await PutManyAsync(app, id, 3);

        for (int page = 0; page < 500 && await app.Get<DeletionTable>().FindLookAsync(id, Cancellation) is null; page++)
            await app.Get<DeletionSweep>().RunAsync(Cancellation);
        Assert.True(await app.EraseAsync(id));

        Assert.Empty(await BlobsAsync(app, id));
        Assert.False(await app.EraseAsync(id));
    }

    private static Task<HttpResponseMessage> DeleteAsync(App app, RecordingId id) =>
        app.Http.DeleteAsync(new Uri($"api/recordings/{id}", UriKind.Relative), Cancellation);

    private static async Task<DeletionState> StateAsync(App app, RecordingId id)
    {
        using HttpResponseMessage answer = await app.Http.GetAsync(new Uri($"api/recordings/{id}/deletion", UriKind.Relative),
            Cancellation);
        return await app.ReadAsync(answer, WireJsonContext.Default.DeletionState);
    }

    private static async Task PutManyAsync(App app, RecordingId id, int count) => await Parallel.ForEachAsync(
        Enumerable.Range(0, count),
        new ParallelOptions { MaxDegreeOfParallelism = 24, CancellationToken = Cancellation },
        async (index, stop) =>
            await app.Storage.Recordings.GetBlobClient($"{id}/5-Ada/{BlobPaths.SegmentFileName(index)}")
            .UploadAsync(new BinaryData([1, 2, 3, 4]), stop));

    private static async Task<List<string>> BlobsAsync(App app, RecordingId id)
    {
        List<string> names = [];
        await foreach (BlobItem item in app.Storage.Recordings.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{id}/" }, Cancellation))
            names.Add(item.Name);
        return names;
    }

    /// <summary>All rows of a table that have anything to do with a recording.</summary>
    private static async Task<List<TableEntity>> RowsAsync(App app, string table, RecordingId id)
    {
        List<TableEntity> rows = [];
        await foreach (TableEntity row in app.Storage.Tables.GetTableClient(table).QueryAsync<TableEntity>(cancellationToken: Cancellation))
        {
            if (row.PartitionKey == id.ToString() || row.RowKey.Contains(id.ToString(), StringComparison.Ordinal)) rows.Add(row);
        }
        return rows;
    }

    private static async Task<DeleteRecording> TakeMessageAsync(App app, RecordingId id)
    {
        QueueClient queue = app.Storage.Queues.GetQueueClient(StorageNames.DeletionQueue);
        long began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1))
        {
            // Other tests' messages come back after a second.
            foreach (QueueMessage message in (await queue.ReceiveMessagesAsync(32, TimeSpan.FromSeconds(1), Cancellation)).Value)
            {
                if (DeletionMessages.TryReadForget(message.Body.ToMemory()) is not null) continue;
                DeleteRecording read = DeletionMessages.Read(message.Body.ToMemory());
                if (read.RecordingId != id) continue;
                await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
                return read;
            }
        }
        throw new InvalidOperationException($"no message to delete recording {id} came within a minute");
    }

    /// <summary>Each look at the clock costs four seconds, so that a run is out of time after three pieces on any machine.</summary>
    private sealed class LeapingClock : TimeProvider
    {
        private long seconds;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Add(ref seconds, 4);
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
    }
}
