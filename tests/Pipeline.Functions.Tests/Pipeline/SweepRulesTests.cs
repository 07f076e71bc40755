using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Delivery.Sweep;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

/// <summary>How often a sweep tries what, and what it tells; on an account of its own, for sweeps look at all of it.</summary>
public sealed class SweepRulesTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
    private App app = null!;
    private int failures;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Dictionary<string, string?> settings = new()
        {
            ["RECORDING_ADOPT_AFTER"] = "1m",
            ["RECORDING_ABANDON_AFTER"] = "90s",
            ["Functions:PoisonRedrives"] = "3",
        };
        FurtherSweep further = new(_ => failures > 0 ? throw new InvalidOperationException("a part fails") : Task.CompletedTask);
        app = await App.StartAsync(azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(24)), settings, clock,
            services => services.AddSingleton(further));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        foreach (string queue in StorageSetup.Queues) await Queue(queue).ClearMessagesAsync(Cancellation);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task Orphan_is_tried_after_pauses_that_double_and_at_once_when_it_has_changed()
    {
        Session session = new(5901, (5, "Ada", 1));
        await session.PutAllAsync(app.Storage);
        clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(1, await AdoptedAsync(session));
        foreach (int minutes in (int[])[2, 4, 8])
        {
            clock.Advance(TimeSpan.FromMinutes(minutes) - Millisecond);
            Assert.Equal(0, await AdoptedAsync(session));
            clock.Advance(Millisecond);
            Assert.Equal(1, await AdoptedAsync(session));
        }
        await session.PutAsync(app.Storage, session.Segments[0]); // another version
        Assert.Equal(1, await AdoptedAsync(session));
        clock.Advance(TimeSpan.FromMinutes(2) - Millisecond);
        Assert.Equal(0, await AdoptedAsync(session));
        clock.Advance(Millisecond);
        Assert.Equal(1, await AdoptedAsync(session));

        for (int i = 0; i < 8; i++)
        {
            clock.Advance(TimeSpan.FromHours(6)); // the longest pause
            Assert.Equal(1, await AdoptedAsync(session));
        }
        clock.Advance(TimeSpan.FromHours(6) - Millisecond);
        Assert.Equal(0, await AdoptedAsync(session));
        await app.Storage.Temp.GetBlobClient(session.Segments[0].BlobName).DeleteIfExistsAsync(cancellationToken: Cancellation);
    }

    [Fact]
    public async Task What_belongs_to_nothing_is_told_and_never_sent()
    {
        Session session = new(5902, (5, "Ada", 2));
        string strange = $"{session.Id}/notes.txt", nameless = session.Segments[0].BlobName, foreign = session.Segments[1].BlobName;
        string renamed = BlobPaths.Segment(session.Segments[1].Key, "Eve");
        await app.Storage.Temp.GetBlobClient(strange).UploadAsync(new BinaryData([1]), true, Cancellation);
        await app.Storage.Temp.GetBlobClient(nameless).UploadAsync(new BinaryData([1]), true, Cancellation);
        await session.PutAsync(app.Storage, session.Segments[1] with { SegmentIndex = 7, BlobName = foreign, UserId = 5 },
            session.Segments[1]);
        await session.PutAsync(app.Storage, session.Segments[1], session.Segments[1] with { BlobName = renamed });
        clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(0, await AdoptedAsync(session));
        Assert.Equal(0, await AdoptedAsync(session));

        foreach (string name in (string[])[strange, nameless, foreign, renamed])
            Assert.Single(app.Log.Lines, line => line.EventId == 5025 && line.Text.StartsWith(name, StringComparison.Ordinal));
        List<string> noted = [];
        await foreach (TableEntity row in app.Storage.Tables.GetTableClient(StorageNames.ReportsTable)
            .QueryAsync<TableEntity>(cancellationToken: Cancellation))
        {
            if (row.GetString("Recording") == session.Id.ToString()) noted.Add(row.GetString("Subject"));
        }
        Assert.Equal(new[] { nameless, foreign, renamed }.Order(StringComparer.Ordinal), noted.Order(StringComparer.Ordinal));
        foreach (string name in (string[])[strange, nameless, foreign, renamed])
        {
            Assert.True(await app.Storage.Temp.GetBlobClient(name).ExistsAsync(Cancellation));
            await app.Storage.Temp.GetBlobClient(name).DeleteAsync(cancellationToken: Cancellation);
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
        LedgerTable ledger = app.Get<LedgerTable>();
        List<Session> sessions = [];
        for (int i = 0; i < cases.Length; i++)
        {
            Session session = new(59_100 + i, (5, "Ada", 1));
            sessions.Add(session);
            await session.PutAllAsync(app.Storage);
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
        clock.Advance(TimeSpan.FromMinutes(30));
        Assert.True(await app.SweepAsync());

        string[] sent = await TakeAsync(StorageNames.SegmentReadyQueue);
        for (int i = 0; i < cases.Length; i++)
        {
            bool isOrphan = sent.Any(text => text.Contains($"{sessions[i].Id}", StringComparison.Ordinal));
            Assert.True(cases[i].IsOrphan == isOrphan, $"{cases[i]}");
            await app.Storage.Temp.GetBlobClient(sessions[i].Segments[0].BlobName).DeleteAsync(cancellationToken: Cancellation);
            await ledger.UnlistAsync(sessions[i].Id, Cancellation);
        }
    }

    [Fact]
    public async Task Poison_is_driven_back_after_0_1_2_minutes_and_given_up_after_4()
    {
        string poison = StorageNames.RecordingStartedQueue + StorageNames.PoisonSuffix, text = "{\"never\":\"ours\"}";
        await Queue(poison).CreateIfNotExistsAsync(cancellationToken: Cancellation);
        foreach (int minutes in (int[])[0, 1, 2])
        {
            await ComesTooEarlyAsync(minutes);
            Assert.Equal(1, await DrivenBackAsync());
        }
        await ComesTooEarlyAsync(4);
        Assert.Equal(0, await DrivenBackAsync());
        Assert.Equal(1, (await app.Get<Reports>().CountAsync(Cancellation)).GivenUpMessages);

        async Task ComesTooEarlyAsync(int minutes)
        {
            if (minutes == 0) return;
            clock.Advance(TimeSpan.FromMinutes(minutes) - Millisecond);
            Assert.Equal(0, await DrivenBackAsync());
            clock.Advance(Millisecond);
        }

        // A look that is too early hides it for some time: each time it comes as a new message.
        async Task<int> DrivenBackAsync()
        {
            await Queue(poison).SendMessageAsync(text, Cancellation);
            Assert.True(await app.SweepAsync());
            return (await TakeAsync(StorageNames.RecordingStartedQueue)).Length;
        }
    }

    [Fact]
    public async Task Copies_of_a_poison_message_go_back_as_one_and_are_no_failures_of_it()
    {
        string poison = StorageNames.RecordingStartedQueue + StorageNames.PoisonSuffix;
        await Queue(poison).CreateIfNotExistsAsync(cancellationToken: Cancellation);
        await Queue(poison).ClearMessagesAsync(Cancellation);
        foreach (string text in (string[])["{\"one\":1}", "{\"other\":1}", "{\"one\":1}", "{\"one\":1}", "{\"one\":1}", "{\"one\":1}"])
            await Queue(poison).SendMessageAsync(text, Cancellation);

        int given = (await app.Get<Reports>().CountAsync(Cancellation)).GivenUpMessages;
        Assert.True(await app.SweepAsync());

        Assert.Equal(["{\"one\":1}", "{\"other\":1}"], (await TakeAsync(StorageNames.RecordingStartedQueue)).Order());
        Assert.Equal(0, await app.Get<MessageQueues>().CountAsync(poison, Cancellation));
        Assert.Equal(given, (await app.Get<Reports>().CountAsync(Cancellation)).GivenUpMessages);
    }

    [Fact]
    public async Task Part_that_fails_is_told_and_keeps_no_other_from_being_swept()
    {
        Session session = new(5903, (5, "Ada", 1));
        await session.PutAllAsync(app.Storage);
        clock.Advance(TimeSpan.FromMinutes(30));
        failures = 1;
        Assert.False(await app.SweepAsync());
        failures = 0;
        Assert.Single(await TakeAsync(StorageNames.SegmentReadyQueue), text => text.Contains($"{session.Id}", StringComparison.Ordinal));
        Assert.True(await app.SweepAsync());
        await app.Storage.Temp.GetBlobClient(session.Segments[0].BlobName).DeleteAsync(cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Recording_is_ended_after_a_day_and_reminded_of_and_one_that_nobody_knows_is_not_listed_any_more()
    {
        Session session = new(5904, clock.GetUtcNow(), (5, "Ada", 2));
        Session unknown = new(5905, clock.GetUtcNow());
        Assert.True(await app.StartRecordingAsync(session.Started));
        Assert.True(await app.StartRecordingAsync(unknown.Started));
        await foreach (TableEntity row in app.Storage.Tables.GetTableClient(StorageNames.LedgerTable).QueryAsync<TableEntity>(
            row => row.PartitionKey == unknown.Id.ToString(), cancellationToken: Cancellation))
            await app.Storage.Tables.GetTableClient(StorageNames.LedgerTable).DeleteEntityAsync(row, cancellationToken: Cancellation);
        Assert.Contains(unknown.Id, await LiveAsync());
        foreach (SegmentReady segment in session.Segments)
            await app.Get<LedgerTable>().PutSegmentAsync(LedgerSegment.From(segment, SegmentState.Moved, null), Cancellation);

        clock.Advance(TimeSpan.FromHours(24) - Millisecond);
        Assert.True(await app.SweepAsync());
        Assert.Empty(await StopsAsync());
        Assert.Contains(unknown.Id, await LiveAsync());
        clock.Advance(Millisecond);
        Assert.True(await app.SweepAsync());
        RecordingStopped stop = Assert.Single(await StopsAsync());
        Assert.Equal((session.Id, EndReason.Interrupted, 960_000, session.Info.StartedAt.AddSeconds(20)),
            (stop.Session.RecordingId, stop.EndReason, stop.SampleCount, stop.EndedAt));
        Assert.DoesNotContain(unknown.Id, await LiveAsync());
        Assert.True(await app.SweepAsync());
        Assert.Empty(await StopsAsync());
        await app.Get<LedgerTable>().UnlistAsync(session.Id, Cancellation);
    }

    [Fact]
    public async Task Recording_that_its_bot_is_still_at_goes_on_for_more_than_a_day()
    {
        Session session = new(59_200, clock.GetUtcNow() - TimeSpan.FromHours(24));
        Assert.True(await app.StartRecordingAsync(session.Started));
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Recording, clock.GetUtcNow()));
        Assert.True(await app.SweepAsync());
        Assert.Empty(await StopsAsync()); // it was refreshed just now

        BlobLeaseClient lease = app.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).GetBlobLeaseClient();
        await lease.AcquireAsync(BlobLeaseClient.InfiniteLeaseDuration, cancellationToken: Cancellation);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.True(await app.SweepAsync());
        Assert.Empty(await StopsAsync());

        await lease.ReleaseAsync(cancellationToken: Cancellation);
        Assert.True(await app.SweepAsync());
        Assert.Equal(EndReason.Interrupted, Assert.Single(await StopsAsync()).EndReason);
        await app.Get<LedgerTable>().UnlistAsync(session.Id, Cancellation);
        await app.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).DeleteAsync(cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Recording_is_taken_for_lost_by_a_second_look_that_finds_the_same_account()
    {
        Session session = new(59_201, clock.GetUtcNow());
        await PutManifestAsync();
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.True(await app.SweepAsync());
        clock.Advance(TimeSpan.FromSeconds(7.5) - Millisecond); // a twelfth of the time after which it is lost
        Assert.True(await app.SweepAsync());
        await PutManifestAsync(); // another version
        clock.Advance(Millisecond);
        Assert.True(await app.SweepAsync());
        clock.Advance(TimeSpan.FromSeconds(7.5) - Millisecond);
        Assert.True(await app.SweepAsync());
        Assert.Empty(await StopsAsync());
        clock.Advance(Millisecond);
        Assert.True(await app.SweepAsync());
        RecordingStopped stop = Assert.Single(await StopsAsync());
        Assert.Equal((session.Id, EndReason.Interrupted, session.Info.StartedAt, session.SampleCount),
            (stop.Session.RecordingId, stop.EndReason, stop.EndedAt, stop.SampleCount));
        await app.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).DeleteAsync(cancellationToken: Cancellation);

        Task PutManifestAsync() =>
            session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Recording, session.Info.StartedAt));
    }

    [Fact]
    public async Task Recording_whose_bot_has_written_since_the_list_was_read_is_not_ended()
    {
        DateTimeOffset second = clock.GetUtcNow() + TimeSpan.FromMinutes(11), written = second - TimeSpan.FromSeconds(90) + Millisecond;
        Session session = new(59_205, clock.GetUtcNow());
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Recording, written));
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.True(await app.SweepAsync());
        clock.SetUtcNow(second);
        Assert.True(await app.SweepAsync());
        Assert.Empty(await StopsAsync());
        clock.Advance(Millisecond);
        Assert.True(await app.SweepAsync());
        Assert.Equal((session.Id, written), Assert.Single((await StopsAsync()).Select(stop => (stop.Session.RecordingId, stop.EndedAt))));
        await app.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).DeleteAsync(cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Stop_of_which_nothing_comes_is_sent_again_after_pauses_that_double_unless_a_finalizer_is_at_it()
    {
        Session session = new(59_202, clock.GetUtcNow());
        LedgerTable ledger = app.Get<LedgerTable>();
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(1, await StopsAgainAsync());
        clock.Advance(TimeSpan.FromMinutes(4) - Millisecond);
        Assert.Equal(0, await StopsAgainAsync());
        clock.Advance(Millisecond);
        Assert.Equal(1, await StopsAgainAsync());

        clock.Advance(TimeSpan.FromDays(1));
        await ledger.AddRecordingAsync(new LedgerRecording
        {
            Session = session.Info,
            State = RecordingState.Stopping,
            Flow = UploadFlow.Live,
            CreatedAt = session.Info.StartedAt,
            StopSeenAt = clock.GetUtcNow(),
        }, Cancellation);
        await ledger.UnlistAsync(session.Id, Cancellation);
        clock.Advance(TimeSpan.FromMinutes(10) - Millisecond);
        Assert.Equal(0, await StopsAgainAsync());
        await ledger.UpdateRecordingAsync(session.Id, row => row with
        {
            Ticket = ReturnTicket.Before(1, "token", clock.GetUtcNow()).Sent(clock.GetUtcNow()),
        }, Cancellation);
        clock.Advance(TimeSpan.FromMinutes(10) - Millisecond);
        Assert.Equal(0, await StopsAgainAsync());
        clock.Advance(Millisecond);
        Assert.Equal(1, await StopsAgainAsync());
        await app.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).DeleteAsync(cancellationToken: Cancellation);

        async Task<int> StopsAgainAsync()
        {
            Assert.True(await app.SweepAsync());
            return (await StopsAsync()).Count(stop => stop.Session.RecordingId == session.Id);
        }
    }

    private async Task<int> AdoptedAsync(Session session)
    {
        Assert.True(await app.SweepAsync());
        return (await TakeAsync(StorageNames.SegmentReadyQueue)).Count(text => text.Contains($"{session.Id}", StringComparison.Ordinal));
    }

    private async Task<RecordingStopped[]> StopsAsync() => [.. (await TakeAsync(StorageNames.RecordingStoppedQueue))
        .Select(text => JsonSerializer.Deserialize(text, ContractsJsonContext.Default.RecordingStopped)!)];

    private async Task<List<RecordingId>> LiveAsync()
    {
        List<RecordingId> live = [];
        await foreach ((RecordingId recording, _) in app.Get<LedgerTable>().ListLiveAsync(Cancellation)) live.Add(recording);
        return live;
    }

    private QueueClient Queue(string name) => app.Storage.Queues.GetQueueClient(name);

    private async Task<string[]> TakeAsync(string queue)
    {
        List<string> texts = [];
        while ((await Queue(queue).ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value is { Length: > 0 } messages)
        {
            foreach (QueueMessage message in messages)
            {
                texts.Add(Encoding.UTF8.GetString(message.Body.ToArray()));
                await Queue(queue).DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
            }
        }
        return [.. texts];
    }
}
