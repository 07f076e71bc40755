using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.RecordingApi.Catalogue;
using static Pipeline.Functions.Tests.Rig.WireRequests;

namespace Pipeline.Functions.Tests.Api;

/// <summary>A recording that is finished stays as it is heard: who ends it again with segments in other places is told so.</summary>
public sealed class RepeatedEndTests(AppFixture shared) : IClassFixture<AppFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("startSample", 4_800)]
    [InlineData("sampleCount", 479_000)]
    [InlineData("channels", 1)]
    public async Task Segment_in_another_place_is_a_conflict_also_as_an_amendment(string field, long value)
    {
        App app = shared.App;
        (string id, JsonObject body) = await FinalizedAsync(app);
        JsonObject other = body.DeepClone().AsObject();
        other["segments"]![1]![field] = value;

        (HttpStatusCode moved, JsonNode problem) = await PostAsync(app, $"recordings/{id}/finalize", other);
        other["amends"] = true;
        (HttpStatusCode amended, _) = await PostAsync(app, $"recordings/{id}/finalize", other);

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict), (moved, amended));
        Assert.Contains("1 changed, the first is 5/1", (string?)problem["errors"]!["segments"]![0], StringComparison.Ordinal);
        Assert.Equal([(0, 480_000, 2), (480_000, 480_000, 2)], await PlacesAsync(app, id));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", body)).Status);
    }

    [Fact]
    public async Task List_under_the_name_that_it_had_before_places_counted_is_still_the_same_list()
    {
        App app = shared.App;
        (string id, JsonObject body) = await FinalizedAsync(app);
        CatalogueTable catalogue = app.Get<CatalogueTable>();
        CatalogueRecording known = (await catalogue.FindAsync(id, Cancellation)).Recording!;
        List<RecordingSegment> segments = await catalogue.ReadSegmentsAsync(id, known.SegmentSet!, Cancellation);
        string former = FormerName(segments);
        await catalogue.WriteSegmentsAsync(id, former, segments, Cancellation);
        Assert.True(await catalogue.TryUpdateAsync(known with { SegmentSet = former }, Cancellation));
        JsonObject other = body.DeepClone().AsObject(), more = Places(End(app, id, 3));
        other["segments"]![1]!["startSample"] = 484_800;
        more["amends"] = true;

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", body)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(app, $"recordings/{id}/finalize", other)).Status);
        other["amends"] = true;
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(app, $"recordings/{id}/finalize", other)).Status);
        Assert.Equal([(0, 480_000, 2), (480_000, 480_000, 2)], await PlacesAsync(app, id));
        await PutSegmentsAsync(app, id, 3);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", more)).Status);
        Assert.Equal(3, (await PlacesAsync(app, id)).Length);
    }

    [Fact]
    public async Task Recording_that_has_a_segment_twice_is_told_what_is_different()
    {
        App app = shared.App;
        (string id, JsonObject body) = await FinalizedAsync(app);
        CatalogueTable catalogue = app.Get<CatalogueTable>();
        CatalogueRecording known = (await catalogue.FindAsync(id, Cancellation)).Recording!;
        List<RecordingSegment> segments = await catalogue.ReadSegmentsAsync(id, known.SegmentSet!, Cancellation);
        // As complete once took it where it named one person for the files of two.
        await catalogue.WriteSegmentsAsync(id, known.SegmentSet!, [segments[0], segments[0]], Cancellation);
        body["segments"]!.AsArray().RemoveAt(0);

        (HttpStatusCode status, JsonNode problem) = await PostAsync(app, $"recordings/{id}/finalize", body);

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.True(problem["errors"]!.AsObject().ContainsKey("segments"));
    }

    [Fact]
    public async Task Count_of_what_is_missing_is_said_once_or_amended()
    {
        App app = shared.App;
        (string id, JsonObject body) = await FinalizedAsync(app);
        body["missingSegmentCount"] = 4;

        (HttpStatusCode status, JsonNode problem) = await PostAsync(app, $"recordings/{id}/finalize", body);

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal("is 0, not 4", (string?)problem["errors"]!["missingSegmentCount"]![0]);
        Assert.Equal(0, await MissingAsync());
        body["amends"] = true;
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", body)).Status);
        // From here on something is expected to come.
        (body["amends"], body["missingSegmentCount"]) = (null, 3);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", body)).Status);
        Assert.Equal(3, await MissingAsync());

        async Task<int> MissingAsync() => (await app.RecordingAsync(RecordingId.Parse(id)))!.MissingSegmentCount;
    }

    /// <summary>An older version kept the list alone.</summary>
    [Fact]
    public async Task End_that_an_older_version_kept_without_the_count_is_still_the_same()
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        await PutSegmentsAsync(app, id, 1);
        JsonObject body = End(app, id, 1);
        body["missingSegments"] = JsonNode.Parse("""[{"userId":"5","segmentIndex":1,"reason":"late"}]""");
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", body)).Status);
        CatalogueTable catalogue = app.Get<CatalogueTable>();
        CatalogueRecording known = (await catalogue.FindAsync(id, Cancellation)).Recording!;
        Assert.True(await catalogue.TryUpdateAsync(known with { Details = known.Details with { MissingSegmentCount = 0 } }, Cancellation));

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", body)).Status);
    }

    [Fact]
    public async Task Start_under_another_name_of_the_channel_is_a_conflict()
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString(), older = RecordingId.New(TimeProvider.System).ToString();
        JsonObject named = Init(id), other = Init(id), bare = Init(older);
        other["channelName"] = "Another";
        bare.Remove("channelName");
        await PostAsync(app, "recordings/init-live", named);
        await PostAsync(app, "recordings/init-live", bare);

        (HttpStatusCode status, JsonNode problem) = await PostAsync(app, "recordings/init-live", other);

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal("is \"General\", not \"Another\"", (string?)problem["errors"]!["channelName"]![0]);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, "recordings/init-live", named)).Status);
        named.Remove("channelName");
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, "recordings/init-live", named)).Status);
        // Begun by a caller that knew no name, as one is who adopts a segment that was left.
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, "recordings/init-live", Init(older))).Status);
    }

    private static async Task<(string Id, JsonObject Body)> FinalizedAsync(App app)
    {
        string id = RecordingId.New(TimeProvider.System).ToString();
        await PostAsync(app, "recordings/init-live", Init(id));
        await PutSegmentsAsync(app, id, 2);
        JsonObject body = Places(End(app, id, 2));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, $"recordings/{id}/finalize", body)).Status);
        return (id, body);
    }

    private static JsonObject Places(JsonObject body)
    {
        foreach ((int index, JsonNode? segment) in body["segments"]!.AsArray().Index())
            (segment!["startSample"], segment["sampleCount"], segment["channels"]) = (index * 480_000L, 480_000L, 2);
        return body;
    }

    private static async Task<(int, int, int)[]> PlacesAsync(App app, string id) =>
        [.. (await app.RecordingAsync(RecordingId.Parse(id)))!.Segments
            .Select(segment => ((int)segment.StartSample!, (int)segment.SampleCount!, segment.Channels!.Value))];

    // As it was made when neither start, length nor channels went into it.
    private static string FormerName(IEnumerable<RecordingSegment> segments)
    {
        string lines = string.Concat(segments.Select(s => string.Create(CultureInfo.InvariantCulture,
            $"{s.UserId}\n{s.SegmentIndex}\n{s.Username}\n{s.FileName}\n{s.FilePath}\n{s.AbsoluteStartTime}\n{s.AbsoluteEndTime}\n"
            + $"{s.Duration}\n{s.FileSize}\n{s.Format}\n{s.BlobUrl}\n{s.ContentMd5}\n\n")));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines)))[..16];
    }
}
