using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Deletion;
using Pipeline.TestKit;
using static Pipeline.Functions.Tests.Rig.WireRequests;

namespace Pipeline.Functions.Tests.Api;

/// <summary>The older flow, init with all segments and then complete, where it is about more than one person.</summary>
public sealed class BatchFlowTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task File_is_of_the_person_for_whom_it_was_announced()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
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

    [Fact]
    public async Task Nobody_who_is_erased_is_given_a_place_to_put_their_voice()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        string id = RecordingId.New(TimeProvider.System).ToString();
        await PutAllAsync(app, id, Segment(0), Segment(0, "6", "Grace"));
        using HttpResponseMessage erased = await app.Http.PutAsync(
            new Uri($"api/recordings/{id}/erasures/6", UriKind.Relative), null, Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, erased.StatusCode);
        while (await app.Get<ForgetTable>().FindAsync(id, 6, Cancellation) is { FinishedAt: null } state)
            await app.Get<PersonForgetting>().RunAsync(new ForgetPerson { Scope = id, UserId = 6, Look = state.Number }, Cancellation);

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
