using Pipeline.Bot.Replay;
using Pipeline.EndToEnd.Tests.Rig;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests;

/// <summary>A recording API that is away or busy; the pipeline reaches it over HTTP through a proxy that spoils calls.</summary>
public sealed class SpoiledApiTests(AzuriteFixture fixture)
{
    [Fact]
    public async Task Api_that_is_down_for_the_whole_call_gets_it_afterwards()
    {
        await using FaultStage stage = await FaultStage.StartAsync(fixture.Azurite, 13);
        await using FaultProxy api = await StartAsync(stage);
        api.Cut();
        SpokenCall call = SpokenCall.Of(2, TimeSpan.FromSeconds(20));
        ReplaySummary summary = await stage.EndOfAsync(stage.StartBot(call, speed: 10));
        Assert.Empty(stage.SpooledAudio());
        Assert.Null(await stage.Functions.Api.FindAsync(summary.RecordingId.ToString(), TestContext.Current.CancellationToken));
        api.Mend();
        FaultRow.Require("API down for the whole call", await stage.HearAsync(summary.RecordingId, call), kills: 0,
            $", {api.Spoiled} calls reset");
        await stage.RequireCleanAsync();
    }

    [Fact]
    [Trait("Category", "Long")]
    public Task Busy_api_gets_everything() => BusyAsync("API busy", room: 14, part: 0.2, TimeSpan.FromSeconds(20), speed: 10);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Api_that_is_busy_for_long_gets_everything() =>
        BusyAsync("API busy, long", room: 15, part: 0.3, TimeSpan.FromMinutes(10), speed: 20);

    private async Task BusyAsync(string row, int room, double part, TimeSpan length, double speed)
    {
        await using FaultStage stage = await FaultStage.StartAsync(fixture.Azurite, room);
        await using FaultProxy api = await StartAsync(stage);
        api.Spoil(41, part, (503, "1"), (429, "1"), (503, null), (500, null));
        SpokenCall call = SpokenCall.Of(3, length);
        ReplaySummary summary = await stage.EndOfAsync(stage.StartBot(call, speed));
        HeardCall heard = await stage.HearAsync(summary.RecordingId, call);
        FaultRow.Require(row, heard, kills: 0, $", {api.Spoiled} of {api.Passed} calls spoiled");
        await stage.RequireCleanAsync();
    }

    private static async Task<FaultProxy> StartAsync(FaultStage stage)
    {
        int port = FreePort.Take(1)[0];
        FaultProxy api = await FaultProxy.StartAsync(new Uri($"http://127.0.0.1:{port}"));
        await stage.StartFunctionsAsync(settings: new Dictionary<string, string?>
        {
            ["RecordingApi__BaseUrl"] = api.Address.ToString(),
            ["RecordingApi__ApiKey"] = FunctionsApp.Key,
        }, port: port);
        return api;
    }
}
