using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Api;

/// <summary>A recording while it runs, and the same one afterwards: facts, positions, pages.</summary>
public sealed class LiveRecordingTests(AppFixture shared) : IClassFixture<AppFixture>
{
    [Fact]
    public async Task Recording_that_was_renamed_while_it_runs_is_begun_again_with_its_first_title()
    {
        App app = shared.App;
        Session session = new(935);
        Assert.True(await app.StartRecordingAsync(session.Started));
        using StringContent other = new("""{"title":"Monthly"}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage renamed = await app.Http.PatchAsync(new Uri($"api/recordings/{session.Id}", UriKind.Relative), other,
            TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, renamed.StatusCode);

        using HttpResponseMessage again = await app.PostAsync("api/recordings/init-live",
            Delivery.ApiClient.WireMapping.InitLive(session.Info), WireJsonContext.Default.InitLiveRequest);

        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal($"{session.Id}", (await app.ReadAsync(again, WireJsonContext.Default.InitLiveResponse)).RecordingId);
        Assert.Equal("Monthly", (await app.RecordingAsync(session.Id))!.Title);
    }

    [Fact]
    public async Task Running_recording_tells_what_was_moved_and_how_far_it_is_safe()
    {
        App app = shared.App;
        Session session = new(930, (7, "Grace", 2), (5, "Ada", 3));
        Assert.True(await app.StartRecordingAsync(session.Started));
        await session.PutAllAsync(app.Storage);
        SessionManifest manifest = session.Manifest(ManifestState.Recording, session.Info.StartedAt) with
        {
            Tracks = [.. session.Tracks.Select(track => track with { SafeSample = track.UserId == 5 ? 960_000 : 1_440_000 })],
        };
        await session.PutManifestAsync(app.Storage,
            manifest with { Notes = [new RecordingNote { Sample = 5, UserId = 7, Text = "remember" }] });
        foreach (SegmentReady segment in session.Segments.Where(segment => segment.SegmentIndex < 2))
            Assert.True(await app.MoveAsync(segment));

        RecordingDetails details = (await app.RecordingAsync(session.Id))!;
        Assert.Equal((RecordingStatus.Live, 4, 960_000L), (details.Status, details.SegmentCount, details.SafeSamples));
        Assert.Equal([("5", "Ada", 1, 960_000L), ("7", "Grace", 2, 960_000L)],
            details.Tracks.Select(track => (track.UserId, track.Username, track.TrackNumber, track.SpokenSamples)));
        Assert.Equal(500, details.Tracks[0].Health["received"]);
        Assert.Equal("Grace", Assert.Single(details.Notes).Username);
        Assert.Equal("loss", Assert.Single(details.Gaps).Reason);
    }

    [Fact]
    public async Task Recording_is_safe_no_further_than_what_has_arrived()
    {
        App app = shared.App;
        Session session = new(937, (5, "Ada", 3));
        Assert.True(await app.StartRecordingAsync(session.Started));
        await session.PutAllAsync(app.Storage);
        // The bot has brought everything; what is behind it moves one by one.
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Recording, session.Info.StartedAt) with
        {
            Tracks = [.. session.Tracks.Select(track => track with { SafeSample = session.SampleCount })],
        });
        await MovedAsync([], 0);
        await MovedAsync([0, 2], 480_000);
        await MovedAsync([1], session.SampleCount);

        async Task MovedAsync(int[] indexes, long safe)
        {
            int known = (await app.RecordingAsync(session.Id))!.SegmentCount;
            foreach (int index in indexes) Assert.True(await app.MoveAsync(session.Segments[index]));
            RecordingDetails details;
            // What was moved is seen a second later.
            LoopLimit limit = new("what was moved is counted");
            while ((details = (await app.RecordingAsync(session.Id))!).SegmentCount < known + indexes.Length)
            {
                limit.Turn();
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
            Assert.Equal(safe, details.SafeSamples);
        }
    }

    /// <summary>A bot asks by them whom it may show the recording.</summary>
    [Fact]
    public async Task Channels_that_the_call_went_on_in_are_told_while_it_runs_and_afterwards()
    {
        App app = shared.App;
        Session session = new(936, (5, "Ada", 2));
        Assert.True(await app.StartRecordingAsync(session.Started));
        await session.PutAllAsync(app.Storage);
        Assert.Null((await ListedAsync(app, session)).FurtherChannelIds);
        await session.PutManifestAsync(app.Storage,
            session.Manifest(ManifestState.Recording, session.Info.StartedAt) with { FurtherChannels = [78] });
        Assert.Equal(["78"], (await ListedAsync(app, session)).FurtherChannelIds);
        Assert.Equal(["78"], (await app.RecordingAsync(session.Id))!.FurtherChannelIds);

        await session.PutManifestAsync(app.Storage,
            session.Manifest(ManifestState.Stopped, session.Info.StartedAt) with { FurtherChannels = [78, 79] });
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        for (int time = 0; time < 2; time++)
        {
            Assert.True(await app.FinalizeAsync(session.Stopped)); // the second time without the bot's own account
            RecordingSummary listed = await ListedAsync(app, session);
            Assert.Equal((RecordingStatus.Completed, "77"), (listed.Status, listed.ChannelId));
            Assert.Equal(["78", "79"], listed.FurtherChannelIds);
            Assert.Equal(["78", "79"], (await app.RecordingAsync(session.Id))!.FurtherChannelIds);
        }
    }

    private static async Task<RecordingSummary> ListedAsync(App app, Session session)
    {
        using HttpResponseMessage answer = await app.Http.GetAsync(
            new Uri($"api/recordings?guildId={session.Info.GuildId}", UriKind.Relative), TestContext.Current.CancellationToken);
        return Assert.Single((await app.ReadAsync(answer, WireJsonContext.Default.RecordingPage)).Recordings);
    }

    [Fact]
    public async Task Unchanged_recording_is_not_sent_again()
    {
        App app = shared.App;
        Session session = new(931, (5, "Ada", 2));
        Assert.True(await app.StartRecordingAsync(session.Started));
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        (HttpStatusCode first, EntityTagHeaderValue? tag, long length) = await AskAsync(app, session, HttpMethod.Get, null);
        (HttpStatusCode head, EntityTagHeaderValue? same, long none) = await AskAsync(app, session, HttpMethod.Head, null);
        (HttpStatusCode again, _, _) = await AskAsync(app, session, HttpMethod.Get, tag);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.NotModified), (first, head, again));
        Assert.Equal((tag, true, 0L), (same, length > 0, none));

        Assert.True(await app.MoveAsync(session.Segments[1]));
        // What was moved is seen a second later.
        LoopLimit limit = new("the answer changes");
        while ((await AskAsync(app, session, HttpMethod.Get, tag)).Status != HttpStatusCode.OK)
        {
            limit.Turn();
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Segments_come_in_pages_at_their_samples(bool isFinished)
    {
        App app = shared.App;
        Session session = new(isFinished ? 932 : 933, (7, "Grace", 12), (5, "Ada", 12));
        Assert.True(await app.StartRecordingAsync(session.Started));
        await session.PutAllAsync(app.Storage);
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        if (isFinished) Assert.True(await app.FinalizeAsync(session.Stopped));
        IEnumerable<(string, int, long)> expected = session.Segments.OrderBy(segment => segment.StartSample)
            .ThenBy(segment => segment.UserId)
            .Select(segment =>
            (segment.UserId.ToString(System.Globalization.CultureInfo.InvariantCulture), segment.SegmentIndex, segment.StartSample));

        List<SegmentEntry> all = [];
        string? after = null;
        do
        {
            SegmentPage page = await SegmentsAsync(app, session, $"?limit=7{(after is null ? "" : $"&after={after}")}");
            Assert.InRange(page.Segments.Count, 1, 7);
            all.AddRange(page.Segments);
            after = page.Next;
        }
        while (after is not null && all.Count <= 24);
        Assert.Equal(expected, all.Select(segment => (segment.UserId, segment.SegmentIndex, segment.StartSample)));

        // Segments are ten seconds long: two of each track reach into 45 to 52.
        SegmentPage part = await SegmentsAsync(app, session, "?from=45&to=52");
        Assert.Equal([4, 4, 5, 5], part.Segments.Select(segment => segment.SegmentIndex));
        SegmentPage last = await SegmentsAsync(app, session, "?from=119.999");
        Assert.Equal([11, 11], last.Segments.Select(segment => segment.SegmentIndex));
        Assert.Empty((await SegmentsAsync(app, session, "?from=120")).Segments);

        SegmentEntry one = part.Segments[0];
        SegmentReady source = session.Segments.Single(segment => segment.UserId == 5 && segment.SegmentIndex == 4);
        using HttpClient anybody = new();
        Assert.Equal(session.BytesOf(source), await anybody.GetByteArrayAsync(new Uri(one.Url), TestContext.Current.CancellationToken));
        Assert.Equal((2, source.FileSize, 480_000L), (one.Channels, one.Bytes, one.SampleCount));
        Assert.InRange(one.UrlExpiresAt - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Segments_that_begin_before_the_recording_are_listed_page_by_page()
    {
        App app = shared.App;
        string id = RecordingId.New(TimeProvider.System).ToString();
        await WireRequests.PostAsync(app, "recordings/init-live", WireRequests.Init(id));
        await WireRequests.PutSegmentsAsync(app, id, 4);
        JsonObject end = WireRequests.End(app, id, 4);
        long[] starts = [-20_000, -5_000, -1_000, 9_000]; // ms; each is ten seconds long
        foreach ((int index, JsonNode? segment) in end["segments"]!.AsArray().Index())
        {
            long start = 1_767_323_045_000 + starts[index];
            (segment!["absoluteStartTime"], segment["absoluteEndTime"]) = (start, start + 10_000);
        }
        Assert.Equal(HttpStatusCode.OK, (await WireRequests.PostAsync(app, $"recordings/{id}/finalize", end)).Status);
        List<long> found = [];
        string? after = null;
        do
        {
            SegmentPage page = await SegmentsAsync(app, id, $"?limit=1&after={after}");
            found.Add(Assert.Single(page.Segments).StartSample);
            after = page.Next;
        }
        while (after is not null && found.Count < 9);

        Assert.Equal([-960_000, -240_000, -48_000, 432_000], found);
        Assert.Equal([-240_000, -48_000, 432_000],
            (await SegmentsAsync(app, id, "?from=0")).Segments.Select(segment => segment.StartSample));
        Assert.Equal([-48_000, 432_000],
            (await SegmentsAsync(app, id, "?after=-240000-5-1")).Segments.Select(segment => segment.StartSample));
    }

    [Theory]
    [InlineData("after=--1-5-0")]
    [InlineData("after=1--5-0")]
    [InlineData("after=1-5--1")]
    [InlineData("after=1-5")]
    [InlineData("after=+1-5-0")]
    [InlineData("limit=0")]
    [InlineData("limit=5000")]
    [InlineData("after=x")]
    [InlineData("from=-1")]
    [InlineData("to=NaN")]
    public async Task Bad_query_is_named(string query)
    {
        App app = shared.App;
        Session session = new(934, (5, "Ada", 1));
        Assert.True(await app.StartRecordingAsync(session.Started));
        using HttpResponseMessage answer = await app.Http.GetAsync(
            new Uri($"api/recordings/{session.Id}/segments?{query}", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"\"{query.Split('=')[0]}\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    private static Task<SegmentPage> SegmentsAsync(App app, Session session, string query) =>
        SegmentsAsync(app, session.Id.ToString(), query);

    private static async Task<SegmentPage> SegmentsAsync(App app, string id, string query)
    {
        using HttpResponseMessage answer = await app.Http.GetAsync(
            new Uri($"api/recordings/{id}/segments{query}", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await app.ReadAsync(answer, WireJsonContext.Default.SegmentPage);
    }

    private static async Task<(HttpStatusCode Status, EntityTagHeaderValue? Tag, long Length)> AskAsync(App app, Session session,
        HttpMethod method, EntityTagHeaderValue? known)
    {
        using HttpRequestMessage request = new(method, new Uri($"api/recordings/{session.Id}", UriKind.Relative));
        if (known is not null) request.Headers.IfNoneMatch.Add(known);
        using HttpResponseMessage answer = await app.Http.SendAsync(request);
        return (answer.StatusCode, answer.Headers.ETag, (await answer.Content.ReadAsByteArrayAsync()).Length);
    }
}
