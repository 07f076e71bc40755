using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.Bot.Tests.AutoRecord;

/// <summary>What rules ask of the recording API: enough to go by what is chosen now, and no more than it can bear.</summary>
public sealed class AutoRecordQuestionTests
{
    /// <summary>Longer than an answer of the API is taken for fresh.</summary>
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(31);

    [Fact]
    public async Task Rule_that_was_taken_away_elsewhere_starts_nothing()
    {
        LeapingTime time = new();
        await using BotRig rig = await StartAfterOneRecordingAsync(time);
        ulong guild = rig.Discord.Guild.Id;
        rig.Api.PutSettings(guild, rig.Settings.LastKnown(guild) with { AutoRecord = [] });
        time.Leap(Stale);
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Settings.LastKnown(guild).AutoRecord is { Count: 0 } || rig.Current is not null);
        await rig.AskAsync(rig.Admin, "record auto");
        Assert.Null(rig.Current);
    }

    [Fact]
    public async Task Recording_by_rule_asks_people_as_the_settings_say_now()
    {
        LeapingTime time = new();
        await using BotRig rig = await StartAfterOneRecordingAsync(time);
        ulong guild = rig.Discord.Guild.Id;
        rig.Api.PutSettings(guild, rig.Settings.LastKnown(guild) with { Consent = ConsentMode.Required.ToWord() });
        time.Leap(Stale);
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Current is not null);
        Assert.Equal(ConsentMode.Required, rig.Current!.Consent.Mode);
    }

    [Fact]
    public async Task Outage_is_asked_about_once_a_minute_however_many_people_come_and_go()
    {
        RecordingApiStandIn api = new() { IsAway = true };
        long since = TimeProvider.System.GetTimestamp();
        await using BotRig rig = await BotRig.StartAsync(api: api);
        await ComeAndGoAsync(rig, times: 1, stays: true);
        await rig.UntilAsync(() => Asked(api) > 0);
        await ComeAndGoAsync(rig, times: 5);
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Assert.InRange(Asked(api), 1, 1 + (int)TimeProvider.System.GetElapsedTime(since).TotalMinutes);
    }

    [Fact]
    public async Task Bot_without_a_recording_API_asks_nobody()
    {
        await using BotRig rig = await BotRig.StartAsync(change: options => options with { Api = new CatalogueOptions() });
        await ComeAndGoAsync(rig, times: 2, stays: true);
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Assert.DoesNotContain(rig.Log.Lines, line => line.EventId == 4200); // the recording API is away
    }

    [Fact]
    public async Task Bot_of_many_servers_has_eight_questions_at_once_and_all_of_them_answered()
    {
        const int servers = 20;
        TaskCompletionSource held = new();
        RecordingApiStandIn api = new() { Hold = ("/settings", held.Task) };
        await using BotRig rig = await BotRig.StartAsync(api: api, prepare: discord =>
        {
            for (int server = 0; server < servers; server++)
            {
                SimulatedGuild guild = discord.AddGuild($"Server {server}");
                guild.AddBot(discord.Bot);
                guild.Join(guild.AddMember("Ben"), guild.AddVoiceChannel("Table"));
            }
        });
        await rig.UntilAsync(() => Asked(api) >= 8);
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Assert.Equal(8, api.MostAtOnce);
        api.Hold = null;
        held.SetResult();
        await rig.UntilAsync(() => Asked(api) == servers);
        Assert.Equal(8, api.MostAtOnce);
    }

    // The settings were asked for: only a start is a reason to ask again.
    private static async Task<BotRig> StartAfterOneRecordingAsync(LeapingTime time)
    {
        BotRig rig = await BotRig.StartAsync(time: time, change: options => options with { EmptyTimeout = TimeSpan.FromMilliseconds(500) });
        await rig.AskAsync(rig.Admin, "record auto",
            new() { ["channel"] = rig.Discord.VoiceChannel, ["when"] = "people", ["people"] = 1 });
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Current is not null);
        rig.Discord.Guild.Leave(rig.Admin);
        await rig.UntilAsync(() => rig.Current is null);
        return rig;
    }

    private static int Asked(RecordingApiStandIn api) =>
        api.Requests.Count(request => request.EndsWith("/settings", StringComparison.Ordinal));

    private static async Task ComeAndGoAsync(BotRig rig, int times, bool stays = false)
    {
        for (int time = 0; time < times; time++)
        {
            SimulatedMember member = rig.Discord.Guild.AddMember($"Member {time}");
            bool IsHere() => rig.Gateway.Guilds.Find(rig.Discord.Guild.Id)!.VoiceStates.ContainsKey(member.Id);
            rig.Discord.Guild.Join(member, rig.Discord.VoiceChannel);
            await rig.UntilAsync(IsHere);
            if (stays) continue;
            rig.Discord.Guild.Leave(member);
            await rig.UntilAsync(() => !IsHere());
        }
    }
}
