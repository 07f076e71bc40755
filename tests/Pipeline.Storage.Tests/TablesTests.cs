using System.Globalization;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Storage.Tests;

/// <summary>Rows of the ledger and of what is kept for a person's eye: found, counted and deleted, those of others left alone.</summary>
public sealed class TablesTests(AzuriteFixture azurite)
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_are_deleted_a_hundred_at_a_time_and_those_that_are_kept_stay()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        TableClient table = room.Clients.Tables.GetTableClient(StorageNames.LedgerTable);
        string partition = $"{room.Recording}", other = $"{RecordingId.New(TimeProvider.System)}";
        await FillAsync(table, partition, 250);
        await FillAsync(table, other, 2);

        Assert.Equal(120, await PartitionEraser.DeleteSomeAsync(table, partition, IsOdd, 120, Cancel));
        Assert.Equal(5, await PartitionEraser.DeleteSomeAsync(table, partition, IsOdd, 120, Cancel));
        Assert.Equal(0, await PartitionEraser.DeleteSomeAsync(table, partition, IsOdd, 120, Cancel));
        Assert.Equal(125, await CountAsync(table, partition));
        await PartitionEraser.DeleteAsync(table, partition, key => key.StartsWith("row-00", StringComparison.Ordinal), Cancel);
        Assert.Equal(75, await CountAsync(table, partition));
        Assert.Equal(75, await PartitionEraser.DeleteSomeAsync(table, partition, isKept: null, 100, Cancel));
        Assert.Equal(2, await CountAsync(table, other));

        static bool IsOdd(string key) => int.Parse(key[4..], CultureInfo.InvariantCulture) % 2 == 1;
    }

    /// <summary>Two delete the same rows at the same time: neither fails, and all are gone.</summary>
    [Fact]
    public async Task Rows_that_somebody_else_deletes_meanwhile_are_no_fault()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        TableClient table = room.Clients.Tables.GetTableClient(StorageNames.LedgerTable);
        string partition = $"{room.Recording}";
        await FillAsync(table, partition, 150);
        bool isGone = false;
        await PartitionEraser.DeleteAsync(table, partition, key =>
        {
            // The listing has the row already when the other one takes it.
            if (!isGone) table.DeleteEntity(partition, "row-0003", cancellationToken: Cancel);
            isGone = true;
            return true;
        }, Cancel);
        Assert.True(isGone);
        Assert.Equal(0, await CountAsync(table, partition));
    }

    [Fact]
    public async Task Ledger_holds_a_recording_as_long_as_a_row_speaks_of_it()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        TableClient table = room.Clients.Tables.GetTableClient(StorageNames.LedgerTable);
        string recording = $"{room.Recording}";
        Assert.False(await room.Ledger.HoldsAsync(room.Recording, Cancel));
        await table.AddEntityAsync(new TableEntity(LedgerPartitions.Live, recording), Cancel);
        Assert.True(await room.Ledger.HoldsAsync(room.Recording, Cancel));
        await table.AddEntityAsync(new TableEntity(recording, LedgerPartitions.RecordingKey), Cancel);
        await table.AddEntityAsync(new TableEntity(recording, "another"), Cancel);
        Assert.Equal(1, await room.Ledger.DeleteSomeAsync(room.Recording, 1, Cancel));
        Assert.Equal(1, await room.Ledger.DeleteSomeAsync(room.Recording, 5, Cancel));
        Assert.Equal(0, await room.Ledger.DeleteSomeAsync(room.Recording, 5, Cancel));
        Assert.False(await room.Ledger.HoldsAsync(room.Recording, Cancel)); // also the row of the list
        await table.AddEntityAsync(new TableEntity(recording, LedgerPartitions.RecordingKey), Cancel);
        Assert.True(await room.Ledger.HoldsAsync(room.Recording, Cancel)); // finalized: in its partition only
    }

    [Fact]
    public async Task One_person_s_rows_are_counted_and_deleted_and_the_bot_s_account_stays_without_them()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        TableClient table = room.Clients.Tables.GetTableClient(StorageNames.LedgerTable);
        string recording = $"{room.Recording}";
        foreach (ulong user in new ulong[] { 5, 50 })
        {
            for (int index = 0; index < 3; index++)
                await table.AddEntityAsync(new TableEntity(recording, MovedSegments.RowKey(user, index)) { ["SampleCount"] = 100L + index },
                    Cancel);
            await table.AddEntityAsync(new TableEntity(recording,
                LedgerPartitions.FaultPrefix + MovedSegments.PersonPart(user) + "0000000009"), Cancel);
        }
        await table.AddEntityAsync(new TableEntity(recording, MovedSegments.RowKey(5, 3)), Cancel); // without a length
        await table.AddEntityAsync(new TableEntity(recording, LedgerPartitions.RecordingKey) { ["FinalizedCount"] = 7, ["State"] = "x" },
            Cancel);
        await table.AddEntityAsync(LedgerPartitions.Write(Account(room.Recording)), Cancel);
        Assert.Equal((4, 303L), await room.Ledger.CountPersonAsync(room.Recording, 5, Cancel));

        await room.Ledger.DeletePersonAsync(room.Recording, 5, time.GetUtcNow(), Cancel);
        Assert.Equal((0, 0L), await room.Ledger.CountPersonAsync(room.Recording, 5, Cancel));
        Assert.Equal((3, 303L), await room.Ledger.CountPersonAsync(room.Recording, 50, Cancel));
        Assert.Equal(6, await CountAsync(table, recording));
        TableEntity head = await table.GetEntityAsync<TableEntity>(recording, LedgerPartitions.RecordingKey, cancellationToken: Cancel);
        Assert.Equal((0, "x"), (head.GetInt32("FinalizedCount"), head.GetString("State")));
        TableEntity row = await table.GetEntityAsync<TableEntity>(recording, LedgerPartitions.ManifestKey, cancellationToken: Cancel);
        SessionManifest left = LedgerPartitions.ReadManifest(row)!;
        Assert.Equal([50ul], left.Notes.Select(note => note.UserId));
        Assert.Equal([(5ul, null, "agreed"), (5ul, null, "erased")],
            left.Consent!.Entries.Select(entry => (entry.UserId, entry.Username, entry.Choice)));
        Assert.Equal(time.GetUtcNow(), left.Consent.Entries[^1].At);

        // What does not name the person, and what was finalized without them, is not written again.
        await table.UpsertEntityAsync(new TableEntity(recording, LedgerPartitions.RecordingKey) { ["FinalizedCount"] = 3 },
            TableUpdateMode.Merge, Cancel);
        await room.Ledger.DeletePersonAsync(room.Recording, 5, time.GetUtcNow(), Cancel);
        Assert.Equal(row.ETag, (await table.GetEntityAsync<TableEntity>(recording, LedgerPartitions.ManifestKey,
            cancellationToken: Cancel)).Value.ETag);
        Assert.Equal(3, (await table.GetEntityAsync<TableEntity>(recording, LedgerPartitions.RecordingKey,
            cancellationToken: Cancel)).Value.GetInt32("FinalizedCount"));
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 })] // no gzip
    [InlineData(new byte[] { 0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0 })] // an empty one
    public async Task Account_that_nobody_can_read_goes_with_the_person(byte[] account)
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        TableClient table = room.Clients.Tables.GetTableClient(StorageNames.LedgerTable);
        string recording = $"{room.Recording}";
        await table.AddEntityAsync(new TableEntity(recording, LedgerPartitions.ManifestKey) { ["Data0"] = account }, Cancel);
        await table.AddEntityAsync(new TableEntity(recording, MovedSegments.RowKey(5, 0)), Cancel); // nothing was finalized
        await room.Ledger.DeletePersonAsync(room.Recording, 5, time.GetUtcNow(), Cancel);
        Assert.Equal(0, await CountAsync(table, recording));
    }

    [Theory]
    [InlineData(7, true)]
    [InlineData(8, false)]
    public async Task Account_that_others_write_all_the_time_is_tried_eight_times(int writes, bool isDone)
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        TableClient table = room.Clients.Tables.GetTableClient(StorageNames.LedgerTable);
        TableEntity account = LedgerPartitions.Write(Account(room.Recording));
        await table.AddEntityAsync(account, Cancel);
        int tries = 0;
        using Meddling wire = new($"PartitionKey='{room.Recording}',RowKey='manifest'", async () =>
        {
            if (tries++ < writes) await table.UpsertEntityAsync(account, TableUpdateMode.Replace, Cancel);
        });
        LedgerPartitions ledger = new(new StorageClients(new StorageOptions { ConnectionString = azurite.ConnectionString }, null!, wire));
        Task leaving = ledger.DeletePersonAsync(room.Recording, 5, time.GetUtcNow(), Cancel);
        if (isDone) await leaving;
        else Assert.Equal(412, (await Assert.ThrowsAsync<RequestFailedException>(() => leaving)).Status);
        TableEntity row = await table.GetEntityAsync<TableEntity>($"{room.Recording}", LedgerPartitions.ManifestKey,
            cancellationToken: Cancel);
        Assert.Equal((8, !isDone), (tries, LedgerPartitions.ReadManifest(row)!.Names(5)));
    }

    private SessionManifest Account(RecordingId recording) => new()
    {
        Session = new SessionInfo
        {
            RecordingId = recording,
            GuildId = 1,
            GuildName = "a server",
            ChannelId = 2,
            StartedBy = 3,
            StartedAt = time.GetUtcNow(),
        },
        State = ManifestState.Stopped,
        Incarnation = 1,
        UpdatedAt = time.GetUtcNow(),
        SampleCount = 1,
        Tracks = [],
        Notes = [.. new ulong[] { 5, 50 }.Select(user => new RecordingNote { Sample = 1, UserId = user, Text = "a note" })],
        Consent = new ConsentLedger { Mode = ConsentLedger.Ask }.With(new ConsentEntry
        {
            UserId = 5,
            Username = "Ada",
            At = time.GetUtcNow(),
            Choice = ConsentEntry.Agreed,
            Button = "a button",
        }, "words"),
    };

    [Fact]
    public async Task Erased_person_is_marked_once_and_only_where_the_pipeline_looks_after_the_recording()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        TableClient table = room.Clients.Tables.GetTableClient(StorageNames.LedgerTable);
        string recording = $"{room.Recording}";
        await room.Ledger.MarkErasedAsync(room.Recording, 5, time.GetUtcNow(), Cancel);
        Assert.Equal(0, await CountAsync(table, recording));
        await table.AddEntityAsync(new TableEntity(LedgerPartitions.Live, recording), Cancel);
        await room.Ledger.MarkErasedAsync(room.Recording, 5, time.GetUtcNow(), Cancel);
        await room.Ledger.MarkErasedAsync(room.Recording, 5, time.GetUtcNow().AddHours(1), Cancel);
        TableEntity row = await table.GetEntityAsync<TableEntity>(recording, LedgerPartitions.ErasedPrefix + "5",
            cancellationToken: Cancel);
        Assert.Equal(time.GetUtcNow(), row.GetDateTimeOffset(LedgerPartitions.ErasedAtColumn));
    }

    [Fact]
    public async Task Segments_in_their_place_are_read_between_two_keys()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite);
        TableClient table = room.Clients.Tables.GetTableClient(StorageNames.LedgerTable);
        string recording = $"{room.Recording}";
        for (int index = 0; index < 5; index++) await table.AddEntityAsync(Moved(index, "Moved"), Cancel);
        await table.AddEntityAsync(Moved(5, "Refused"), Cancel);
        TableEntity placeless = Moved(6, "Moved");
        placeless.Remove("BlobUrl");
        await table.AddEntityAsync(placeless, Cancel);

        List<MovedSegment> read = await new MovedSegments(room.Clients).ReadAsync(room.Recording, MovedSegments.RowKey(5, 1),
            MovedSegments.RowKey(5, 4), Cancel);
        Assert.Equal([1, 2, 3], read.Select(segment => segment.Index));
        Assert.Equal(new MovedSegment(5, 2, "Ada", "https://a/2", 1002, 96_000, 48_000, 2), read[1]);
        Assert.Equal(5, (await new MovedSegments(room.Clients).ReadAsync(room.Recording, MovedSegments.RowPrefix,
            RowFilter.Behind(MovedSegments.RowPrefix), Cancel)).Count);
        Assert.Equal("segment-00000000000000000005-0000000002", MovedSegments.RowKey(5, 2));

        TableEntity Moved(int index, string state) => new(recording, MovedSegments.RowKey(5, index))
        {
            ["UserId"] = "5",
            ["Index"] = index,
            ["State"] = state,
            ["Username"] = "Ada",
            ["BlobUrl"] = $"https://a/{index}",
            ["FileSize"] = 1000L + index,
            ["StartSample"] = index * 48_000L,
            ["SampleCount"] = 48_000L,
            ["Channels"] = 2,
        };
    }

    [Fact]
    public void Key_behind_a_prefix_is_the_next_one() =>
        Assert.Equal(("segment.", "b"), (RowFilter.Behind("segment-"), RowFilter.Behind("a")));

    /// <summary>Its text is kept for a person only when it was given up, in as many columns as it takes.</summary>
    [Fact]
    public async Task Message_that_failed_is_remembered_and_its_text_kept_when_it_is_given_up()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite, account: 2);
        Reports reports = new(room.Clients, time);
        PoisonMessage message = new("segment-ready", new string('a', 30 * 1024) + new string('b', 30 * 1024) + "c", "1", "2");
        Assert.Equal(new PoisonHistory(0, null), await reports.HistoryAsync(message, Cancel));
        await reports.WriteAsync(message, redrives: 3, givenUp: false, Cancel);
        Assert.Equal(new PoisonHistory(3, time.GetUtcNow()), await reports.HistoryAsync(message, Cancel));
        Assert.Equal(new PoisonHistory(0, null), await reports.HistoryAsync(message with { Queue = "recording-stopped" }, Cancel));
        Assert.Equal(new PoisonHistory(0, null), await reports.HistoryAsync(message with { Text = "other" }, Cancel));
        Assert.Equal((0, 0), await reports.CountAsync(Cancel));

        await reports.WriteAsync(message, redrives: 4, givenUp: true, Cancel);
        Assert.Equal((1, 0), await reports.CountAsync(Cancel));
        TableEntity row = Assert.Single(await RowsAsync(room));
        Assert.Equal([30 * 1024, 30 * 1024, 1], new[] { 0, 1, 2 }.Select(chunk => row.GetString($"Text{chunk}").Length));
        Assert.Equal(message.Text, row.GetString("Text0") + row.GetString("Text1") + row.GetString("Text2"));
        Assert.False(row.ContainsKey("Text3"));
        Assert.Equal((4, true, "segment-ready"), (row.GetInt32("Redrives"), row.GetBoolean("GivenUp"), row.GetString("Queue")));
    }

    [Fact]
    public async Task Notes_of_a_recording_or_of_one_person_in_it_are_forgotten_and_others_kept()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite, account: 3);
        Reports reports = new(room.Clients, time);
        RecordingId recording = room.Recording, other = RecordingId.New(TimeProvider.System);
        string[] ofAda = ["user 5", $"{recording}/5/7", BlobPaths.Segment(new SegmentKey(recording, 5, 1), "Ada")];
        string[] ofOthers = ["user 50", $"{recording}/50/7", BlobPaths.Segment(new SegmentKey(recording, 50, 1), "Ben"), "mix.flac"];
        foreach (string subject in ofAda.Concat(ofOthers)) await reports.WriteAsync(recording, subject, "vanished", Cancel);
        await reports.WriteAsync(recording, ofAda[0], "vanished", Cancel); // the same once more
        await reports.WriteAsync(other, "user 5", "vanished", Cancel);
        PoisonMessage hers = new("segment-ready", $"{{\"recordingId\":\"{recording}\",\"userId\":\"5\"}}", "", "");
        await reports.WriteAsync(hers, 3, givenUp: true, Cancel);
        await reports.WriteAsync(hers with { Text = $"{{\"recordingId\":\"{recording}\",\"userId\":\"50\"}}" }, 3, givenUp: true, Cancel);
        await reports.WriteAsync(hers with { Text = $"{{\"recordingId\":\"{other}\",\"userId\":\"5\"}}" }, 3, givenUp: true, Cancel);
        await reports.WriteAsync(hers with { Text = $"{recording} \"5\"" }, 3, givenUp: false, Cancel); // it is still tried
        Assert.Equal((3, 8), await reports.CountAsync(Cancel));

        await reports.DeletePersonAsync(recording, 5, Cancel);
        Assert.Equal((2, 5), await reports.CountAsync(Cancel));
        Assert.DoesNotContain(await RowsAsync(room), row =>
            row.GetString("Recording") == $"{recording}" && ofAda.Contains(row.GetString("Subject")));
        await reports.DeleteAsync(recording, Cancel);
        Assert.Equal((1, 1), await reports.CountAsync(Cancel));
        Assert.Single(await RowsAsync(room), row => row.GetString("Recording") == $"{other}" && row.GetString("Subject") == "user 5");
        Assert.Equal(3, (await RowsAsync(room)).Count);
    }

    /// <summary>Does something right before each write of a row.</summary>
    private sealed class Meddling(string row, Func<Task> meanwhile) : HttpPipelineTransport, IDisposable
    {
        private readonly HttpClientTransport inner = new();

        public void Dispose() => inner.Dispose();

        public override Request CreateRequest() => inner.CreateRequest();

        public override void Process(HttpMessage message) => throw new NotSupportedException();

        public override async ValueTask ProcessAsync(HttpMessage message)
        {
            bool isWrite = message.Request.Method == RequestMethod.Put;
            if (isWrite && message.Request.Uri.ToString().Contains(row, StringComparison.Ordinal)) await meanwhile();
            await inner.ProcessAsync(message);
        }
    }

    private static async Task<List<TableEntity>> RowsAsync(StorageRoom room)
    {
        List<TableEntity> rows = [];
        await foreach (TableEntity row in room.Clients.Tables.GetTableClient(StorageNames.ReportsTable)
            .QueryAsync<TableEntity>(cancellationToken: Cancel)) rows.Add(row);
        return rows;
    }

    private static async Task FillAsync(TableClient table, string partition, int rows)
    {
        foreach (int[] batch in Enumerable.Range(0, rows).Chunk(100))
        {
            await table.SubmitTransactionAsync(batch.Select(row => new TableTransactionAction(TableTransactionActionType.Add,
                new TableEntity(partition, $"row-{row:D4}"))), Cancel);
        }
    }

    private static async Task<int> CountAsync(TableClient table, string partition)
    {
        int count = 0;
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition}");
        await foreach (TableEntity _ in table.QueryAsync<TableEntity>(filter, cancellationToken: Cancel)) count++;
        return count;
    }
}
