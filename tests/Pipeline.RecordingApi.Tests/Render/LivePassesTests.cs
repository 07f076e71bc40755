using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>A pass over a running recording begins behind what is as it should be, and still sees what came late.</summary>
public sealed class LivePassesTests(AzuriteFixture azurite)
{
    private const int Second = 48_000;
    private static readonly RenderOptions Flac = new() { Formats = ["flac"] };
    private static readonly short[] Words = Speech.Of("ada", 10 * Second);

    private readonly Later time = new();

    [Fact]
    public async Task Next_pass_looks_at_new_windows_only_and_every_ten_minutes_at_all()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac, time);
        Recorded recorded = await stage.BeginAsync();
        await TalkAsync(stage, recorded, from: 0, to: 15);
        Assert.Equal([0, 1], await PassAsync(stage, recorded));

        await stage.Get<RenderTable>().DeleteWindowAsync(recorded.Id, RenderTable.TrackKey(Ada), 0, Cancellation);
        await TalkAsync(stage, recorded, from: 15, to: 21);
        Assert.Equal([1, 2], await PassAsync(stage, recorded));
        time.By = TimeSpan.FromMinutes(9);
        Assert.Equal([1, 2], await PassAsync(stage, recorded));
        time.By = TimeSpan.FromMinutes(10);
        Assert.Equal([0, 1, 2], await PassAsync(stage, recorded));
    }

    [Fact]
    public async Task What_comes_late_is_rendered_in_its_window_and_nowhere_else()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac, time);
        Recorded recorded = await stage.BeginAsync();
        await TalkAsync(stage, recorded, from: 0, to: 21);
        Assert.Equal([0, 1, 2], await PassAsync(stage, recorded));
        SortedDictionary<int, RenderRow> before = await MixAsync(stage, recorded);

        await stage.MoveAsync(recorded, Grace, "Grace", 80 * Second, Words);
        await PassAsync(stage, recorded);
        SortedDictionary<int, RenderRow> after = await MixAsync(stage, recorded);
        Assert.Equal([1], (await stage.Get<RenderTable>().ReadWindowsAsync(recorded.Id, RenderTable.TrackKey(Grace), withSound: false,
            Cancellation)).Keys);
        Assert.Equal([1], before.Keys.Where(window => before[window].Inputs != after[window].Inputs));
    }

    [Fact]
    public async Task Levels_go_on_where_the_pass_before_has_ended()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac, time);
        (Recorded once, Recorded twice) = (await stage.BeginAsync(), await stage.BeginAsync());
        await TalkAsync(stage, once, from: 0, to: 21);
        await PassAsync(stage, once);
        await TalkAsync(stage, twice, from: 0, to: 15);
        await PassAsync(stage, twice);
        await TalkAsync(stage, twice, from: 15, to: 21);
        await PassAsync(stage, twice);
        SortedDictionary<int, RenderRow> left = await MixAsync(stage, once), right = await MixAsync(stage, twice);
        Assert.Equal([0, 1, 2], right.Keys);
        Assert.NotEqual(1, right[2].Levels!.Tracks[Ada].Gain);
        for (int window = 0; window < 3; window++)
        {
            Assert.Equal(left[window].Levels!.Tracks[Ada], right[window].Levels!.Tracks[Ada]);
            Assert.Equal(left[window].Parts["flac"].Sha256, right[window].Parts["flac"].Sha256);
        }
    }

    [Fact]
    public async Task What_was_deleted_is_made_again()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac, time);
        Recorded recorded = await stage.BeginAsync();
        await TalkAsync(stage, recorded, from: 0, to: 15);
        await PassAsync(stage, recorded);
        await stage.ForgetRendersAsync(recorded);
        Assert.Empty(await MixAsync(stage, recorded));
        Assert.Equal([0, 1], await PassAsync(stage, recorded));
        Assert.Equal([0, 1], (await MixAsync(stage, recorded)).Keys);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Once_the_call_is_over_a_whole_minute_does_not_wait(bool isOver)
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac, time);
        Recorded recorded = await stage.BeginAsync();
        await TalkAsync(stage, recorded, from: 0, to: 7);
        SessionManifest manifest = LiveWindowsTests.Manifest(recorded, TimeProvider.System.GetUtcNow(),
            LiveWindowsTests.Track(Ada, 70 * Second, 7));
        await stage.TellAsync(recorded, isOver ? manifest with { EndedAt = TimeProvider.System.GetUtcNow() } : manifest);
        Assert.Equal(isOver ? [0] : [], await PassAsync(stage, recorded));
    }

    [Fact]
    public async Task End_of_a_call_is_rendered_while_its_list_is_written()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac, time);
        Recorded recorded = await stage.BeginAsync();
        await TalkAsync(stage, recorded, from: 0, to: 7);
        await stage.TakeMessagesAsync(recorded.Id);
        await stage.FinalizeAsync(recorded);
        Assert.Equal(2, (await stage.TakeMessagesAsync(recorded.Id)).Count); // before the list, and behind it
        await stage.FinalizeAsync(recorded);
        Assert.Single(await stage.TakeMessagesAsync(recorded.Id));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // Without a pause, ten seconds in each segment.
    private static async Task TalkAsync(RenderStage stage, Recorded recorded, int from, int to)
    {
        for (int segment = from; segment < to; segment++) await stage.MoveAsync(recorded, Ada, "Ada", segment * 10 * Second, Words);
    }

    // The windows of her that are there.
    private static async Task<IEnumerable<int>> PassAsync(RenderStage stage, Recorded recorded)
    {
        await stage.RenderAsync(recorded);
        return (await stage.Get<RenderTable>().ReadWindowsAsync(recorded.Id, RenderTable.TrackKey(Ada), withSound: false,
            Cancellation)).Keys;
    }

    private static Task<SortedDictionary<int, RenderRow>> MixAsync(RenderStage stage, Recorded recorded) =>
        stage.Get<RenderTable>().ReadWindowsAsync(recorded.Id, RenderTable.Mix, withSound: false, Cancellation);

    /// <summary>The system's clock, so much later.</summary>
    private sealed class Later : TimeProvider
    {
        public TimeSpan By { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(By.TotalSeconds * TimestampFrequency);
    }
}
