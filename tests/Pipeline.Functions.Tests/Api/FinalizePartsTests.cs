using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Events;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>A list of segments that is sent in parts: taken whole or not at all, and once, wherever it is cut off.</summary>
public sealed class FinalizePartsTests(AzuriteFixture azurite, AppFixture shared) : IClassFixture<AppFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Parts_make_one_recording_in_any_order_and_however_often_they_come()
    {
        App app = shared.App;
        string id = await BeginAsync(app, 5);
        JsonNode init = (await SendAsync(app, HttpMethod.Post, "recordings/init-live", Init(id))).Body!;
        Assert.Equal(5_000, (int)init["finalizePartSegments"]!);

        (HttpStatusCode early, JsonNode? missing) = await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", End(3));
        Assert.Equal((HttpStatusCode.Conflict, "live", "[0,1,2]"),
            (early, (string?)missing!["currentStatus"], missing["missingParts"]!.ToJsonString()));
        foreach (int part in new[] { 2, 0, 0 }) Assert.Equal(HttpStatusCode.NoContent, await PutAsync(app, id, part, Part(app, id, part)));
        (_, missing) = await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", End(3));
        Assert.Equal("[1]", missing!["missingParts"]!.ToJsonString());
        Assert.Empty((await app.RecordingAsync(RecordingId.Parse(id)))!.Segments);
        Assert.Equal(HttpStatusCode.NoContent, await PutAsync(app, id, 1, Part(app, id, 1)));

        (HttpStatusCode first, JsonNode? one) = await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", End(3));
        (HttpStatusCode second, JsonNode? two) = await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", End(3));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first, second));
        Assert.Equal((5, "completed", one!.ToJsonString()),
            ((int)one["recording"]!["segmentCount"]!, (string?)one["recording"]!["status"], two!.ToJsonString()));
        RecordingDetails recording = (await app.RecordingAsync(RecordingId.Parse(id)))!;
        Assert.Equal([0, 1, 2, 3, 4], recording.Segments.Select(segment => segment.SegmentIndex));
        RecordingTrack track = Assert.Single(recording.Tracks);
        Assert.Equal(("Ada", 5 * 480_000L, 10_000L), (track.Username, track.SpokenSamples, recording.LongestSegment));
    }

    [Fact]
    public async Task Person_who_is_erased_is_left_out_of_a_list_that_comes_in_parts()
    {
        App app = shared.App;
        string id = await BeginAsync(app, 3);
        Assert.Equal(HttpStatusCode.NoContent, await PutAsync(app, id, 0, Part(app, id, 0)));
        await app.Storage.Recordings.GetBlobClient($"{id}/6-Grace/segment_000.wav").UploadAsync(new BinaryData([1, 2, 3, 4]), Cancellation);
        JsonObject grace = JsonNode.Parse(Part(app, id, 1).ToJsonString().Replace("5-Ada/segment_002", "6-Grace/segment_000",
            StringComparison.Ordinal))!.AsObject();
        (grace["segments"]![0]!["userId"], grace["segments"]![0]!["username"], grace["segments"]![0]!["segmentIndex"]) = ("6", "Grace", 0);
        JsonObject ada = Part(app, id, 0);

        Assert.Equal(HttpStatusCode.Accepted, (await SendAsync(app, HttpMethod.Put, $"recordings/{id}/erasures/5", [])).Status);
        LoopLimit limit = new("the erasure is finished");
        while (await app.Get<ForgetTable>().FindAsync(id, 5, Cancellation) is { FinishedAt: null } state)
        {
            limit.Turn();
            await app.Get<PersonForgetting>().RunAsync(new ForgetPerson { Scope = id, UserId = 5, Look = state.Number }, Cancellation);
        }
        Assert.False(await app.Storage.Recordings.GetBlobClient($"{id}/5-Ada/segment_000.wav").ExistsAsync(Cancellation));
        Assert.Empty(await PartsAndRowsOfAdaAsync(app, id)); // also where nobody ever finalizes it
        for (int attempt = 0; attempt < 2; attempt++) // a second finalize is the same
        {
            // Though nothing lies in their places any more.
            Assert.Equal(HttpStatusCode.NoContent, await PutAsync(app, id, 0, ada));
            Assert.Equal(HttpStatusCode.NoContent, await PutAsync(app, id, 1, grace));
            (HttpStatusCode status, JsonNode? end) = await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", End(2));
            Assert.Equal((HttpStatusCode.OK, 1), (status, (int)end!["recording"]!["segmentCount"]!));
        }

        RecordingDetails recording = (await app.RecordingAsync(RecordingId.Parse(id)))!;
        Assert.Equal(["Grace"], recording.Tracks.Select(track => track.Username));
        Assert.Equal((4L, 1), (recording.TotalSize, recording.ParticipantCount));
        Assert.Empty(await PartsAndRowsOfAdaAsync(app, id));
    }

    [Theory]
    [InlineData("list", "\"short\"", "8 to 64")]
    [InlineData("list", "\"../../../../etc\"", "8 to 64")]
    [InlineData("list", null, "is required")]
    [InlineData("first", "-1", "0 or more")]
    [InlineData("first", "2000000000", "99999999 or less")]
    [InlineData("segments", "[]", "1 to 5000")]
    [InlineData("segments[1]", "swap", "behind the one before it")]
    [InlineData("segments[0].fileSize", "5", "4 lie at blobUrl")]
    [InlineData("segments[0].blobUrl", "\"https://elsewhere.example/x\"", "the address that this API gave")]
    public async Task Bad_part_is_refused_and_named(string field, string? value, string fault)
    {
        App app = shared.App;
        string id = await BeginAsync(app, 2);
        JsonObject part = Part(app, id, 0);
        if (value == "swap") part["segments"] = new JsonArray(part["segments"]![1]!.DeepClone(), part["segments"]![0]!.DeepClone());
        else if (field.StartsWith("segments[0].", StringComparison.Ordinal))
            part["segments"]![0]![field.Split('.')[1]] = JsonNode.Parse(value!);
        else if (value is null) part.Remove(field);
        else part[field] = JsonNode.Parse(value);

        (HttpStatusCode status, JsonNode? problem) = await SendAsync(app, HttpMethod.Put, $"recordings/{id}/finalize/parts/0", part);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(fault, (string?)problem!["errors"]![field]![0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x", HttpStatusCode.BadRequest)]
    [InlineData("-1", HttpStatusCode.BadRequest)]
    [InlineData("20000", HttpStatusCode.BadRequest)]
    [InlineData("0", HttpStatusCode.NoContent)]
    public async Task Number_of_a_part_is_checked(string number, HttpStatusCode expected)
    {
        App app = shared.App;
        string id = await BeginAsync(app, 2);
        Assert.Equal(expected, (await SendAsync(app, HttpMethod.Put, $"recordings/{id}/finalize/parts/{number}", Part(app, id, 0))).Status);
    }

    [Fact]
    public async Task Part_of_more_people_than_fit_into_its_row_is_too_large()
    {
        App app = shared.App;
        string id = await BeginAsync(app, 1);
        JsonObject part = Part(app, id, 0);
        JsonNode first = part["segments"]![0]!;
        Random random = new(5);
        for (int user = 1_001; user < 4_000; user++)
        {
            JsonNode another = first.DeepClone();
            (another["userId"], another["segmentIndex"]) = (user.ToString(System.Globalization.CultureInfo.InvariantCulture), 0);
            another["absoluteStartTime"] = (long)first["absoluteStartTime"]! + user;
            // A hundred letters with marks, of which nothing is left out by packing.
            another["username"] = string.Concat(Enumerable.Range(0, 100).Select(_ => $"{(char)random.Next(0x4E00, 0x9FFF)}"
                + $"{(char)random.Next(0x300, 0x34F)}{(char)random.Next(0x300, 0x34F)}{(char)random.Next(0x300, 0x34F)}"));
            part["segments"]!.AsArray().Add(another);
        }

        (HttpStatusCode status, JsonNode? problem) = await SendAsync(app, HttpMethod.Put, $"recordings/{id}/finalize/parts/0", part);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
        Assert.Contains("people", (string?)problem!["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Part_with_other_content_under_the_same_list_is_a_conflict_and_changes_nothing()
    {
        App app = shared.App;
        string id = await BeginAsync(app, 2);
        Assert.Equal(HttpStatusCode.NoContent, await PutAsync(app, id, 0, Part(app, id, 0)));
        JsonObject other = Part(app, id, 0);
        other["segments"]![0]!["username"] = "Eve";

        Assert.Equal(HttpStatusCode.Conflict, await PutAsync(app, id, 0, other));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", End(1))).Status);
        Assert.Equal(HttpStatusCode.Conflict, await PutAsync(app, id, 0, other));

        Assert.All((await app.RecordingAsync(RecordingId.Parse(id)))!.Segments, segment => Assert.Equal("Ada", segment.Username));
    }

    [Theory]
    [InlineData("hole", "parts[1].first", "must be 2")]
    [InlineData("order", "parts[1].segments[0]", "behind the last one")]
    [InlineData("twice", "parts", "5/1 twice")]
    [InlineData("fewer", "parts", "fewer than were sent")]
    public async Task Parts_that_do_not_make_a_list_are_refused(string kind, string field, string fault)
    {
        App app = shared.App;
        string id = await BeginAsync(app, 4);
        JsonObject one = Part(app, id, 0), two = Part(app, id, 1);
        if (kind == "hole") two["first"] = 3;
        if (kind == "order") (one["segments"], two["segments"]) = (two["segments"]!.DeepClone(), one["segments"]!.DeepClone());
        if (kind == "twice")
        {
            two["segments"]![0]!["segmentIndex"] = 1;
            two["segments"]![0]!["blobUrl"] = one["segments"]![1]!["blobUrl"]!.DeepClone();
        }
        Assert.Equal(HttpStatusCode.NoContent, await PutAsync(app, id, 0, one));
        Assert.Equal(HttpStatusCode.NoContent, await PutAsync(app, id, 1, two));

        (HttpStatusCode status, JsonNode? problem) =
            await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", End(kind == "fewer" ? 1 : 2));

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(fault, (string?)problem!["errors"]![field]![0], StringComparison.Ordinal);
        Assert.Equal(RecordingStatus.Live, (await app.RecordingAsync(RecordingId.Parse(id)))!.Status);
    }

    [Fact]
    public async Task Longer_list_in_parts_amends_a_shorter_one_and_a_list_that_loses_something_does_not()
    {
        App app = shared.App;
        string id = await BeginAsync(app, 6);
        await PutAsync(app, id, 0, Part(app, id, 0));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", End(1))).Status);

        JsonObject fewer = Part(app, id, 1, "another-list");
        fewer["first"] = 0;
        await PutAsync(app, id, 0, fewer);
        JsonObject less = End(1, "another-list"), more = End(3, "longer-list");
        (less["amends"], more["amends"]) = (true, true);
        (HttpStatusCode refused, JsonNode? problem) = await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", less);
        foreach (int part in new[] { 0, 1, 2 }) await PutAsync(app, id, part, Part(app, id, part, "longer-list"));
        (HttpStatusCode taken, _) = await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", more);

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.OK), (refused, taken));
        Assert.True(problem!["errors"]!.AsObject().ContainsKey("list"));
        Assert.Equal(6, (await app.RecordingAsync(RecordingId.Parse(id)))!.Segments.Count);
        // Six of this list, and two of the one that was refused.
        Assert.Equal(8, await RowsAsync(app, id));
    }

    /// <summary>
    /// The request to the storage at which it ends was carried out, or never got there, which leaves what the one before has left.
    /// </summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false, Traits = ["Category", "Long"])]
    [InlineData(false, true)]
    [InlineData(false, false, Traits = ["Category", "Long"])]
    public async Task Crash_at_any_step_of_the_storage_leaves_a_recording_that_is_finalized_once(bool isInParts, bool isAfter)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        string table = azurite.ConnectionString.Split(';').Single(part => part.StartsWith("TableEndpoint=", StringComparison.Ordinal));
        Uri endpoint = new(table["TableEndpoint=".Length..]);
        await using CuttingProxy proxy = await CuttingProxy.StartAsync(new Uri(endpoint.GetLeftPart(UriPartial.Authority)));
        string behind = azurite.ConnectionString.Replace(endpoint.GetLeftPart(UriPartial.Authority),
            proxy.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);
        await using App cut = await App.StartAsync(behind);
        Assert.Contains(proxy.Address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), behind, StringComparison.Ordinal);
        int step = 0;
        for (bool isOver = false; !isOver && step < 60;)
        {
            step++;
            string id = await BeginAsync(app, 4);
            using CancellationTokenSource crash = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            proxy.CutAt(step, isAfter, crash.Cancel);
            try
            {
                await SequenceAsync(cut, id, isInParts, crash.Token);
            }
            catch (OperationCanceledException) when (crash.IsCancellationRequested && !Cancellation.IsCancellationRequested)
            {
                // The request ended with its connection, as it does when the process is killed.
            }
            isOver = !proxy.Heal();

            Assert.Equal(HttpStatusCode.OK, await SequenceAsync(cut, id, isInParts, Cancellation));

            RecordingDetails recording = (await app.RecordingAsync(RecordingId.Parse(id)))!;
            Assert.Equal((RecordingStatus.Completed, 4), (recording.Status, recording.SegmentCount));
            Assert.Equal([0, 1, 2, 3], recording.Segments.Select(segment => segment.SegmentIndex));
            Assert.Equal(4, await RowsAsync(app, id));
            Assert.NotNull(await app.Get<EventTable>().FindAsync($"evt_recording.completed_{id}", Cancellation));
        }
        Assert.InRange(step, isInParts ? 12 : 6, 59);
    }

    /// <summary>Another list of the same end: the segments, or the parts that name them.</summary>
    [Theory]
    [InlineData("segments", "segments", "must be absent where the list was sent in parts")]
    [InlineData("parts", "list", "is required")]
    [InlineData("list", "parts", "is required where list names the parts")]
    public async Task List_and_parts_are_not_mixed(string mixed, string field, string fault)
    {
        App app = shared.App;
        string id = await BeginAsync(app, 2);
        Assert.Equal(HttpStatusCode.NoContent, await PutAsync(app, id, 0, Part(app, id, 0)));
        JsonObject end = End(1);
        if (mixed == "segments") end["segments"] = Part(app, id, 0)["segments"]!.DeepClone();
        else if (mixed == "parts") end.Remove("list");
        else (end["parts"], end["segments"]) = (null, new JsonArray()); // all that was put would be left out

        (HttpStatusCode status, JsonNode? problem) = await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", end);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(fault, (string?)problem!["errors"]![field]![0]);
        Assert.Equal(RecordingStatus.Live, (await app.RecordingAsync(RecordingId.Parse(id)))!.Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", End(1))).Status);
    }

    [Theory]
    [InlineData(true, "segments", "are another list")]
    [InlineData(false, "list", "is another list: 4 segments, not the same 4")]
    public async Task List_that_comes_in_parts_and_whole_is_taken_the_first_time(bool isInPartsFirst, string field, string fault)
    {
        App app = shared.App;
        string id = await BeginAsync(app, 4);
        foreach (int part in new[] { 0, 1 }) await PutAsync(app, id, part, Part(app, id, part));
        JsonObject[] ends = isInPartsFirst ? [End(2), Whole(app, id)] : [Whole(app, id), End(2)];

        (HttpStatusCode first, _) = await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", ends[0]);
        (HttpStatusCode second, JsonNode? problem) = await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", ends[1]);
        (HttpStatusCode again, _) = await SendAsync(app, HttpMethod.Post, $"recordings/{id}/finalize", ends[0]);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Conflict, HttpStatusCode.OK), (first, second, again));
        Assert.Equal(fault, (string?)problem!["errors"]![field]![0]);
        Assert.Equal([0, 1, 2, 3], (await app.RecordingAsync(RecordingId.Parse(id)))!.Segments.Select(segment => segment.SegmentIndex));
    }

    /// <summary>What two parts name, in one request.</summary>
    private static JsonObject Whole(App app, string id)
    {
        JsonObject end = End(1);
        end.Remove("parts");
        end.Remove("list");
        end["segments"] = new JsonArray([.. new[] { 0, 1 }.SelectMany(part => Part(app, id, part)["segments"]!.AsArray())
            .Select(segment => segment!.DeepClone())]);
        return end;
    }

    private static async Task<HttpStatusCode> SequenceAsync(App app, string id, bool isInParts, CancellationToken cancellation)
    {
        if (!isInParts)
        {
            using HttpResponseMessage whole = await app.Http.PostAsJsonAsync($"api/recordings/{id}/finalize", Whole(app, id), cancellation);
            return whole.StatusCode;
        }
        foreach (int part in new[] { 0, 1 })
        {
            using HttpResponseMessage put = await app.Http.PutAsJsonAsync($"api/recordings/{id}/finalize/parts/{part}",
                Part(app, id, part), cancellation);
            if (put.StatusCode != HttpStatusCode.NoContent) return put.StatusCode;
        }
        using HttpResponseMessage end = await app.Http.PostAsJsonAsync($"api/recordings/{id}/finalize", End(2), cancellation);
        return end.StatusCode;
    }

    /// <summary>A live recording with its files.</summary>
    private static async Task<string> BeginAsync(App app, int segments)
    {
        string id = RecordingId.New(TimeProvider.System).ToString();
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(app, HttpMethod.Post, "recordings/init-live", Init(id))).Status);
        for (int index = 0; index < segments; index++)
        {
            await app.Storage.Recordings.GetBlobClient($"{id}/5-Ada/segment_{index:D3}.wav")
                .UploadAsync(new BinaryData([1, 2, 3, 4]), overwrite: true, Cancellation);
        }
        return id;
    }

    private static async Task<List<string>> PartsAndRowsOfAdaAsync(App app, string id) =>
        await app.Storage.Tables.GetTableClient(StorageNames.CatalogueTable)
            .QueryAsync<TableEntity>(row => row.PartitionKey == id, cancellationToken: Cancellation)
            .Where(row => row.RowKey.StartsWith("part-", StringComparison.Ordinal) || System.Text.Encoding.UTF8
                .GetString(row.GetBinary("Json") ?? []).Contains("Ada", StringComparison.Ordinal))
            .Select(row => row.RowKey).ToListAsync(Cancellation);

    private static async Task<int> RowsAsync(App app, string id)
    {
        TableClient table = app.Storage.Tables.GetTableClient(StorageNames.CatalogueTable);
        int rows = 0;
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {id} and RowKey ge {"segment-"} and RowKey lt {"segment."}"),
            cancellationToken: Cancellation)) rows += row.RowKey.Length > 0 ? 1 : 0;
        return rows;
    }

    private static JsonObject Init(string id) => JsonNode.Parse($$"""
        {"sessionId":"{{id}}","guildId":"10","guildName":"Guild","channelId":"20","userId":"30","recordedAt":"2026-01-02T03:04:05Z"}
        """)!.AsObject();

    private static JsonObject End(int parts, string list = "one-list-of-it") => JsonNode.Parse($$"""
        {"sessionEndTime":1767323999000,"duration":50000,"totalSize":20,"participantCount":1,"list":"{{list}}","parts":{{parts}}}
        """)!.AsObject();

    /// <summary>Two segments of Ada's; the last one may be alone.</summary>
    private static JsonObject Part(App app, string id, int number, string list = "one-list-of-it")
    {
        string account = app.Storage.Blobs.Uri.AbsoluteUri.TrimEnd('/');
        JsonArray segments = [];
        for (int index = number * 2; index < (number * 2) + 2; index++)
        {
            if (!app.Storage.Recordings.GetBlobClient($"{id}/5-Ada/segment_{index:D3}.wav").Exists(Cancellation)) continue;
            long start = 1_767_323_045_000 + (index * 10_000L);
            segments.Add(JsonNode.Parse($$"""
                {"userId":"5","username":"Ada","segmentIndex":{{index}},"fileName":"segment_{{index:D3}}.wav",
                 "filePath":"5-Ada/segment_{{index:D3}}.wav","absoluteStartTime":{{start}},"absoluteEndTime":{{start + 10_000}},
                 "duration":10000,"fileSize":4,"format":"wav","blobUrl":"{{account}}/recordings/{{id}}/5-Ada/segment_{{index:D3}}.wav"}
                """));
        }
        return new JsonObject { ["list"] = list, ["first"] = number * 2, ["segments"] = segments };
    }

    private static async Task<HttpStatusCode> PutAsync(App app, string id, int number, JsonObject part) =>
        (await SendAsync(app, HttpMethod.Put, $"recordings/{id}/finalize/parts/{number}", part)).Status;

    private static async Task<(HttpStatusCode Status, JsonNode? Body)> SendAsync(App app, HttpMethod method, string path, JsonObject body)
    {
        using HttpRequestMessage request = new(method, new Uri($"api/{path}", UriKind.Relative)) { Content = JsonContent.Create(body) };
        using HttpResponseMessage answer = await app.Http.SendAsync(request, Cancellation);
        string text = await answer.Content.ReadAsStringAsync(Cancellation);
        return (answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }
}
