using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Recordings;
using Pipeline.TestKit;
using static Pipeline.Functions.Tests.Rig.WireRequests;

namespace Pipeline.Functions.Tests.Api;

/// <summary>The older flow, init with all segments and then complete, where it is about more than one person.</summary>
public sealed class BatchFlowTests(AppFixture shared) : IClassFixture<AppFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task File_is_of_the_person_for_whom_it_was_announced()
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        JsonObject[] files = await PutAllAsync(app, id, Segment(0), Segment(0, "6", "Grace"));
        JsonObject asAda = files[1].DeepClone().AsObject(), asGrace = files[1].DeepClone().AsObject();
        (asGrace["userId"], asGrace["username"]) = ("6", "Grace");

        (HttpStatusCode wrong, JsonNode problem) = await CompleteAsync(app, id, files[0], asAda);
        Assert.Equal(HttpStatusCode.BadRequest, wrong);
        Assert.Equal("must be 6, for whom the file was announced",
            (string?)Assert.Single(problem["errors"]!.AsObject(), error => error.Key == "files[1].userId").Value![0]);
        Assert.Equal(RecordingStatus.Live, (await app.RecordingAsync(RecordingId.Parse(id)))!.Status);

        (HttpStatusCode right, _) = await CompleteAsync(app, id, files[0], asGrace);
        (HttpStatusCode again, _) = await CompleteAsync(app, id, files[0], asGrace);
        (HttpStatusCode other, _) = await CompleteAsync(app, id, files[0], asAda);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Conflict), (right, again, other));
        Assert.Equal(["5/0", "6/0"], (await app.RecordingAsync(RecordingId.Parse(id)))!.Segments
            .Select(segment => $"{segment.UserId}/{segment.SegmentIndex}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("username", "Grace", "files[0].username")]
    [InlineData("fileName", "b.wav", "files[0].fileName")]
    [InlineData("filePath", "Ada/b.wav", "files[0].filePath")]
    [InlineData("blobUrl", null, "files[0].blobUrl")]
    [InlineData("fileIndex", null, "files")]
    [InlineData("", null, "files")]
    public async Task Repetition_that_says_something_else_is_told_what(string field, string? value, string named)
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        JsonObject[] files = await PutAllAsync(app, id, Segment(0), Segment(1));
        Assert.Equal(HttpStatusCode.OK, (await CompleteAsync(app, id, files)).Status);
        JsonObject[] other = [.. files.Select(file => file.DeepClone().AsObject())];
        if (field == "fileIndex") (other[0][field], other[1][field]) = (1, 0);
        else if (field == "blobUrl")
            other[0][field] = ((string)other[0][field]!).Replace("segment_000", "segment_009", StringComparison.Ordinal);
        else if (field.Length > 0) other[0][field] = value;
        else other = other[..1];

        (HttpStatusCode status, JsonNode problem) = await CompleteAsync(app, id, other);

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains(named, (problem["errors"]?.AsObject() ?? []).Select(error => error.Key));
        Assert.Equal("completed", (string?)problem["currentStatus"]);
        Assert.Equal(HttpStatusCode.OK, (await CompleteAsync(app, id, [.. files.Reverse()])).Status);
        Assert.All((await app.RecordingAsync(RecordingId.Parse(id)))!.Segments, segment => Assert.Equal("Ada", segment.Username));
    }

    /// <summary>Lists of older versions have a name that no place in the announced list went into.</summary>
    [Fact]
    public async Task Repetition_of_what_an_older_version_completed_is_none_else()
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        JsonObject[] files = await PutAllAsync(app, id, Segment(0), Segment(1));
        Assert.Equal(HttpStatusCode.OK, (await CompleteAsync(app, id, files)).Status);
        CatalogueTable catalogue = app.Get<CatalogueTable>();
        CatalogueRecording known = (await catalogue.FindAsync(id, Cancellation)).Recording!;
        List<RecordingSegment> segments = await catalogue.ReadSegmentsAsync(id, known.SegmentSet!, Cancellation);
        string older = SegmentSet.Of(segments).Name;
        await catalogue.WriteSegmentsAsync(id, older, segments, Cancellation);
        Assert.True(await catalogue.TryUpdateAsync(known with { SegmentSet = older }, Cancellation));

        Assert.Equal(HttpStatusCode.OK, (await CompleteAsync(app, id, files)).Status);
        files[1]["fileName"] = "b.wav";
        Assert.Equal(HttpStatusCode.Conflict, (await CompleteAsync(app, id, files)).Status);
    }

    [Fact]
    public async Task Nobody_who_is_erased_is_given_a_place_to_put_their_voice()
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        await PutAllAsync(app, id, Segment(0), Segment(0, "6", "Grace"));
        using HttpResponseMessage erased = await app.Http.PutAsync(
            new Uri($"api/recordings/{id}/erasures/6", UriKind.Relative), null, Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, erased.StatusCode);
        LoopLimit limit = new("the erasure is finished");
        while (await app.Get<ForgetTable>().FindAsync(id, 6, Cancellation) is { FinishedAt: null } state)
        {
            limit.Turn();
            await app.Get<PersonForgetting>().RunAsync(new ForgetPerson { Scope = id, UserId = 6, Look = state.Number }, Cancellation);
        }

        (HttpStatusCode both, JsonNode problem) = await PostAsync(app, "recordings/init",
            BatchInit(id, Segment(1), Segment(0, "6", "Grace")));
        Assert.Equal(HttpStatusCode.UnavailableForLegalReasons, both);
        Assert.Equal("segments[1].userId", Assert.Single(problem["errors"]!.AsObject()).Key);
        Assert.False(problem.AsObject().ContainsKey("uploadUrls"));

        JsonObject[] files = await PutAllAsync(app, id, Segment(1));
        // What was announced before names her, and nothing completes it any more.
        TableClient table = app.Storage.Tables.GetTableClient(StorageNames.CatalogueTable);
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(row => row.PartitionKey == id, cancellationToken: Cancellation))
            Assert.DoesNotContain("Grace", Encoding.UTF8.GetString(row.GetBinary("Json") ?? []), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await CompleteAsync(app, id, files)).Status);
    }

    /// <summary>One session is one recording by whichever of the two it was begun, and is told what is different.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Session_that_is_begun_by_init_and_by_init_live_is_one_recording(bool isLiveFirst)
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        JsonObject other = isLiveFirst ? BatchInit(id, Segment(0), Segment(1)) : Init(id);
        other["guildName"] = "Another";
        string second = isLiveFirst ? "recordings/init" : "recordings/init-live";
        JsonObject[] files = [];
        if (isLiveFirst) Assert.Equal(HttpStatusCode.Created, (await PostAsync(app, "recordings/init-live", Init(id))).Status);
        else files = await PutAllAsync(app, id, Segment(0), Segment(1));

        (HttpStatusCode refused, JsonNode problem) = await PostAsync(app, second, other);
        other["guildName"] = "Guild";
        (HttpStatusCode taken, JsonNode answer) = await PostAsync(app, second, other);

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.OK), (refused, taken));
        Assert.Equal(("live", "is \"Guild\", not \"Another\""),
            ((string?)problem["currentStatus"], (string?)Assert.Single(problem["errors"]!.AsObject()).Value![0]));
        Assert.Equal(id, (string?)answer["recordingId"]);
        if (isLiveFirst) files = await PutAllAsync(app, id, Segment(0), Segment(1)); // repeating it gives the same places
        Assert.Equal(HttpStatusCode.OK, (await CompleteAsync(app, id, files)).Status);
        foreach (JsonObject begin in new[] { Init(id), BatchInit(id, Segment(0), Segment(1)) })
        {
            (HttpStatusCode over, JsonNode said) = await PostAsync(app, begin.ContainsKey("segments") ? "recordings/init"
                : "recordings/init-live", begin);
            Assert.Equal((HttpStatusCode.Conflict, "completed"), (over, (string?)said["currentStatus"]));
        }
        RecordingDetails recording = (await app.RecordingAsync(RecordingId.Parse(id)))!;
        Assert.Equal((RecordingStatus.Completed, 2), (recording.Status, recording.Segments.Count));
    }

    /// <summary>Without <c>init</c> nothing was announced, and the live flow ends what the other has begun.</summary>
    [Fact]
    public async Task Recording_is_ended_by_the_flow_that_knows_its_segments()
    {
        App app = shared.App;
        string live = RecordingId.New(TimeProvider.System).ToString(), batch = RecordingId.New(TimeProvider.System).ToString();
        await PostAsync(app, "recordings/init-live", Init(live));
        await PutSegmentsAsync(app, live, 1);
        JsonObject[] files = await PutAllAsync(app, batch, Segment(0));

        (HttpStatusCode status, JsonNode problem) = await CompleteAsync(app, live, files);
        Assert.Equal((HttpStatusCode.BadRequest, "was not begun by init"), (status, (string?)problem["errors"]!["recordingId"]![0]));
        await PutSegmentsAsync(app, batch, 1);
        foreach (string id in new[] { live, batch })
            Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", End(app, id, 1))).Status);

        Assert.Equal(HttpStatusCode.Conflict, (await CompleteAsync(app, batch, files)).Status);
        Assert.Single((await app.RecordingAsync(RecordingId.Parse(batch)))!.Segments);
    }

    /// <summary>Its URL takes no second file, so who begins once more has to know which are there.</summary>
    [Fact]
    public async Task Repeated_init_says_which_files_lie_there_already()
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        JsonObject list = BatchInit(id, Segment(0), Segment(1), Segment(2));
        JsonArray first = (await PostAsync(app, "recordings/init", list)).Body["uploadUrls"]!.AsArray();
        Assert.All(first, place => Assert.False(place!.AsObject().ContainsKey("isStored")));
        using HttpClient http = new();
        foreach (int index in new[] { 0, 2 }) Assert.Equal(HttpStatusCode.Created, await PutAsync(http, Url(first[index])));
        list["segments"]![2]!["fileSize"] = (long)list["segments"]![2]!["fileSize"]! + 2; // that is another file

        JsonArray again = (await PostAsync(app, "recordings/init", list)).Body["uploadUrls"]!.AsArray();
        Assert.Equal([true, null, null], again.Select(place => (bool?)place!["isStored"]));
        Assert.Equal(first.Select(place => (string?)place!["blobPath"]), again.Select(place => (string?)place!["blobPath"]));
        Assert.Equal(HttpStatusCode.Created, await PutAsync(http, Url(again[1])));
        Assert.Equal(HttpStatusCode.OK, (await CompleteAsync(app, id, [.. again.Take(2).Select(place => Completed(place!))])).Status);

        static Uri Url(JsonNode? place) => new((string)place!["uploadUrl"]!);
    }

    /// <summary>Announces segments and puts them.</summary>
    /// <returns>What <c>complete</c> says of each where all are Ada's.</returns>
    private static async Task<JsonObject[]> PutAllAsync(App app, string id, params JsonObject[] segments)
    {
        (HttpStatusCode status, JsonNode places) = await PostAsync(app, "recordings/init", BatchInit(id, segments));
        Assert.Equal(HttpStatusCode.OK, status);
        using HttpClient http = new();
        foreach (JsonNode? place in places["uploadUrls"]!.AsArray())
            Assert.Equal(HttpStatusCode.Created, await PutAsync(http, new Uri((string)place!["uploadUrl"]!)));
        return [.. places["uploadUrls"]!.AsArray().Select(place => Completed(place!))];
    }

    private static Task<(HttpStatusCode Status, JsonNode Body)> CompleteAsync(App app, string id, params JsonObject[] files) =>
        PostAsync(app, $"recordings/{id}/complete",
            new JsonObject { ["files"] = new JsonArray([.. files.Select(file => file.DeepClone())]) });
}
