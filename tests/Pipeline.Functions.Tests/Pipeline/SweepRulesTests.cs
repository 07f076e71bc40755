using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues.Models;
using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

/// <summary>How often a sweep tries what, and what it tells; on an account of its own, for sweeps look at all of it.</summary>
public sealed class SweepRulesTests(AzuriteFixture azurite) : SweptAccount(azurite, 24)
{
    [Fact]
    public async Task Orphan_is_tried_after_pauses_that_double_and_at_once_when_it_has_changed()
    {
        Session session = new(5901, (5, "Ada", 1));
        await session.PutAllAsync(App.Storage);
        Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(1, await AdoptedAsync(session));
        foreach (int minutes in (int[])[2, 4, 8])
        {
            Clock.Advance(TimeSpan.FromMinutes(minutes) - Millisecond);
            Assert.Equal(0, await AdoptedAsync(session));
            Clock.Advance(Millisecond);
            Assert.Equal(1, await AdoptedAsync(session));
        }
        await session.PutAsync(App.Storage, session.Segments[0]); // another version
        Assert.Equal(1, await AdoptedAsync(session));
        Clock.Advance(TimeSpan.FromMinutes(2) - Millisecond);
        Assert.Equal(0, await AdoptedAsync(session));
        Clock.Advance(Millisecond);
        Assert.Equal(1, await AdoptedAsync(session));

        for (int i = 0; i < 8; i++)
        {
            Clock.Advance(TimeSpan.FromHours(6)); // the longest pause
            Assert.Equal(1, await AdoptedAsync(session));
        }
        Clock.Advance(TimeSpan.FromHours(6) - Millisecond);
        Assert.Equal(0, await AdoptedAsync(session));
        await App.Storage.Temp.GetBlobClient(session.Segments[0].BlobName).DeleteIfExistsAsync(cancellationToken: Cancellation);
    }

    [Fact]
    public async Task What_belongs_to_nothing_is_told_and_never_sent()
    {
        Session session = new(5902, (5, "Ada", 2));
        string strange = $"{session.Id}/notes.txt", nameless = session.Segments[0].BlobName, foreign = session.Segments[1].BlobName;
        string renamed = BlobPaths.Segment(session.Segments[1].Key, "Eve");
        await App.Storage.Temp.GetBlobClient(strange).UploadAsync(new BinaryData([1]), true, Cancellation);
        await App.Storage.Temp.GetBlobClient(nameless).UploadAsync(new BinaryData([1]), true, Cancellation);
        await session.PutAsync(App.Storage, session.Segments[1] with { SegmentIndex = 7, BlobName = foreign, UserId = 5 },
            session.Segments[1]);
        await session.PutAsync(App.Storage, session.Segments[1], session.Segments[1] with { BlobName = renamed });
        Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(0, await AdoptedAsync(session));
        Assert.Equal(0, await AdoptedAsync(session));

        foreach (string name in (string[])[strange, nameless, foreign, renamed])
            Assert.Single(App.Log.Lines, line => line.EventId == 5025 && line.Text.StartsWith(name, StringComparison.Ordinal));
        List<string> noted = [];
        await foreach (TableEntity row in App.Storage.Tables.GetTableClient(StorageNames.ReportsTable)
            .QueryAsync<TableEntity>(cancellationToken: Cancellation))
        {
            if (row.GetString("Recording") == session.Id.ToString()) noted.Add(row.GetString("Subject"));
        }
        Assert.Equal(new[] { nameless, foreign, renamed }.Order(StringComparer.Ordinal), noted.Order(StringComparer.Ordinal));
        foreach (string name in (string[])[strange, nameless, foreign, renamed])
        {
            Assert.True(await App.Storage.Temp.GetBlobClient(name).ExistsAsync(Cancellation));
            await App.Storage.Temp.GetBlobClient(name).DeleteAsync(cancellationToken: Cancellation);
        }
    }

    [Fact]
    public async Task What_waits_for_its_batch_or_was_refused_is_no_orphan_and_what_has_no_reason_to_lie_there_is()
    {
        (UploadFlow Flow, RecordingState Recording, SegmentState? Segment, bool IsOrphan)[] cases =
        [
            (UploadFlow.Batch, RecordingState.Live, SegmentState.Collected, false),
            (UploadFlow.Batch, RecordingState.Stopping, SegmentState.Moved, false),
            (UploadFlow.Batch, RecordingState.Amending, SegmentState.Moved, false),
            (UploadFlow.Batch, RecordingState.Finalized, SegmentState.Moved, true),
            (UploadFlow.Batch, RecordingState.Deleted, SegmentState.Moved, true),
            (UploadFlow.Batch, RecordingState.Live, SegmentState.Sending, true),
            (UploadFlow.Batch, RecordingState.Live, null, true),
            (UploadFlow.Live, RecordingState.Finalized, SegmentState.Refused, false),
            (UploadFlow.Live, RecordingState.Live, SegmentState.Moved, true),
            (UploadFlow.Live, RecordingState.Live, SegmentState.Sending, true),
        ];
        LedgerTable ledger = App.Get<LedgerTable>();
        List<Session> sessions = [];
        for (int i = 0; i < cases.Length; i++)
        {
            Session session = new(59_100 + i, (5, "Ada", 1));
            sessions.Add(session);
            await session.PutAllAsync(App.Storage);
            await ledger.AddRecordingAsync(new LedgerRecording
            {
                Session = session.Info,
                State = cases[i].Recording,
                Flow = cases[i].Flow,
                CreatedAt = session.Info.StartedAt,
            }, Cancellation);
            if (cases[i].Segment is { } state)
                await ledger.PutSegmentAsync(LedgerSegment.From(session.Segments[0], state, null), Cancellation);
        }
        Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.True(await App.SweepAsync());

        string[] sent = await TakeAsync(StorageNames.SegmentReadyQueue);
        for (int i = 0; i < cases.Length; i++)
        {
            bool isOrphan = sent.Any(text => text.Contains($"{sessions[i].Id}", StringComparison.Ordinal));
            Assert.True(cases[i].IsOrphan == isOrphan, $"{cases[i]}");
            await App.Storage.Temp.GetBlobClient(sessions[i].Segments[0].BlobName).DeleteAsync(cancellationToken: Cancellation);
            await ledger.UnlistAsync(sessions[i].Id, Cancellation);
        }
    }

    [Fact]
    public async Task Orphan_waits_twelve_times_as_long_where_more_than_a_hundred_messages_wait()
    {
        Session session = new(59_208, (5, "Ada", 1));
        await session.PutAllAsync(App.Storage);
        for (int i = 0; i < 101; i++) await Queue(StorageNames.SegmentReadyQueue).SendMessageAsync("{}", Cancellation);
        Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.True(await App.SweepAsync());
        Assert.Equal(101, await App.Get<MessageQueues>().CountAsync(StorageNames.SegmentReadyQueue, Cancellation));
        QueueMessage one = await Queue(StorageNames.SegmentReadyQueue).ReceiveMessageAsync(cancellationToken: Cancellation);
        await Queue(StorageNames.SegmentReadyQueue).DeleteMessageAsync(one.MessageId, one.PopReceipt, Cancellation);
        Assert.Equal(1, await AdoptedAsync(session));

        await session.PutAllAsync(App.Storage); // another version
        for (int i = 0; i < 101; i++) await Queue(StorageNames.SegmentReadyQueue).SendMessageAsync("{}", Cancellation);
        Clock.Advance(TimeSpan.FromMinutes(2)); // the blob is younger than the clock by the run's own time
        Assert.Equal(1, await AdoptedAsync(session));
        await App.Storage.Temp.GetBlobClient(session.Segments[0].BlobName).DeleteAsync(cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Part_that_fails_is_told_and_keeps_no_other_from_being_swept()
    {
        Session session = new(5903, (5, "Ada", 1));
        await session.PutAllAsync(App.Storage);
        Clock.Advance(TimeSpan.FromMinutes(30));
        Failures = 1;
        Assert.False(await App.SweepAsync());
        Failures = 0;
        Assert.Single(await TakeAsync(StorageNames.SegmentReadyQueue), text => text.Contains($"{session.Id}", StringComparison.Ordinal));
        Assert.True(await App.SweepAsync());
        await App.Storage.Temp.GetBlobClient(session.Segments[0].BlobName).DeleteAsync(cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Recording_is_ended_after_a_day_and_reminded_of_and_one_that_nobody_knows_is_not_listed_any_more()
    {
        Session session = new(5904, Clock.GetUtcNow(), (5, "Ada", 2));
        Session unknown = new(5905, Clock.GetUtcNow());
        Assert.True(await App.StartRecordingAsync(session.Started));
        Assert.True(await App.StartRecordingAsync(unknown.Started));
        await foreach (TableEntity row in App.Storage.Tables.GetTableClient(StorageNames.LedgerTable).QueryAsync<TableEntity>(
            row => row.PartitionKey == unknown.Id.ToString(), cancellationToken: Cancellation))
            await App.Storage.Tables.GetTableClient(StorageNames.LedgerTable).DeleteEntityAsync(row, cancellationToken: Cancellation);
        Assert.Contains(unknown.Id, await LiveAsync());
        foreach (SegmentReady segment in session.Segments)
            await App.Get<LedgerTable>().PutSegmentAsync(LedgerSegment.From(segment, SegmentState.Moved, null), Cancellation);

        Clock.Advance(TimeSpan.FromHours(24) - Millisecond);
        Assert.True(await App.SweepAsync());
        Assert.Empty(await StopsAsync());
        Assert.Contains(unknown.Id, await LiveAsync());
        Clock.Advance(Millisecond);
        Assert.True(await App.SweepAsync());
        RecordingStopped stop = Assert.Single(await StopsAsync());
        Assert.Equal((session.Id, EndReason.Interrupted, 960_000, session.Info.StartedAt.AddSeconds(20)),
            (stop.Session.RecordingId, stop.EndReason, stop.SampleCount, stop.EndedAt));
        Assert.DoesNotContain(unknown.Id, await LiveAsync());
        Assert.True(await App.SweepAsync());
        Assert.Empty(await StopsAsync());
        await App.Get<LedgerTable>().UnlistAsync(session.Id, Cancellation);
    }

    [Fact]
    public async Task Recording_that_its_bot_is_still_at_goes_on_for_more_than_a_day()
    {
        Session session = new(59_200, Clock.GetUtcNow() - TimeSpan.FromHours(24));
        Assert.True(await App.StartRecordingAsync(session.Started));
        await session.PutManifestAsync(App.Storage, session.Manifest(ManifestState.Recording, Clock.GetUtcNow()));
        Assert.True(await App.SweepAsync());
        Assert.Empty(await StopsAsync()); // it was refreshed just now

        BlobLeaseClient lease = App.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).GetBlobLeaseClient();
        await lease.AcquireAsync(BlobLeaseClient.InfiniteLeaseDuration, cancellationToken: Cancellation);
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.True(await App.SweepAsync());
        Assert.Empty(await StopsAsync());

        await lease.ReleaseAsync(cancellationToken: Cancellation);
        Assert.True(await App.SweepAsync());
        Assert.Equal(EndReason.Interrupted, Assert.Single(await StopsAsync()).EndReason);
        await App.Get<LedgerTable>().UnlistAsync(session.Id, Cancellation);
        await App.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).DeleteAsync(cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Recording_that_its_bot_has_ended_is_ended_after_a_day_although_its_manifest_was_written_just_now()
    {
        Session session = new(59_206, Clock.GetUtcNow() - TimeSpan.FromHours(24));
        Assert.True(await App.StartRecordingAsync(session.Started));
        await session.PutManifestAsync(App.Storage, session.Manifest(ManifestState.Stopped, Clock.GetUtcNow()));
        Assert.True(await App.SweepAsync());
        Assert.Equal(session.Id, Assert.Single(await StopsAsync()).Session.RecordingId);
        await App.Get<LedgerTable>().UnlistAsync(session.Id, Cancellation);
        await App.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).DeleteAsync(cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Recording_is_taken_for_lost_by_a_second_look_that_finds_the_same_account()
    {
        Session session = new(59_201, Clock.GetUtcNow());
        await PutManifestAsync();
        Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.True(await App.SweepAsync());
        Clock.Advance(TimeSpan.FromSeconds(7.5) - Millisecond); // a twelfth of the time after which it is lost
        Assert.True(await App.SweepAsync());
        await PutManifestAsync(); // another version
        Clock.Advance(Millisecond);
        Assert.True(await App.SweepAsync());
        Clock.Advance(TimeSpan.FromSeconds(7.5) - Millisecond);
        Assert.True(await App.SweepAsync());
        Assert.Empty(await StopsAsync());
        Clock.Advance(Millisecond);
        Assert.True(await App.SweepAsync());
        RecordingStopped stop = Assert.Single(await StopsAsync());
        Assert.Equal((session.Id, EndReason.Interrupted, session.Info.StartedAt, session.SampleCount),
            (stop.Session.RecordingId, stop.EndReason, stop.EndedAt, stop.SampleCount));
        await App.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).DeleteAsync(cancellationToken: Cancellation);

        Task PutManifestAsync() =>
            session.PutManifestAsync(App.Storage, session.Manifest(ManifestState.Recording, session.Info.StartedAt));
    }

    [Fact]
    public async Task Recording_whose_bot_has_written_since_the_list_was_read_is_not_ended()
    {
        DateTimeOffset second = Clock.GetUtcNow() + TimeSpan.FromMinutes(11), written = second - TimeSpan.FromSeconds(90) + Millisecond;
        Session session = new(59_205, Clock.GetUtcNow());
        await session.PutManifestAsync(App.Storage, session.Manifest(ManifestState.Recording, written));
        Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.True(await App.SweepAsync());
        Clock.SetUtcNow(second);
        Assert.True(await App.SweepAsync());
        Assert.Empty(await StopsAsync());
        Clock.Advance(Millisecond);
        Assert.True(await App.SweepAsync());
        Assert.Equal((session.Id, written), Assert.Single((await StopsAsync()).Select(stop => (stop.Session.RecordingId, stop.EndedAt))));
        await App.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).DeleteAsync(cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Stop_of_which_nothing_comes_is_sent_again_after_pauses_that_double_unless_a_finalizer_is_at_it()
    {
        Session session = new(59_202, Clock.GetUtcNow());
        LedgerTable ledger = App.Get<LedgerTable>();
        await session.PutManifestAsync(App.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(1, await StopsAgainAsync());
        Clock.Advance(TimeSpan.FromMinutes(4) - Millisecond);
        Assert.Equal(0, await StopsAgainAsync());
        Clock.Advance(Millisecond);
        Assert.Equal(1, await StopsAgainAsync());

        Clock.Advance(TimeSpan.FromDays(1));
        await ledger.AddRecordingAsync(new LedgerRecording
        {
            Session = session.Info,
            State = RecordingState.Stopping,
            Flow = UploadFlow.Live,
            CreatedAt = session.Info.StartedAt,
            StopSeenAt = Clock.GetUtcNow(),
        }, Cancellation);
        await ledger.UnlistAsync(session.Id, Cancellation);
        Clock.Advance(TimeSpan.FromMinutes(10) - Millisecond);
        Assert.Equal(0, await StopsAgainAsync());
        await ledger.UpdateRecordingAsync(session.Id, row => row with
        {
            Ticket = ReturnTicket.Before(1, "token", Clock.GetUtcNow()).Sent(Clock.GetUtcNow()),
        }, Cancellation);
        Clock.Advance(TimeSpan.FromMinutes(10) - Millisecond);
        Assert.Equal(0, await StopsAgainAsync());
        Clock.Advance(Millisecond);
        Assert.Equal(1, await StopsAgainAsync());
        await App.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).DeleteAsync(cancellationToken: Cancellation);

        async Task<int> StopsAgainAsync()
        {
            Assert.True(await App.SweepAsync());
            return (await StopsAsync()).Count(stop => stop.Session.RecordingId == session.Id);
        }
    }

    private async Task<int> AdoptedAsync(Session session)
    {
        Assert.True(await App.SweepAsync());
        return (await TakeAsync(StorageNames.SegmentReadyQueue)).Count(text => text.Contains($"{session.Id}", StringComparison.Ordinal));
    }

    private async Task<RecordingStopped[]> StopsAsync() => [.. (await TakeAsync(StorageNames.RecordingStoppedQueue))
        .Select(text => JsonSerializer.Deserialize(text, ContractsJsonContext.Default.RecordingStopped)!)];

    private async Task<List<RecordingId>> LiveAsync()
    {
        List<RecordingId> live = [];
        await foreach ((RecordingId recording, _) in App.Get<LedgerTable>().ListLiveAsync(Cancellation)) live.Add(recording);
        return live;
    }
}
