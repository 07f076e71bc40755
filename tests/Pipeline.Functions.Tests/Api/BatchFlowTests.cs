using System.Net;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.TestKit;
using static Pipeline.Functions.Tests.Rig.WireRequests;

namespace Pipeline.Functions.Tests.Api;

/// <summary>The older flow, init with all segments and then complete, where it is about more than one person.</summary>
public sealed class BatchFlowTests(AzuriteFixture azurite)
{
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
