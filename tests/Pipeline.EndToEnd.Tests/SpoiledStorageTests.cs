using Pipeline.Bot.Replay;
using Pipeline.EndToEnd.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests;

/// <summary>A storage that is away, slow or busy, for the bot and for the functions at the same time.</summary>
public sealed class SpoiledStorageTests(AzuriteFixture fixture)
{
    [Fact]
    public Task Storage_that_is_cut_off_gets_everything_afterwards() =>
        CutAsync("storage cut off", room: 5, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(40), speed: 10);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Storage_that_is_cut_off_for_half_a_minute_gets_everything_afterwards() =>
        CutAsync("storage cut off, long", room: 6, TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(10), speed: 10);

    [Fact]
    [Trait("Category", "Long")]
    public async Task Slow_storage_gets_everything()
    {
        await using FaultStage stage = await FaultStage.StartAsync(fixture.Azurite, 7);
        await stage.StartFunctionsAsync(spoiled: true);
        foreach (FaultProxy proxy in stage.Storage) proxy.Delay = TimeSpan.FromMilliseconds(500);
        await PlayAsync(stage, "storage slow (500 ms)", SpokenCall.Of(2, TimeSpan.FromSeconds(15)), speed: 5);
    }

    [Fact]
    [Trait("Category", "Long")]
    public Task Busy_storage_gets_everything() => BusyAsync("storage busy", room: 8, part: 0.15, TimeSpan.FromSeconds(30), speed: 10);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Storage_that_is_busy_for_long_gets_everything() =>
        BusyAsync("storage busy, long", room: 9, part: 0.25, TimeSpan.FromMinutes(10), speed: 20);

    [Fact]
    public async Task Spool_that_is_full_holds_the_replay_back_and_loses_nothing()
    {
        await using FaultStage stage = await FaultStage.StartAsync(fixture.Azurite, 10);
        await stage.StartFunctionsAsync();
        SpokenCall call = SpokenCall.Of(3, TimeSpan.FromSeconds(70));
        Dictionary<string, string?> settings = new() { ["RECORDING_SPOOL_LIMIT_MB"] = "16", ["RECORDING_CHANNELS"] = "2" };
        ChildProcess bot = stage.StartBot(call, speed: 100, spoiled: true, settings: settings);
        await UntilAsync(() => stage.SpooledAudio().Count > 0, "a segment in the spool");
        foreach (FaultProxy proxy in stage.Storage) proxy.Cut();
        await UntilAsync(() => SpoolBytes(stage) > 10L << 20, "10 MB in the spool");
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        long most = SpoolBytes(stage);
        foreach (FaultProxy proxy in stage.Storage) proxy.Mend();
        ReplaySummary summary = await stage.EndOfAsync(bot);
        Assert.True(most <= 16L << 20, $"the spool held {most} bytes");
        FaultRow.Require("spool full", await stage.HearAsync(summary.RecordingId, call), kills: 0,
            $", spool at most {summary.SpoolHighWaterBytes >> 20} of 16 MB");
        await stage.RequireCleanAsync();
    }

    private async Task CutAsync(string row, int room, TimeSpan away, TimeSpan length, double speed)
    {
        await using FaultStage stage = await FaultStage.StartAsync(fixture.Azurite, room);
        await stage.StartFunctionsAsync(spoiled: true);
        SpokenCall call = SpokenCall.Of(3, length);
        ChildProcess bot = stage.StartBot(call, speed, spoiled: true);
        await FaultStage.RecordingAsync(bot);
        int before = stage.Blob.Passed;
        await UntilAsync(() => stage.Blob.Passed > before + 8, "first uploads");
        foreach (FaultProxy proxy in stage.Storage) proxy.Cut();
        await Task.Delay(away);
        foreach (FaultProxy proxy in stage.Storage) proxy.Mend();
        ReplaySummary summary = await stage.EndOfAsync(bot);
        FaultRow.Require(row, await stage.HearAsync(summary.RecordingId, call), kills: 0,
            $", away {away.TotalSeconds:F0} s, {stage.Storage.Sum(proxy => proxy.Spoiled)} calls reset, spool at most "
            + $"{summary.SpoolHighWaterBytes >> 10} KB");
        await stage.RequireCleanAsync();
    }

    private async Task BusyAsync(string row, int room, double part, TimeSpan length, double speed)
    {
        await using FaultStage stage = await FaultStage.StartAsync(fixture.Azurite, room);
        await stage.StartFunctionsAsync(spoiled: true);
        int seed = 21;
        foreach (FaultProxy proxy in stage.Storage) proxy.Spoil(seed++, part, (503, "0"), (503, null), (429, "1"), (500, null));
        await PlayAsync(stage, row, SpokenCall.Of(3, length), speed);
    }

    private static async Task PlayAsync(FaultStage stage, string row, SpokenCall call, double speed)
    {
        ReplaySummary summary = await stage.EndOfAsync(stage.StartBot(call, speed, spoiled: true));
        HeardCall heard = await stage.HearAsync(summary.RecordingId, call);
        FaultRow.Require(row, heard, kills: 0,
            $", {stage.Storage.Sum(proxy => proxy.Spoiled)} of {stage.Storage.Sum(proxy => proxy.Passed)} calls spoiled");
        await stage.RequireCleanAsync();
    }

    private static long SpoolBytes(FaultStage stage) =>
        stage.SpooledAudio().Sum(path => new FileInfo(path) is { Exists: true } file ? file.Length : 0);

    private static async Task UntilAsync(Func<bool> condition, string what)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(2));
        while (!condition())
        {
            if (patience.IsCancellationRequested) throw new TimeoutException($"it did not come to this: {what}");
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
