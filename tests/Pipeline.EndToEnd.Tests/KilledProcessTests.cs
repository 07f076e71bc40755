using Pipeline.Bot.Replay;
using Pipeline.EndToEnd.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests;

/// <summary>SIGKILL at seeded random moments, for the bot, for the functions, for both.</summary>
public sealed class KilledProcessTests(AzuriteFixture fixture)
{
    [Theory]
    [InlineData("wav", 0)]
    [InlineData("opus", 28, Traits = ["Category", "Long"])]
    public Task Bot_that_is_killed_goes_on_with_its_recording(string format, int room) =>
        KillBotAsync($"bot killed, {format}", room, format, kills: 3, seed: 11, TimeSpan.FromSeconds(40), speed: 8);

    [Theory]
    [InlineData("wav", 1)]
    [InlineData("opus", 29)]
    [Trait("Category", "Soak")]
    public Task Bot_that_is_killed_twenty_times_goes_on_with_its_recording(string format, int room) =>
        KillBotAsync($"bot killed, long, {format}", room, format, kills: 20, seed: 12, TimeSpan.FromMinutes(10), speed: 12);

    [Fact]
    public Task Functions_that_are_killed_move_every_segment_once() =>
        KillFunctionsAsync("functions killed", room: 2, kills: 2, seed: 13, TimeSpan.FromSeconds(60), speed: 10);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Functions_that_are_killed_twenty_times_move_every_segment_once() =>
        KillFunctionsAsync("functions killed, long", room: 3, kills: 20, seed: 14, TimeSpan.FromMinutes(20), speed: 15);

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Bot_and_functions_that_are_killed_twenty_times_each_lose_no_more_than_a_segment_per_kill()
    {
        const int Kills = 20;
        await using FaultStage stage = await FaultStage.StartAsync(fixture.Azurite, 4);
        await stage.StartFunctionsAsync();
        SpokenCall call = SpokenCall.Of(3, TimeSpan.FromMinutes(10));
        Random random = new(15);
        Task functions = KillFunctionsAsync(stage, Kills, new Random(16));
        (ReplaySummary summary, int killed) = await KillBotAsync(stage, call, "wav", Kills, random, speed: 12);
        await functions;
        FaultRow.Require("both killed, long", await stage.HearAsync(summary.RecordingId, call), killed, $", functions {Kills} kills");
        await stage.RequireCleanAsync();
    }

    private async Task KillBotAsync(string row, int room, string format, int kills, int seed, TimeSpan length, double speed)
    {
        await using FaultStage stage = await FaultStage.StartAsync(fixture.Azurite, room);
        await stage.StartFunctionsAsync();
        SpokenCall call = SpokenCall.Of(3, length);
        (ReplaySummary summary, int killed) = await KillBotAsync(stage, call, format, kills, new Random(seed), speed);
        Assert.True(killed > 0, "the bot was faster than every kill");
        HeardCall heard = await stage.HearAsync(summary.RecordingId, call);
        Assert.All(heard.Recording.Segments, segment => Assert.Equal(format, segment.Format));
        FaultRow.Require(row, heard, killed, $", {summary.Incarnation} incarnations");
        await stage.RequireCleanAsync();
    }

    private static async Task<(ReplaySummary Summary, int Killed)> KillBotAsync(FaultStage stage, SpokenCall call, string format, int kills,
        Random random, double speed)
    {
        ChildProcess Start() =>
            stage.StartBot(call, speed, more: ["--continue"], settings: new() { ["RECORDING_OUTPUT_FORMAT"] = format });
        int killed = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            ChildProcess victim = Start();
            if (kill % 4 != 3) await FaultStage.RecordingAsync(victim); // Every fourth is hit at any moment of its start.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 1500)));
            if (victim.HasExited) break;
            victim.Kill();
            await victim.WaitForExitAsync(TimeSpan.FromSeconds(30));
            killed++;
        }
        return (await stage.EndOfAsync(Start()), killed);
    }

    private async Task KillFunctionsAsync(string row, int room, int kills, int seed, TimeSpan length, double speed)
    {
        await using FaultStage stage = await FaultStage.StartAsync(fixture.Azurite, room);
        await stage.StartFunctionsAsync();
        SpokenCall call = SpokenCall.Of(3, length);
        ChildProcess bot = stage.StartBot(call, speed);
        await KillFunctionsAsync(stage, kills, new Random(seed));
        ReplaySummary summary = await stage.EndOfAsync(bot);
        FaultRow.Require(row, await stage.HearAsync(summary.RecordingId, call), kills: 0, $", functions {kills} kills");
        await stage.RequireCleanAsync();
    }

    private static async Task KillFunctionsAsync(FaultStage stage, int kills, Random random)
    {
        for (int kill = 0; kill < kills; kill++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(200, 2200)));
            await stage.KillFunctionsAsync();
        }
    }
}
