using System.Net;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Ledger;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Deletion;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>One person is erased from a server's recordings: nothing of them stays, and others' files are the same bytes.</summary>
public sealed class PersonErasureTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private const ulong Ada = 5, Grace = 6;

    // An account of its own: the sweep of other tests ends recordings whose bot is gone, which these are.
    private string Connection => azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(27));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() =>
        new StorageSetup(new StorageClients(new StorageOptions { ConnectionString = Connection }, null!)).EnsureAsync(Cancellation);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Erasure_that_is_cut_off_anywhere_leaves_nothing_of_the_person_and_touches_nobody_else()
    {
        using CutOff cut = new();
        await using App app = await App.StartAsync(Connection, services: services => services.AddSingleton(
            new StorageClients(new StorageOptions { ConnectionString = Connection }, null!, cut)));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        Session session = new(2571, (Ada, "Ada", 6), (Grace, "Grace", 6));
        await session.PutAllAsync(app.Storage);
        ConsentLedger ledger = new ConsentLedger { Mode = ConsentLedger.Required }
            .With(Word(session, "agreed") with { Username = "Ada" }, "words");
        SessionManifest manifest = session.Manifest(ManifestState.Stopped, session.Info.StartedAt) with { Consent = ledger };
        await session.PutManifestAsync(app.Storage, manifest);
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        Assert.Equal("Ada", (await app.RecordingAsync(session.Id))!.Consent!.Entries.Single().Username);
        Reports reports = app.Get<Reports>();
        foreach (SegmentReady segment in new[] { session.Segments[0], session.Segments[^1] })
        {
            await reports.WriteAsync(session.Id, segment.BlobName, "orphan", Cancellation);
            await reports.WriteAsync(session.Id, segment.Key.ToString(), "refused", Cancellation);
            string text = System.Text.Json.JsonSerializer.Serialize(segment, ContractsJsonContext.Default.SegmentReady);
            await reports.WriteAsync(new PoisonMessage(StorageNames.SegmentReadyQueue, text, "", ""), 5, givenUp: true, Cancellation);
        }
        Dictionary<string, string> before = await BlobsAsync(app, session.Id);
        string guild = session.Info.GuildId.ToString();
        QueueClient renders = app.Storage.Queues.GetQueueClient(StorageNames.RenderWindowQueue);
        await renders.ClearMessagesAsync(Cancellation);

        int cuts = await cut.UntilThroughAsync(async () =>
        {
            using HttpResponseMessage asked = await PutAsync(app, $"guilds/{guild}");
            return asked.StatusCode == HttpStatusCode.Accepted;
        });
        cuts += await cut.UntilThroughAsync(() => RunAsync(app, guild, cut));
        Assert.InRange(cuts, 10, 300);
        Assert.NotNull((await renders.PeekMessageAsync(Cancellation)).Value); // what was made is made again of those who are left

        Dictionary<string, string> after = await BlobsAsync(app, session.Id);
        Assert.Equal(before.Where(blob => blob.Key.Contains("/6-", StringComparison.Ordinal)).OrderBy(blob => blob.Key),
            after.OrderBy(blob => blob.Key));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
        RecordingDetails details = (await app.RecordingAsync(session.Id))!;
        Assert.Equal(["Grace"], details.Tracks.Select(track => track.Username));
        Assert.Equal((6, 0, 1), (details.SegmentCount, details.MissingSegmentCount, details.ParticipantCount));
        Assert.Equal(["6"], details.Health.Keys);
        Assert.Equal([(null, "agreed"), (null, "erased")], details.Consent!.Entries.Select(entry => (entry.Username, entry.Choice)));
        await foreach (TableEntity row in app.Storage.Tables.GetTableClient(StorageNames.LedgerTable)
            .QueryAsync<TableEntity>(row => row.PartitionKey == session.Id.ToString(), cancellationToken: Cancellation))
        {
            Assert.DoesNotContain($"{Ada:D20}", row.RowKey, StringComparison.Ordinal);
            if (row.RowKey != LedgerPartitions.ManifestKey) continue;
            SessionManifest kept = LedgerPartitions.ReadManifest(row)!;
            Assert.False(kept.Names(Ada));
            Assert.Equal(["Grace"], kept.Tracks.Select(track => track.Username));
        }
        await foreach (TableEntity row in app.Storage.Tables.GetTableClient(StorageNames.CatalogueTable)
            .QueryAsync<TableEntity>(row => row.PartitionKey == session.Id.ToString(), cancellationToken: Cancellation))
        {
            string segment = System.Text.Encoding.UTF8.GetString(row.GetBinary("Json") ?? []);
            Assert.DoesNotContain("Ada", segment, StringComparison.Ordinal); // in lists that were replaced neither
        }
        string[] noted = await NotesAsync(app, session.Id);
        Assert.DoesNotContain(noted, note => note.Contains("Ada", StringComparison.Ordinal));
        Assert.DoesNotContain(noted, note => note.Contains("/5/", StringComparison.Ordinal));
        Assert.Equal(3, noted.Length);
        await app.Get<Reports>().DeleteAsync(session.Id, Cancellation);
        Assert.Empty(await NotesAsync(app, session.Id));
        PersonErasure told = await StateAsync(app, $"guilds/{guild}");
        Assert.Equal((PersonErasure.Erased, 1, 6), (told.Status, told.Recordings, told.Segments));
        Assert.Equal(session.Segments.Where(segment => segment.UserId == Ada).Sum(segment => segment.SampleCount), told.Samples);

        // An account that is not written is not told as written.
        ForgetTable people = app.Get<ForgetTable>();
        ForgetState state = (await people.FindAsync(guild, Ada, Cancellation))!;
        cut.After(1);
        await Assert.ThrowsAsync<InvalidOperationException>(() => people.CountAsync(state, session.Id, 7, 7, Cancellation));
        cut.Never();
    }

    [Fact]
    public async Task Erasure_from_one_recording_that_is_cut_off_is_not_over()
    {
        using CutOff cut = new();
        await using App app = await App.StartAsync(Connection, services: services => services.AddSingleton(
            new StorageClients(new StorageOptions { ConnectionString = Connection }, null!, cut)));
        Session session = new(2580, (Ada, "Ada", 1), (Grace, "Grace", 1));
        await session.PutAllAsync(app.Storage);
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        string scope = session.Id.ToString();
        await app.Get<ForgetTable>().BeginAsync(scope, Ada, session.Info.StartedAt, Cancellation);
        int cuts = await cut.UntilThroughAsync(() => RunAsync(app, scope, cut));
        Assert.InRange(cuts, 10, 200);
        Assert.Single(await BlobsAsync(app, session.Id));
        Assert.Equal(PersonErasure.Erased, (await StateAsync(app, $"recordings/{scope}")).Status);
    }

    [Theory]
    [InlineData("92590")] // a server
    [InlineData("0198c0de-0000-7000-8000-000000092590")]
    public async Task Message_is_not_over_before_the_next_is_arranged(string scope)
    {
        using CutOff cut = new();
        await using App app = await App.StartAsync(Connection, services: services => services.AddSingleton(
            new StorageClients(new StorageOptions { ConnectionString = Connection }, null!, cut)));
        ForgetTable table = app.Get<ForgetTable>();
        await table.BeginAsync(scope, Ada, TimeProvider.System.GetUtcNow(), Cancellation);
        for (int look = 0; look < 2; look++)
        {
            int cuts = await cut.UntilThroughAsync(async () =>
            {
                await app.Get<PersonForgetting>().RunAsync(new ForgetPerson { Scope = scope, UserId = Ada, Look = look }, Cancellation);
                Assert.False(cut.HasCut, "a message is over whose work was cut off");
                return true;
            });
            Assert.InRange(cuts, 3, 100);
            Assert.Equal(look + 1, (await table.FindAsync(scope, Ada, Cancellation))!.Number);
        }
    }

    [Fact]
    public async Task Recording_without_the_person_is_not_written_again()
    {
        await using App app = await App.StartAsync(Connection);
        Session session = new(2589, (Grace, "Grace", 1));
        await session.PutAllAsync(app.Storage);
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        CatalogueTable catalogue = app.Get<CatalogueTable>();
        string? before = (await catalogue.FindAsync(session.Id.ToString(), Cancellation)).Recording!.Etag;
        using HttpResponseMessage asked = await PutAsync(app, $"recordings/{session.Id}");
        Assert.True(await RunAsync(app, session.Id.ToString(), null));
        Assert.Equal(before, (await catalogue.FindAsync(session.Id.ToString(), Cancellation)).Recording!.Etag);
        Assert.Equal(0, (await StateAsync(app, $"recordings/{session.Id}")).Recordings);
    }

    [Fact]
    public async Task Others_segments_stay_listed_where_the_person_had_one_alone()
    {
        await using App app = await App.StartAsync(Connection);
        Session session = new(2579, (Ada, "Ada", 1), (Grace, "Grace", 2));
        await session.PutAllAsync(app.Storage);
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        using HttpResponseMessage asked = await PutAsync(app, $"recordings/{session.Id}");
        Assert.True(await RunAsync(app, session.Id.ToString(), null));
        CatalogueTable catalogue = app.Get<CatalogueTable>();
        CatalogueRecording left = (await catalogue.FindAsync(session.Id.ToString(), Cancellation)).Recording!;
        List<RecordingSegment> listed = await catalogue.ReadSegmentsAsync(session.Id.ToString(), left.SegmentSet!, Cancellation);
        Assert.Equal(["6", "6"], listed.Select(segment => segment.UserId));
    }

    [Fact]
    public async Task Nothing_of_an_erased_person_is_taken_into_a_recording_that_runs()
    {
        await using App app = await App.StartAsync(Connection);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        Session session = new(2572, (Ada, "Ada", 4), (Grace, "Grace", 4));
        await session.PutAllAsync(app.Storage);
        ConsentLedger ledger = new ConsentLedger { Mode = ConsentLedger.Off }.With(Word(session, ConsentEntry.Erased), "words");
        Assert.True(await app.StartRecordingAsync(session.Started));
        SegmentReady[] theirs = [.. session.Segments.Where(segment => segment.UserId == Ada)];
        foreach (SegmentReady segment in session.Segments.Except(theirs).Concat(theirs[..2])) Assert.True(await app.MoveAsync(segment));

        using HttpResponseMessage asked = await PutAsync(app, $"recordings/{session.Id}");
        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        Assert.True(await RunAsync(app, session.Id.ToString(), null));
        Assert.True(await app.MoveAsync(theirs[2])); // its message was on its way
        await session.PutAsync(app.Storage, theirs[3]);
        Assert.True(await app.MoveAsync(theirs[3])); // it comes late
        Assert.DoesNotContain(await session.LeftInTempAsync(app.Storage), name => name.Contains("/5-", StringComparison.Ordinal));
        Assert.DoesNotContain(await BlobsAsync(app, session.Id), blob => blob.Key.Contains("/5-", StringComparison.Ordinal));
        Assert.Equal(["Grace"], (await app.RecordingAsync(session.Id))!.Tracks.Select(track => track.Username));

        await session.PutManifestAsync(app.Storage,
            session.Manifest(ManifestState.Stopped, session.Info.StartedAt) with { Consent = ledger, OptedOut = [Ada] });
        Assert.True(await app.FinalizeAsync(session.Stopped));
        RecordingDetails details = (await app.RecordingAsync(session.Id))!;
        Assert.Equal((RecordingStatus.Completed, 4, 0), (details.Status, details.SegmentCount, details.MissingSegmentCount));
        Assert.Equal(["Grace"], details.Tracks.Select(track => track.Username));
        Assert.True(await RunAsync(app, session.Id.ToString(), null));
        Assert.DoesNotContain(await session.LeftInTempAsync(app.Storage), name => name.Contains("/5-", StringComparison.Ordinal));
        Assert.Equal(2, (await StateAsync(app, $"recordings/{session.Id}")).Segments);
    }

    [Fact]
    public async Task Recording_without_an_erased_person_is_ended_again_with_the_same_answer()
    {
        await using App app = await App.StartAsync(Connection);
        Session session = new(2574);
        Assert.True(await app.StartRecordingAsync(session.Started));
        using HttpResponseMessage asked = await PutAsync(app, $"recordings/{session.Id}");
        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        Assert.True(await RunAsync(app, session.Id.ToString(), null));
        FinalizeRequest end = new()
        {
            SessionEndTime = session.Info.StartedAt.ToUnixTimeMilliseconds() + 1_000,
            Duration = 1_000,
            TotalSize = 0,
            ParticipantCount = 0,
            Segments = [],
            Consent = new ConsentLedger { Mode = ConsentLedger.Required }.With(Word(session, "agreed") with { Username = "Ada" }, "words"),
        };

        for (int turn = 0; turn < 2; turn++)
        {
            using HttpResponseMessage answer = await app.PostAsync($"api/recordings/{session.Id}/finalize", end,
                WireJsonContext.Default.FinalizeRequest);
            Assert.True(answer.IsSuccessStatusCode, $"end {turn + 1}: {await answer.Content.ReadAsStringAsync(Cancellation)}");
        }

        Assert.Equal([(null, "agreed"), (null, "erased")],
            (await app.RecordingAsync(session.Id))!.Consent!.Entries.Select(entry => (entry.Username, entry.Choice)));
    }

    [Fact]
    public async Task Who_is_named_by_what_never_arrived_alone_is_not_named_any_more()
    {
        await using App app = await App.StartAsync(Connection);
        Session session = new(2576);
        Assert.True(await app.StartRecordingAsync(session.Started));
        FinalizeRequest end = new()
        {
            SessionEndTime = session.Info.StartedAt.ToUnixTimeMilliseconds() + 1_000,
            Duration = 1_000,
            TotalSize = 0,
            ParticipantCount = 0,
            Segments = [],
            // The list is cut short, the count is not.
            MissingSegments = [.. new[] { Ada, Grace, Grace }.Select((user, index) =>
                new MissingSegment { UserId = $"{user}", SegmentIndex = index, Reason = "late" })],
            MissingSegmentCount = 7,
            UnverifiedUserIds = [$"{Ada}", $"{Grace}"],
        };
        using HttpResponseMessage answer = await app.PostAsync($"api/recordings/{session.Id}/finalize", end,
            WireJsonContext.Default.FinalizeRequest);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        using HttpResponseMessage asked = await PutAsync(app, $"recordings/{session.Id}");
        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        Assert.True(await RunAsync(app, session.Id.ToString(), null));

        RecordingDetails details = (await app.RecordingAsync(session.Id))!;
        Assert.Equal([$"{Grace}", $"{Grace}"], details.MissingSegments.Select(missing => missing.UserId));
        Assert.Equal(6, details.MissingSegmentCount);
        Assert.Equal([$"{Grace}"], details.UnverifiedUserIds);
    }

    [Fact]
    public async Task Erasure_between_stop_and_finalize_leaves_nothing_to_wait_for_and_no_name()
    {
        await using App app = await App.StartAsync(Connection);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        Session session = new(2573, (Ada, "Ada", 2), (Grace, "Grace", 2));
        await session.PutAllAsync(app.Storage);
        ConsentLedger ledger = new ConsentLedger { Mode = ConsentLedger.Required }
            .With(Word(session, "agreed") with { Username = "Ada" }, "words");
        await session.PutManifestAsync(app.Storage,
            session.Manifest(ManifestState.Stopped, session.Info.StartedAt) with { Consent = ledger }); // no bot is there to say it
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));

        using HttpResponseMessage asked = await PutAsync(app, $"recordings/{session.Id}");
        Assert.True(await RunAsync(app, session.Id.ToString(), null));
        Assert.True(await app.FinalizeAsync(session.Stopped));

        RecordingDetails details = (await app.RecordingAsync(session.Id))!;
        Assert.Equal((RecordingStatus.Completed, 2, 0), (details.Status, details.SegmentCount, details.MissingSegmentCount));
        Assert.Equal([(null, "agreed"), (null, "erased")], details.Consent!.Entries.Select(entry => (entry.Username, entry.Choice)));
        SessionManifest kept = (await app.Get<LedgerTable>().FindManifestAsync(session.Id, Cancellation))!;
        Assert.Equal(["Grace"], kept.Tracks.Select(track => track.Username));
        Assert.All(kept.Consent!.Entries, entry => Assert.Null(entry.Username));
    }

    [Fact]
    public async Task What_a_backup_brought_back_goes_when_somebody_asks_again()
    {
        await using App app = await App.StartAsync(Connection);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        Session session = new(2575, (Ada, "Ada", 1), (Grace, "Grace", 1));
        await session.PutAllAsync(app.Storage);
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        string scope = $"guilds/{session.Info.GuildId}", theirs = session.Segments[0].BlobName;
        for (int time = 0; time < 2; time++)
        {
            using HttpResponseMessage asked = await PutAsync(app, scope);
            Assert.Equal(PersonErasure.Erasing, (await StateAsync(app, scope)).Status);
            Assert.True(await RunAsync(app, session.Info.GuildId.ToString(), null));
            Assert.Single(await BlobsAsync(app, session.Id));
            await app.Storage.Recordings.GetBlobClient(theirs).UploadAsync(new BinaryData([1]), Cancellation);
        }
    }

    [Fact]
    public async Task Erasure_nobody_asked_for_is_404_and_what_is_no_id_is_400()
    {
        await using App app = await App.StartAsync(Connection);
        Uri address = new("api/guilds/92573/erasures/5", UriKind.Relative);
        using HttpResponseMessage unknown = await app.Http.GetAsync(address, Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        foreach ((string path, HttpStatusCode status, string fault) in new[]
        {
            ("guilds/abc/erasures/5", HttpStatusCode.BadRequest, "guildId"),
            ("guilds/92573/erasures/x", HttpStatusCode.BadRequest, "userId"),
            ("recordings/0198c0de-0000-7000-8000-000000092573/erasures/x", HttpStatusCode.BadRequest, "userId"),
            ("recordings/5/erasures/5", HttpStatusCode.NotFound, "recording"),
        })
        {
            foreach (HttpMethod method in new[] { HttpMethod.Put, HttpMethod.Get })
            {
                using HttpRequestMessage request = new(method, $"api/{path}");
                using HttpResponseMessage wrong = await app.Http.SendAsync(request, Cancellation);
                Assert.Equal(status, wrong.StatusCode);
                Assert.Contains(fault, await wrong.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
            }
        }
    }

    private static ConsentEntry Word(Session session, string choice) =>
        new() { UserId = Ada, At = session.Info.StartedAt, Choice = choice, Button = "a button" };

    /// <summary>Runs what the messages call until it is over.</summary>
    private static async Task<bool> RunAsync(App app, string scope, CutOff? cut)
    {
        for (int turn = 0; turn < 20; turn++)
        {
            if (await app.Get<ForgetTable>().FindAsync(scope, Ada, Cancellation) is not { FinishedAt: null } state) return true;
            await app.Get<PersonForgetting>().RunAsync(new ForgetPerson { Scope = scope, UserId = Ada, Look = state.Number }, Cancellation);
            Assert.False(cut is { HasCut: true }, "a message is over whose work was cut off");
        }
        cut?.Never();
        return false;
    }

    private static Task<HttpResponseMessage> PutAsync(App app, string scope) =>
        app.Http.PutAsync(new Uri($"api/{scope}/erasures/{Ada}", UriKind.Relative), null, Cancellation);

    private static async Task<PersonErasure> StateAsync(App app, string scope)
    {
        Uri address = new($"api/{scope}/erasures/{Ada}", UriKind.Relative);
        using HttpResponseMessage answer = await app.Http.GetAsync(address, Cancellation);
        return await app.ReadAsync(answer, WireJsonContext.Default.PersonErasure);
    }

    /// <summary>What the reports have of a recording, messages that were given up too.</summary>
    private static async Task<string[]> NotesAsync(App app, RecordingId id)
    {
        List<string> notes = [];
        await foreach (TableEntity row in app.Storage.Tables.GetTableClient(StorageNames.ReportsTable)
            .QueryAsync<TableEntity>(cancellationToken: Cancellation))
        {
            string note = string.Join(' ', row.Select(column => column.Value).OfType<string>());
            if (note.Contains(id.ToString(), StringComparison.Ordinal)) notes.Add(note);
        }
        return [.. notes];
    }

    /// <summary>Names and what stands in them, with the version that every write changes.</summary>
    private static async Task<Dictionary<string, string>> BlobsAsync(App app, RecordingId id)
    {
        Dictionary<string, string> blobs = [];
        await foreach (BlobItem item in app.Storage.Recordings.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{id}/" }, Cancellation))
            blobs[item.Name] = $"{item.Properties.ETag} {Convert.ToBase64String(item.Properties.ContentHash ?? [])}";
        return blobs;
    }
}
