using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Deletion;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>What goes with a person and what stays, where the two lie side by side.</summary>
public sealed class PersonTracesTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private const ulong Ada = 5, Grace = 6, Eve = 55; // an id that begins as another

    private App app = null!;

    private string Connection => azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(18));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        app = await App.StartAsync(Connection);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task Segments_that_were_not_moved_go_and_those_of_a_namesake_stay()
    {
        Session session = new(2590, (Ada, "Ada", 2), (Eve, "Ada", 2));
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.StartRecordingAsync(session.Started));
        await RemoveAsync(session, Ada);
        Assert.Equal([$"{session.Id}/55-Ada/segment_000.wav", $"{session.Id}/55-Ada/segment_001.wav"],
            await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task List_of_segments_is_replaced_by_one_without_the_person()
    {
        Session session = await RecordedAsync(2591, (Ada, "Ada", 1), (Grace, "Grace", 2));
        await RemoveAsync(session, Ada);
        CatalogueTable catalogue = app.Get<CatalogueTable>();
        CatalogueRecording left = (await catalogue.FindAsync($"{session.Id}", Cancellation)).Recording!;
        List<RecordingSegment> listed = await catalogue.ReadSegmentsAsync($"{session.Id}", left.SegmentSet!, Cancellation);
        Assert.Equal([$"{Grace}", $"{Grace}"], listed.Select(segment => segment.UserId));
        Assert.Equal(2, (await RowsAsync(session)).Count(IsOfSegment));
    }

    /// <summary>Either may know more than the other: an erasure that began before has taken some of one of them.</summary>
    [Theory]
    [InlineData(59_310, true)]
    [InlineData(59_311, false)]
    public async Task Counted_is_what_the_list_or_the_ledger_has_whichever_is_more(int seed, bool hasRows)
    {
        Session session = await RecordedAsync(seed, (Ada, "Ada", 2));
        string id = $"{session.Id}";
        if (hasRows) await app.Get<CatalogueTable>().DeleteOfPeopleAsync(id, set: null, new HashSet<ulong> { Ada }, Cancellation);
        else
        {
            TableClient ledger = app.Storage.Tables.GetTableClient(StorageNames.LedgerTable);
            string row = MovedSegments.RowPrefix + MovedSegments.PersonPart(Ada) + "0000000001";
            await ledger.GetEntityAsync<TableEntity>(id, row, cancellationToken: Cancellation); // it is there
            await ledger.DeleteEntityAsync(id, row, cancellationToken: Cancellation);
        }
        (int, long)? counted = null;
        await app.Get<PersonRemoval>().RunAsync(session.Id, Ada, session.Info.StartedAt, (segments, samples, _) =>
        {
            counted ??= (segments, samples);
            return Task.FromResult(true);
        }, Cancellation);
        Assert.Equal((2, session.Segments.Sum(segment => segment.SampleCount)), counted);
    }

    [Fact]
    public async Task List_of_segments_stays_where_the_person_is_named_by_a_note_alone()
    {
        Session session = await RecordedAsync(2592, (Grace, "Grace", 2)); // its note is of person 1
        CatalogueTable catalogue = app.Get<CatalogueTable>();
        string id = $"{session.Id}";
        CatalogueRecording found = (await catalogue.FindAsync(id, Cancellation)).Recording!;
        List<RecordingSegment> listed = await catalogue.ReadSegmentsAsync(id, found.SegmentSet!, Cancellation);
        await catalogue.DeleteSegmentsAsync(id, found.SegmentSet!, Cancellation);
        await catalogue.WriteSegmentsAsync(id, "list", listed, Cancellation); // a list that came in parts has its sender's name
        Assert.True(await catalogue.TryUpdateAsync(found with { SegmentSet = "list" }, Cancellation));
        List<string> before = [.. (await RowsAsync(session)).Where(IsOfSegment)];
        Assert.Equal(1UL, Assert.Single((await app.RecordingAsync(session.Id))!.Notes).UserId);
        await RemoveAsync(session, 1);
        Assert.Empty((await app.RecordingAsync(session.Id))!.Notes);
        Assert.Equal(before, (await RowsAsync(session)).Where(IsOfSegment));
        Assert.Equal("list", (await catalogue.FindAsync(id, Cancellation)).Recording!.SegmentSet);
    }

    [Fact]
    public async Task Recording_where_all_that_is_named_is_of_others_is_not_written_again()
    {
        Session session = new(2593);
        Assert.True(await app.StartRecordingAsync(session.Started));
        ConsentEntry word = new()
        {
            UserId = Grace,
            Username = "Grace",
            At = session.Info.StartedAt,
            Choice = ConsentEntry.Agreed,
            Button = "a button",
        };
        FinalizeRequest end = new()
        {
            SessionEndTime = session.Info.StartedAt.ToUnixTimeMilliseconds() + 1_000,
            Duration = 1_000,
            TotalSize = 0,
            ParticipantCount = 0,
            Segments = [],
            Health = new Dictionary<string, IReadOnlyDictionary<string, long>>
            {
                [$"{Grace}"] = new Dictionary<string, long> { ["lost"] = 1 },
            },
            Notes = [new RecordingNote { Sample = 1, UserId = Grace, Text = "remember" }],
            Gaps = [new RecordingGap { UserId = Grace, StartSample = 1, SampleCount = 2, Reason = "loss" }],
            MissingSegments = [new MissingSegment { UserId = $"{Grace}", SegmentIndex = 0, Reason = "late" }],
            MissingSegmentCount = 1,
            UnverifiedUserIds = [$"{Grace}"],
            Consent = new ConsentLedger { Mode = ConsentLedger.Required }.With(word, "words"),
        };
        using HttpResponseMessage ended = await app.PostAsync($"api/recordings/{session.Id}/finalize", end,
            WireJsonContext.Default.FinalizeRequest);
        Assert.True(ended.IsSuccessStatusCode);
        string? before = (await app.Get<CatalogueTable>().FindAsync($"{session.Id}", Cancellation)).Recording!.Etag;
        await RemoveAsync(session, Ada);
        Assert.Equal(before, (await app.Get<CatalogueTable>().FindAsync($"{session.Id}", Cancellation)).Recording!.Etag);
    }

    [Fact]
    public async Task Deleted_recording_learns_nothing_of_a_person()
    {
        Session session = new(2594);
        Assert.True(await app.StartRecordingAsync(session.Started));
        await app.DeleteRecordingAsync(session.Id);
        await RemoveAsync(session, Ada);
        Assert.Equal(["recording"], await RowsAsync(session));
    }

    [Fact]
    public async Task What_an_old_upload_url_brings_goes_with_a_last_look_and_what_was_begun_since_stays()
    {
        Session session = new(2595, (Ada, "Ada", 1), (Grace, "Grace", 1)), since = new(2596, (Ada, "Ada", 1));
        string guild = $"{session.Info.GuildId}";
        Assert.True(await app.StartRecordingAsync(session.Started));
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[1]));
        long start = session.Info.StartedAt.ToUnixTimeMilliseconds();
        using HttpResponseMessage answer = await app.PostAsync($"api/recordings/{session.Id}/segment-upload-url", new SegmentUploadRequest
        {
            UserId = $"{Ada}",
            Username = "Ada",
            SegmentIndex = 0,
            FileName = "segment_000.wav",
            FileSize = session.Segments[0].FileSize,
            AbsoluteStartTime = start,
            AbsoluteEndTime = start + 10_000,
            Duration = 10_000,
            Format = "wav",
        }, WireJsonContext.Default.SegmentUploadRequest);
        SegmentUploadResponse place = await app.ReadAsync(answer, WireJsonContext.Default.SegmentUploadResponse);
        Uri erasure = new($"api/guilds/{guild}/erasures/{Ada}", UriKind.Relative);
        using HttpResponseMessage asked = await app.Http.PutAsync(erasure, null, Cancellation);
        for (int round = 0; round < 2; round++) await LookAsync(guild);
        string told = await app.Http.GetStringAsync(erasure, Cancellation);
        Assert.Contains("\"erased\"", told, StringComparison.Ordinal);

        using HttpClient http = new();
        using ByteArrayContent voice = new(session.BytesOf(session.Segments[0]));
        voice.Headers.Add("x-ms-blob-type", "BlockBlob");
        using HttpResponseMessage put = await http.PutAsync(new Uri(place.UploadUrl!), voice, Cancellation);
        Assert.Equal(System.Net.HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(2, (await FilesAsync(session)).Count);
        SessionInfo info = since.Info with { GuildId = session.Info.GuildId };
        SegmentReady later = since.Segments[0] with { Session = info };
        Assert.True(await app.StartRecordingAsync(new RecordingStarted { Session = info }));
        await since.PutAsync(app.Storage, later);
        Assert.True(await app.MoveAsync(later));

        await LookAsync(guild);

        Assert.Equal([$"{session.Id}/6-Grace/segment_000.wav"], await FilesAsync(session));
        Assert.Equal([$"{since.Id}/5-Ada/segment_000.wav"], await FilesAsync(since));
        Assert.Equal(told, await app.Http.GetStringAsync(erasure, Cancellation));
    }

    [Fact]
    public async Task Messages_of_an_erasure_have_their_numbers_and_are_hidden_until_they_are_due()
    {
        using SentMessages sent = new();
        ShiftedTime clock = new();
        await using App own = await App.StartAsync(Connection, time: clock, services: services => sent.Register(services, Connection));
        string scope = $"{new Session(2597).Id}";
        using HttpResponseMessage asked = await own.Http.PutAsync(new Uri($"api/recordings/{scope}/erasures/{Ada}", UriKind.Relative), null,
            Cancellation);
        for (int round = 0; round < 2; round++) await LookAsync(scope, own);
        // At once, what was on its way meanwhile, and what an old upload URL may bring.
        Assert.Equal([(0, 0), (1, 60), (2, 900)], Sent());

        clock.Ahead = TimeSpan.FromMinutes(15) + PersonForgetting.Patience; // the last one is lost
        await own.Get<PersonForgetting>().RemindAsync(Cancellation);
        Assert.Equal([(2, 0)], Sent().Skip(3));

        IEnumerable<(int Look, int Seconds)> Sent() => sent.Of(StorageNames.DeletionQueue, DeletionJsonContext.Default.ForgetPerson)
            .Where(one => one.Message.Scope == scope).Select(one => (one.Message.Look, (int)one.Delay.TotalSeconds));
    }

    [Fact]
    public async Task Erasure_from_more_recordings_than_a_look_takes_is_told_and_over_with_the_last_of_them()
    {
        await using App own = await App.StartAsync(Connection, time: new LeapingClock());
        RecordingId[] ids = [.. Enumerable.Range(25_980, 11).Select(seed => new Session(seed).Id)];
        foreach (RecordingId id in ids)
        {
            using HttpResponseMessage begun = await own.PostAsync("api/recordings/init-live", $$"""
                {"sessionId":"{{id}}","guildId":"2598","guildName":"g","channelId":"2","userId":"3","recordedAt":"2025-01-01T00:00:00Z"}
                """);
            Assert.True(begun.IsSuccessStatusCode);
        }
        ForgetTable table = own.Get<ForgetTable>();
        await table.BeginAsync("2598", Ada, TimeProvider.System.GetUtcNow(), Cancellation);
        foreach (bool isErased in (bool[])[false, false, false, true]) // two looks take all of them
        {
            await LookAsync("2598", own);
            Assert.Equal(isErased, (await table.FindAsync("2598", Ada, Cancellation))!.FinishedAt is not null);
        }
        foreach (RecordingId id in ids) await own.Storage.Recordings.GetBlobClient(Late(id)).UploadAsync(new BinaryData([1]), Cancellation);
        foreach (bool isOver in (bool[])[false, true])
        {
            await LookAsync("2598", own);
            Assert.Equal(isOver, (await table.FindAsync("2598", Ada, Cancellation))!.IsOver);
        }
        foreach (RecordingId id in ids) Assert.False(await own.Storage.Recordings.GetBlobClient(Late(id)).ExistsAsync(Cancellation));

        static string Late(RecordingId id) => $"{id}/5-Ada/segment_000.wav";
    }

    // The next message of Ada's erasure.
    private async Task LookAsync(string scope, App? at = null)
    {
        ForgetState state = (await app.Get<ForgetTable>().FindAsync(scope, Ada, Cancellation))!;
        ForgetPerson message = new() { Scope = scope, UserId = Ada, Look = state.Number };
        await (at ?? app).Get<PersonForgetting>().RunAsync(message, Cancellation);
    }

    /// <summary>Names of what lies in the recordings container.</summary>
    private async Task<List<string>> FilesAsync(Session session)
    {
        GetBlobsOptions below = new() { Prefix = $"{session.Id}/" };
        return await app.Storage.Recordings.GetBlobsAsync(below, Cancellation).Select(blob => blob.Name).ToListAsync(Cancellation);
    }

    private async Task<Session> RecordedAsync(int seed, params (ulong UserId, string Name, int Segments)[] speakers)
    {
        Session session = new(seed, speakers);
        await session.PutAllAsync(app.Storage);
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        return session;
    }

    // As the erasure does it, for a recording that holds something of the person.
    private Task RemoveAsync(Session session, ulong userId) => app.Get<PersonRemoval>().RunAsync(session.Id, userId,
        session.Info.StartedAt, (segments, _, _) => Task.FromResult(segments > 0), Cancellation);

    private static bool IsOfSegment(string rowKey) => rowKey.StartsWith("segment-", StringComparison.Ordinal);

    /// <summary>Keys of the catalogue's rows.</summary>
    private async Task<List<string>> RowsAsync(Session session)
    {
        string id = $"{session.Id}";
        return await app.Storage.Tables.GetTableClient(StorageNames.CatalogueTable)
            .QueryAsync<TableEntity>(row => row.PartitionKey == id, cancellationToken: Cancellation)
            .Select(row => row.RowKey).ToListAsync(Cancellation);
    }
}
