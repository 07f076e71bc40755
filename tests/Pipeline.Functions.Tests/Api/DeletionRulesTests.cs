using System.Globalization;
using System.Net;
using System.Text;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Deletion;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>When who looks at a deletion again, to the tick; on an account of its own, for sweeps look at all of it.</summary>
public sealed class DeletionRulesTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private const ulong Ada = 5;
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    // Near the real time, because the emulator judges signatures by its own clock; whole seconds, as tables keep them.
    private readonly FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
    private App app = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => clock.GetUtcNow();

    public async ValueTask InitializeAsync()
    {
        app = await App.StartAsync(azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(25)), time: clock);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await Queue.ClearMessagesAsync(Cancellation);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task Looks_are_counted_and_the_last_one_comes_when_no_upload_url_is_valid_any_more()
    {
        RecordingId id = await DeletedAsync(5801);
        Assert.Equal((0, Now, null), Facts(await LookAsync(id)));
        await Queue.ClearMessagesAsync(Cancellation);

        Assert.True(await app.EraseAsync(id));
        Assert.Equal((1, Now + TimeSpan.FromMinutes(15), Now), Facts(await LookAsync(id)));
        Assert.Equal(1, await SentAsync()); // it cannot be seen yet

        clock.Advance(TimeSpan.FromMinutes(1));
        await app.Get<RecordingErasure>().RunAsync(new DeleteRecording { RecordingId = id, Look = 0 }, Cancellation); // a copy
        Assert.Equal((1, Now + TimeSpan.FromMinutes(14), Now - TimeSpan.FromMinutes(1)), Facts(await LookAsync(id)));

        Assert.True(await app.EraseAsync(id));
        Assert.Null(await LookAsync(id));
        Assert.Equal(1, await SentAsync());
    }

    [Fact]
    public async Task Recording_whose_bot_is_at_work_is_looked_at_every_minute()
    {
        Session session = new(5802);
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Recording, session.Info.StartedAt));
        BlobLeaseClient lease = app.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).GetBlobLeaseClient();
        await lease.AcquireAsync(TimeSpan.FromSeconds(-1), cancellationToken: Cancellation);
        Assert.True(await app.StartRecordingAsync(session.Started));
        await DeleteAsync(session.Id);
        for (int look = 1; look <= 2; look++)
        {
            Assert.True(await app.EraseAsync(session.Id));
            Assert.Equal((look, Now + TimeSpan.FromMinutes(1), null), Facts(await LookAsync(session.Id)));
            clock.Advance(TimeSpan.FromMinutes(1));
        }
        await lease.ReleaseAsync(cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Message_that_is_two_minutes_late_is_sent_again_once()
    {
        RecordingId id = await DeletedAsync(5803);
        Assert.Equal([0], (await TakeAsync(id)).Select(message => message.Look));
        clock.Advance(DeletionSweep.Patience - Tick);
        await SweepAsync();
        Assert.Empty(await TakeAsync(id));
        clock.Advance(Tick);
        await SweepAsync();
        Assert.Equal([0], (await TakeAsync(id)).Select(message => message.Look));
        await SweepAsync();
        Assert.Empty(await TakeAsync(id));

        Assert.True(await app.EraseAsync(id));
        clock.Advance(TimeSpan.FromMinutes(15) + DeletionSweep.Patience); // the message of the last look is late too
        await SweepAsync();
        Assert.Equal([1], (await TakeAsync(id)).Select(message => message.Look));
    }

    [Fact]
    public async Task Entry_without_a_tombstone_is_forgotten_after_an_hour_and_deletes_nothing()
    {
        RecordingId id = new Session(5804).Id;
        await app.Get<DeletionTable>().RelistAsync(id, Now, Cancellation);
        clock.Advance(TimeSpan.FromHours(1) - Tick);
        await SweepAsync();
        Assert.NotNull(await LookAsync(id));
        clock.Advance(Tick);
        await SweepAsync();
        Assert.Null(await LookAsync(id));
        Assert.Empty(await TakeAsync(id));
    }

    [Fact]
    public async Task Leftovers_are_searched_for_every_hour_and_taken_up_once()
    {
        Session whole = new(5805, (Ada, "Ada", 1));
        await whole.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(whole.Segments[0]));
        RecordingId id = new Session(5806).Id;
        await SweepAsync();
        await app.Storage.Tables.GetTableClient(StorageNames.CatalogueTable).UpsertEntityAsync(
            new TableEntity(id.ToString(), "recording") { ["Status"] = "Deleted" }, cancellationToken: Cancellation);
        await app.Storage.Recordings.GetBlobClient($"{id}/5-Ada/segment_000.wav").UploadAsync(new BinaryData([1]), true, Cancellation);

        clock.Advance(TimeSpan.FromHours(1) - Tick);
        await SweepAsync();
        Assert.Null(await LookAsync(id));
        clock.Advance(Tick);
        await SweepAsync();
        Assert.Equal((0, Now, Now), Facts(await LookAsync(id)));
        Assert.Single(await TakeAsync(id));
        clock.Advance(TimeSpan.FromHours(1));
        await SweepAsync();
        Assert.Single(await TakeAsync(id)); // the reminder of the look that was not taken
        Assert.Null(await LookAsync(whole.Id));

        // What is gone was told of when it went: nobody hears of it again.
        Assert.True(await app.EraseAsync(id));
        Assert.Null(await LookAsync(id));
        Assert.Null(await app.Get<RecordingApi.Events.EventTable>().FindAsync($"evt_recording.deleted_{id}", Cancellation));
    }

    [Fact]
    public async Task Leftovers_behind_the_first_200_recordings_are_found_by_the_next_look()
    {
        BlobClient[] before = [.. Enumerable.Range(0, 200).Select(i =>
            app.Storage.Recordings.GetBlobClient($"00000000-0000-7000-8000-{i:D12}/5-Ada/segment_000.wav"))];
        await Parallel.ForEachAsync(before, Cancellation, async (blob, stop) => await blob.UploadAsync(new BinaryData([1]), true, stop));
        RecordingId id = RecordingId.Parse("00000000-0000-7000-8000-000000000200"); // the next
        await app.Storage.Tables.GetTableClient(StorageNames.CatalogueTable).UpsertEntityAsync(
            new TableEntity(id.ToString(), "recording") { ["Status"] = "Deleted" }, cancellationToken: Cancellation);
        await app.Storage.Recordings.GetBlobClient($"{id}/5-Ada/segment_000.wav").UploadAsync(new BinaryData([1]), true, Cancellation);
        await SweepAsync();
        Assert.Null(await LookAsync(id));
        await SweepAsync();
        Assert.Equal((0, Now, Now), Facts(await LookAsync(id)));
        await Parallel.ForEachAsync(before, Cancellation, async (blob, stop) => await blob.DeleteAsync(cancellationToken: stop));
        Assert.True(await app.EraseAsync(id));
    }

    [Fact]
    public async Task Look_that_somebody_else_has_moved_or_taken_away_is_not_moved_again()
    {
        RecordingId id = await DeletedAsync(5807);
        DeletionTable table = app.Get<DeletionTable>();
        DeletionLook look = (await LookAsync(id))!;
        Assert.True(await table.TryMoveLookAsync(look with { Number = 1 }, Cancellation));
        Assert.False(await table.TryMoveLookAsync(look with { Number = 2 }, Cancellation));
        look = (await LookAsync(id))!;
        Assert.Equal(1, look.Number);
        await table.RemoveLookAsync(id, Cancellation);
        Assert.False(await table.TryMoveLookAsync(look, Cancellation));
        Assert.Null(await LookAsync(id));
    }

    [Fact]
    public async Task Erasure_of_a_person_takes_two_rounds_a_minute_apart_and_heeds_no_copy()
    {
        Session session = new(5808, (Ada, "Ada", 1));
        string scope = session.Id.ToString();
        Assert.True(await app.StartRecordingAsync(session.Started));
        ForgetState begun = await ForgetAsync(scope);
        Assert.Equal((0, Now, false), (begun.Number, begun.DueAt, begun.IsLastRound));
        await Queue.ClearMessagesAsync(Cancellation);

        await RunAsync(scope, look: 0);
        ForgetState first = await FindAsync(scope);
        Assert.Equal((1, Now + TimeSpan.FromSeconds(60), true, null, null),
            (first.Number, first.DueAt, first.IsLastRound, first.Cursor, first.FinishedAt));
        Assert.Equal(1, await SentAsync()); // it cannot be seen yet
        clock.Advance(TimeSpan.FromSeconds(60));
        await RunAsync(scope, look: 0); // a copy
        Assert.Equal(1, (await FindAsync(scope)).Number);
        Assert.Equal(begun.RequestedAt, (await ForgetAsync(scope)).RequestedAt); // somebody is at it already

        await RunAsync(scope, look: 1);
        Assert.Equal((2, Now), ((await FindAsync(scope)).Number, (await FindAsync(scope)).FinishedAt));
        DateTimeOffset end = Now;
        // One look more when no upload URL is valid any longer, of which nothing is told.
        Assert.Equal((Now + TimeSpan.FromMinutes(15), false), ((await FindAsync(scope)).DueAt, (await FindAsync(scope)).IsOver));
        clock.Advance(TimeSpan.FromMinutes(15));
        for (int copy = 0; copy < 2; copy++)
        {
            await RunAsync(scope, look: 2);
            ForgetState over = await FindAsync(scope);
            Assert.Equal((3, end, true), (over.Number, over.FinishedAt, over.IsOver));
        }
        await RunAsync(scope, look: 3);
        Assert.Equal(3, (await FindAsync(scope)).Number);
        Assert.Single(app.Log.Lines, line => line.EventId == 5057 && line.Text.Contains(scope, StringComparison.Ordinal));
        clock.Advance(PersonForgetting.Patience);
        await SweepAsync();
        Assert.DoesNotContain(await TakeForgetAsync(scope), message => message.Look == 3); // nothing is due
        ForgetState again = await ForgetAsync(scope);
        Assert.Equal((4, Now, null), (again.Number, again.RequestedAt, again.FinishedAt));
    }

    [Fact]
    public async Task Message_about_a_person_that_is_two_minutes_late_is_sent_again_once()
    {
        string scope = new Session(5809).Id.ToString();
        await ForgetAsync(scope);
        Assert.Single(await TakeForgetAsync(scope));
        clock.Advance(PersonForgetting.Patience - Tick);
        await SweepAsync();
        Assert.Empty(await TakeForgetAsync(scope));
        clock.Advance(Tick);
        await SweepAsync();
        Assert.Equal([(Ada, 0)], (await TakeForgetAsync(scope)).Select(message => (message.UserId, message.Look)));
        await SweepAsync();
        Assert.Empty(await TakeForgetAsync(scope));
    }

    [Fact]
    public async Task Person_is_taken_out_of_every_recording_of_a_server()
    {
        RecordingId[] ids = [.. Enumerable.Range(5820, 11).Select(seed => new Session(seed).Id)];
        foreach (RecordingId id in ids)
        {
            using HttpResponseMessage begun = await app.PostAsync("api/recordings/init-live", $$"""
                {"sessionId":"{{id}}","guildId":"581","guildName":"g","channelId":"2","userId":"3","recordedAt":"2025-01-01T00:00:00Z"}
                """);
            Assert.True(begun.IsSuccessStatusCode);
        }
        using HttpResponseMessage asked = await app.Http.PutAsync(new Uri($"api/guilds/581/erasures/{Ada}", UriKind.Relative), null,
            Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        await RunAsync("581", look: 0);
        foreach (RecordingId id in ids) Assert.Equal([Ada], await app.Get<ErasedPeople>().OfAsync(id, Cancellation));
        Assert.True((await FindAsync("581")).IsLastRound);
    }

    [Fact]
    public async Task Account_of_what_was_there_keeps_the_larger_figure_of_each_recording()
    {
        ForgetTable table = app.Get<ForgetTable>();
        string scope = new Session(5810).Id.ToString();
        RecordingId one = new Session(5811).Id, other = new Session(5812).Id;
        ForgetState state = await table.BeginAsync(scope, Ada, Now, Cancellation);
        ForgetState namesake = await table.BeginAsync(scope, 55, Now, Cancellation); // an id that begins alike
        Assert.False(await table.CountAsync(state, one, 0, 0, Cancellation));
        Assert.True(await table.CountAsync(state, one, 5, 100, Cancellation));
        Assert.True(await table.CountAsync(state, one, 3, 50, Cancellation));
        Assert.True(await table.CountAsync(state, one, 5, 50, Cancellation)); // the first word of as many counts
        Assert.True(await table.CountAsync(state, one, 0, 0, Cancellation));
        Assert.True(await table.CountAsync(state, other, 1, 7, Cancellation));
        Assert.True(await table.CountAsync(namesake, other, 9, 9, Cancellation));
        PersonErasure told = await table.DescribeAsync(state, Cancellation);
        Assert.Equal((PersonErasure.Erasing, 2, 6, 107L), (told.Status, told.Recordings, told.Segments, told.Samples));
        Assert.True(await table.CountAsync(state, one, 6, 120, Cancellation));
        Assert.True(await table.CountAsync(state, one, 0, 0, Cancellation, isNamed: true)); // less than was there
        Assert.Equal(7, (await table.DescribeAsync(state, Cancellation)).Segments);

        Assert.True(await table.TryMoveAsync(state with { FinishedAt = Now }, Cancellation));
        Assert.False(await table.TryMoveAsync(state, Cancellation));
        ForgetState over = (await table.FindAsync(scope, Ada, Cancellation))!;
        Assert.Equal(PersonErasure.Erased, (await table.DescribeAsync(over, Cancellation)).Status);
        await table.BeginAsync(scope, Ada, Now, Cancellation);
        Assert.Equal(0, (await table.DescribeAsync(state, Cancellation)).Recordings);
        Assert.Equal(1, (await table.DescribeAsync(namesake, Cancellation)).Recordings);
    }

    [Fact]
    public async Task Who_is_named_in_one_place_alone_is_not_named_any_more()
    {
        FinalizeRequest end = new()
        {
            SessionEndTime = Now.ToUnixTimeMilliseconds(),
            Duration = 1_000,
            TotalSize = 0,
            ParticipantCount = 0,
            Segments = []
        };
        ConsentEntry word = new() { UserId = Ada, Username = "Ada", At = Now, Choice = ConsentEntry.Agreed, Button = "a button" };
        FinalizeRequest[] places =
        [
            end with { Health = new Dictionary<string, IReadOnlyDictionary<string, long>>
                { [$"{Ada}"] = new Dictionary<string, long> { ["lost"] = 1 } } },
            end with { Notes = [new RecordingNote { Sample = 1, UserId = Ada, Text = "Ada was here" }] },
            end with { Gaps = [new RecordingGap { UserId = Ada, StartSample = 1, SampleCount = 2, Reason = "loss" }] },
            end with { MissingSegments = [new MissingSegment { UserId = $"{Ada}", SegmentIndex = 0, Reason = "late" }],
                MissingSegmentCount = 1 },
            end with { UnverifiedUserIds = [$"{Ada}"] },
            end with { Consent = new ConsentLedger { Mode = ConsentLedger.Required }.With(word, "words") },
        ];
        for (int place = 0; place < places.Length; place++)
        {
            Session session = new(5840 + place);
            Assert.True(await app.StartRecordingAsync(session.Started));
            using HttpResponseMessage ended = await app.PostAsync($"api/recordings/{session.Id}/finalize",
                places[place] with { SessionEndTime = session.Info.StartedAt.ToUnixTimeMilliseconds() + 1_000 },
                WireJsonContext.Default.FinalizeRequest);
            Assert.Equal(HttpStatusCode.OK, ended.StatusCode);
            await ForgetAsync(session.Id.ToString());
            await RunAsync(session.Id.ToString(), look: 0);

            RecordingDetails left = (await app.RecordingAsync(session.Id))!;
            Assert.True(left.Health.Count == 0 && left.Notes.Count == 0 && left.Gaps.Count == 0 && left.MissingSegments.Count == 0
                && left.MissingSegmentCount == 0 && left.UnverifiedUserIds.Count == 0, $"place {place}");
            Assert.All(left.Consent!.Entries, entry => Assert.Null(entry.Username));
            Assert.Contains(left.Consent.Entries, entry => entry.Choice == ConsentEntry.Erased);
        }
    }

    [Theory]
    [InlineData("""{"version":1,"scope":"1","userId":"5","look":3}""", true)]
    [InlineData("""{"version":2,"scope":"1","userId":"5"}""", false)]
    [InlineData("""{"version":1,"recordingId":"0198c0de-0000-7000-8000-000000000001"}""", false)]
    [InlineData("{", false)]
    [InlineData("null", false)]
    public void Message_is_about_a_person_only_where_it_says_so(string text, bool isForget)
    {
        ForgetPerson? read = DeletionMessages.TryReadForget(Encoding.UTF8.GetBytes(text));
        Assert.Equal(isForget, read is not null);
        if (read is not null) Assert.Equal(("1", 5UL, 3), (read.Scope, read.UserId, read.Look));
    }

    private QueueClient Queue => app.Storage.Queues.GetQueueClient(StorageNames.DeletionQueue);

    private static (int Number, DateTimeOffset DueAt, DateTimeOffset? GoneAt) Facts(DeletionLook? look) =>
        (look!.Number, look.DueAt, look.GoneAt);

    private Task<DeletionLook?> LookAsync(RecordingId id) => app.Get<DeletionTable>().FindLookAsync(id, Cancellation);

    private Task SweepAsync() => app.Get<DeletionSweep>().RunAsync(Cancellation);

    private async Task<RecordingId> DeletedAsync(int seed)
    {
        Session session = new(seed);
        Assert.True(await app.StartRecordingAsync(session.Started));
        await DeleteAsync(session.Id);
        return session.Id;
    }

    private async Task DeleteAsync(RecordingId id)
    {
        using HttpResponseMessage answer = await app.Http.DeleteAsync(new Uri($"api/recordings/{id}", UriKind.Relative), Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }

    private async Task<ForgetState> ForgetAsync(string recordingId)
    {
        Uri address = new($"api/recordings/{recordingId}/erasures/{Ada.ToString(CultureInfo.InvariantCulture)}", UriKind.Relative);
        using HttpResponseMessage answer = await app.Http.PutAsync(address, null, Cancellation);
        Assert.Equal((HttpStatusCode.Accepted, TimeSpan.FromSeconds(5)), (answer.StatusCode, answer.Headers.RetryAfter?.Delta));
        return await FindAsync(recordingId);
    }

    private async Task<ForgetState> FindAsync(string scope) => (await app.Get<ForgetTable>().FindAsync(scope, Ada, Cancellation))!;

    private Task RunAsync(string scope, int look) =>
        app.Get<PersonForgetting>().RunAsync(new ForgetPerson { Scope = scope, UserId = Ada, Look = look }, Cancellation);

    private async Task<DeleteRecording[]> TakeAsync(RecordingId id) => [.. (await TakeAllAsync())
        .Where(text => DeletionMessages.TryReadForget(text) is null).Select(text => DeletionMessages.Read(text))
        .Where(message => message.RecordingId == id)];

    private async Task<ForgetPerson[]> TakeForgetAsync(string scope) => [.. (await TakeAllAsync())
        .Select(text => DeletionMessages.TryReadForget(text)).OfType<ForgetPerson>().Where(message => message.Scope == scope)];

    // Those that wait for their time are counted too.
    private async Task<int> SentAsync() => (await Queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount;

    private async Task<byte[][]> TakeAllAsync()
    {
        List<byte[]> texts = [];
        while ((await Queue.ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value is { Length: > 0 } messages)
        {
            foreach (QueueMessage message in messages)
            {
                texts.Add(message.Body.ToArray());
                await Queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
            }
        }
        return [.. texts];
    }
}
