using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>A minute of a running recording is rendered once: when nothing of it is on its way any more, or long after.</summary>
public sealed class LiveWindowsTests(AzuriteFixture azurite)
{
    private const int Second = 48_000;
    private static readonly RenderOptions Flac = new() { Formats = [RenderFormat.Flac] };
    private static readonly short[] Words = Speech.Of("ada", 10 * Second);

    [Theory]
    [InlineData(40, 1)] // the bot still holds what she said behind that
    [InlineData(90, 2)] // it is announced and not moved yet
    public async Task Minute_waits_for_what_is_on_its_way(int safeSeconds, int announced)
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await AdaTalksAsync(stage, 9);
        await stage.MoveAsync(recorded, Grace, "Grace", 20 * Second, Words);
        await TellAsync(stage, recorded, Track(Ada, 90 * Second, 9), Track(Grace, safeSeconds * Second, announced));
        Assert.Equal("", await RenderedAsync(stage, recorded));

        await stage.MoveAsync(recorded, Grace, "Grace", 45 * Second, Words);
        await TellAsync(stage, recorded, Track(Ada, 90 * Second, 9), Track(Grace, 88 * Second, 2));
        Assert.Equal("Ada Grace", await RenderedAsync(stage, recorded));
    }

    [Theory]
    [InlineData(17, false)]
    [InlineData(18, true)]
    public async Task Minute_is_rendered_after_two_more_with_what_there_is(int parts, bool isRendered)
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await AdaTalksAsync(stage, parts);
        await TellAsync(stage, recorded, Track(Ada, parts * 10 * Second, parts), Track(Grace, 5 * Second, 1));
        Assert.Equal(isRendered ? "Ada" : "", await RenderedAsync(stage, recorded));
    }

    /// <summary>Of a replay two minutes pass in seconds: what was announced is still on its way then.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(10, true)]
    public async Task Minute_of_a_replay_waits_longer(int minutesAgo, bool isRendered)
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await AdaTalksAsync(stage, 20, TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(minutesAgo));
        await TellAsync(stage, recorded, Track(Ada, 200 * Second, 20), Track(Grace, 5 * Second, 1));
        Assert.Equal(isRendered ? "Ada" : "", await RenderedAsync(stage, recorded));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(2, false)]
    public async Task Bot_that_is_there_is_asked_again(int minutesSilent, bool asks)
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await AdaTalksAsync(stage, 9);
        await TellAsync(stage, recorded, TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(minutesSilent), Track(Ada, 30 * Second, 9));
        int before = await CountAsync(stage);
        // However many messages there are, one look later is arranged.
        for (int message = 0; message < 3; message++)
            await stage.Get<RenderRecording>().RunAsync(new RenderWindow { RecordingId = recorded.Id }, Cancellation);
        Assert.Equal(asks ? 1 : 0, await CountAsync(stage) - before);
    }

    [Fact]
    public async Task Messages_that_come_while_the_first_is_at_work_become_one()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await AdaTalksAsync(stage, 9);
        int before = await CountAsync(stage);
        RenderRecording render = stage.Get<RenderRecording>();
        RenderWindow message = new() { RecordingId = recorded.Id };
        Task first = render.RunAsync(message, Cancellation);
        for (int later = 0; later < 3; later++) await render.RunAsync(message, Cancellation);
        Assert.Equal(before, await CountAsync(stage));
        await first;
        Assert.Equal(before + 1, await CountAsync(stage));
        Assert.Equal("Ada", await FoundAsync(stage, recorded));
        await render.RunAsync(message, Cancellation);
        Assert.Equal(before + 1, await CountAsync(stage));
    }

    // Those that are not to be seen yet too.
    private static async Task<int> CountAsync(RenderStage stage) => (await stage.Storage.Queues
        .GetQueueClient(StorageNames.RenderWindowQueue).GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // Without a pause from the start, ten seconds in each segment.
    private static async Task<Recorded> AdaTalksAsync(RenderStage stage, int segments, DateTimeOffset? startedAt = null)
    {
        Recorded recorded = await stage.BeginAsync(startedAt);
        for (int segment = 0; segment < segments; segment++) await stage.MoveAsync(recorded, Ada, "Ada", segment * 10 * Second, Words);
        return recorded;
    }

    private static Task TellAsync(RenderStage stage, Recorded recorded, params TrackSummary[] tracks) =>
        TellAsync(stage, recorded, TimeProvider.System.GetUtcNow(), tracks);

    private static Task TellAsync(RenderStage stage, Recorded recorded, DateTimeOffset at, params TrackSummary[] tracks) =>
        stage.TellAsync(recorded, Manifest(recorded, at, tracks));

    internal static SessionManifest Manifest(Recorded recorded, DateTimeOffset at, params TrackSummary[] tracks) => new()
    {
        Session = new SessionInfo
        {
            RecordingId = recorded.Id,
            GuildId = 1,
            GuildName = "Tisch",
            ChannelId = 2,
            StartedBy = 3,
            StartedAt = recorded.StartedAt,
        },
        State = ManifestState.Recording,
        Incarnation = 1,
        UpdatedAt = at,
        SampleCount = recorded.End,
        Tracks = tracks,
    };

    internal static TrackSummary Track(ulong userId, long safe, int segments) => new()
    {
        UserId = userId,
        Username = userId == Ada ? "Ada" : "Grace",
        Segments = [new IndexRange(0, segments - 1)],
        SampleCount = segments * 10L * Second,
        ByteCount = 0,
        Chain = "",
        NextFreeIndex = segments,
        SafeSample = safe,
    };

    // The one message that asks again is not waited for.
    private static async Task<string> RenderedAsync(RenderStage stage, Recorded recorded)
    {
        await stage.Get<RenderRecording>().RunAsync(new RenderWindow { RecordingId = recorded.Id }, Cancellation);
        return await FoundAsync(stage, recorded);
    }

    // Whose first minute is there.
    private static async Task<string> FoundAsync(RenderStage stage, Recorded recorded)
    {
        List<string> found = [];
        foreach (ulong user in new[] { Ada, Grace })
        {
            if ((await stage.Get<RenderTable>().ReadWindowsAsync(recorded.Id, RenderTable.TrackKey(user), withSound: false, Cancellation))
                .ContainsKey(0)) found.Add(user == Ada ? "Ada" : "Grace");
        }
        return string.Join(' ', found);
    }
}
