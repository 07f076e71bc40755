using Pipeline.Bot.AutoRecord;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.AutoRecord;

/// <summary>Channels that are recorded by a rule: when it starts, when it does not, and what survives.</summary>
public sealed class AutoRecordTests
{
    [Fact]
    public async Task Recording_starts_when_so_many_people_are_there_and_ends_when_they_have_left()
    {
        await using BotRig rig = await BotRig.StartAsync(change: options => options with { EmptyTimeout = TimeSpan.FromMilliseconds(500) });
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben");
        SimulatedInteraction set = await SetAsync(rig, rig.Discord.VoiceChannel, people: 2);
        Assert.Contains("when 2 people are in it", set.Text, StringComparison.Ordinal);
        rig.Discord.Guild.Join(ben, rig.Discord.VoiceChannel);
        await rig.AskAsync(rig.Admin, "record auto"); // what came before has been looked at
        Assert.Null(rig.Current);
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Current is not null);
        Assert.Equal(rig.Admin.Id, rig.Current!.Session.StartedBy);
        await rig.UntilSaidAsync($"<@{rig.Admin.Id}> has set that <#{rig.Discord.VoiceChannel.Id}> is recorded when 2 people are in it.");
        rig.Discord.Guild.Leave(ben);
        await Task.Delay(TimeSpan.FromSeconds(1.5), TestContext.Current.CancellationToken);
        Assert.NotNull(rig.Current); // somebody is still there
        rig.Discord.Guild.Leave(rig.Admin);
        await rig.UntilAsync(() => rig.Current is null);
        rig.Discord.Guild.Join(ben, rig.Discord.VoiceChannel);
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Current is not null); // and again
    }

    [Fact]
    public async Task Rule_survives_a_restart_without_the_API_and_a_new_disk_hears_of_it_from_the_API()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await SetAsync(rig, rig.Discord.VoiceChannel, people: 1);
        rig.Api.IsAway = true;
        await rig.StopAsync();
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await using (BotRig next = await BotRig.StartAsync(after: rig))
        {
            await next.UntilAsync(() => next.Current is not null);
            await next.AskAsync(rig.Admin, "record stop");
        }
        rig.Api.IsAway = false;
        using TempFolder otherDisk = new();
        await using BotRig last = await BotRig.StartAsync(after: rig, folder: otherDisk);
        await last.UntilAsync(() => last.Current is not null);
    }

    [Fact]
    public async Task Who_stops_it_is_not_recorded_again_before_all_have_gone_not_even_after_a_restart()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await SetAsync(rig, rig.Discord.VoiceChannel, people: 1);
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Current is not null);
        await rig.AskAsync(rig.Admin, "record stop");
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben");
        rig.Discord.Guild.Join(ben, rig.Discord.VoiceChannel);
        await rig.AskAsync(rig.Admin, "record auto");
        Assert.Null(rig.Current);
        await rig.StopAsync();
        Assert.True(File.Exists(rig.Folder.Combine("spool", "state", $"auto-{rig.Discord.Guild.Id}.json")));
        await using BotRig next = await BotRig.StartAsync(after: rig);
        await next.UntilAsync(() => next.Recorders.IsSearched(rig.Discord.Guild.Id));
        await next.AskAsync(rig.Admin, "record auto");
        Assert.Null(next.Current);
        rig.Discord.Guild.Leave(ben);
        rig.Discord.Guild.Leave(rig.Admin);
        await next.UntilAsync(() => !File.Exists(rig.Folder.Combine("spool", "state", $"auto-{rig.Discord.Guild.Id}.json")));
        rig.Discord.Guild.Join(ben, rig.Discord.VoiceChannel);
        await next.UntilAsync(() => next.Current is not null);
    }

    [Fact]
    public async Task Who_stops_it_is_not_recorded_again_because_one_of_them_went_out_for_a_moment()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben");
        await SetAsync(rig, rig.Discord.VoiceChannel, people: 2);
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await JoinAsync(rig, ben);
        await rig.UntilAsync(() => rig.Current is not null);
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => rig.Current is null);
        await LeaveAsync(rig, ben);
        await rig.AskAsync(rig.Admin, "record auto");
        await JoinAsync(rig, ben);
        await rig.AskAsync(rig.Admin, "record auto");
        Assert.Null(rig.Current);
        await LeaveAsync(rig, ben);
        await LeaveAsync(rig, rig.Admin);
        await rig.UntilAsync(() => !File.Exists(RestOf(rig)));
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await JoinAsync(rig, ben);
        await rig.UntilAsync(() => rig.Current is not null);
    }

    [Fact]
    public async Task Length_limit_does_not_keep_the_next_meeting_from_being_recorded()
    {
        await using BotRig rig = await BotRig.StartAsync(capture: new CaptureOptions { MaximumDuration = TimeSpan.FromSeconds(4) });
        await SetAsync(rig, rig.Discord.VoiceChannel, people: 1);
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Current is not null);
        Contracts.RecordingId first = rig.Current!.Session.RecordingId;
        await rig.UntilAsync(() => rig.Current is { } next && next.Session.RecordingId != first);
        Assert.False(File.Exists(RestOf(rig)));
    }

    [Fact]
    public async Task Who_comes_while_an_empty_recording_ends_is_recorded_again()
    {
        await using BotRig rig = await BotRig.StartAsync(change: options => options with { EmptyTimeout = TimeSpan.FromMilliseconds(500) });
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben");
        await SetAsync(rig, rig.Discord.VoiceChannel, people: 1);
        await JoinAsync(rig, ben);
        await rig.UntilAsync(() => rig.Current?.People.WereHere == true);
        RecordedCall first = rig.Current!;
        TaskCompletionSource held = new();
        rig.Api.Hold = ("/api/recordings", held.Task);
        await LeaveAsync(rig, ben);
        await rig.UntilAsync(() => first.IsEnding && rig.Api.Requests.Contains("GET /api/recordings")); // and looks for its page
        await JoinAsync(rig, ben);
        rig.Api.Hold = null;
        held.SetResult();
        await rig.UntilAsync(() => rig.Current is { } next && next.Session.RecordingId != first.Session.RecordingId);
    }

    [Fact]
    public async Task Recording_that_was_taken_over_still_says_in_its_next_part_who_has_set_it()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await SetAsync(rig, rig.Discord.VoiceChannel, people: 1);
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        string said = $"<@{rig.Admin.Id}> has set that <#{rig.Discord.VoiceChannel.Id}> is recorded when 1 person is in it.";
        await rig.UntilSaidAsync(said);
        await rig.StopAsync();
        await using BotRig next = await BotRig.StartAsync(after: rig,
            capture: new CaptureOptions { MaximumDuration = TimeSpan.FromSeconds(1) });
        await next.UntilAsync(() => next.Discord.Guild.Channels.SelectMany(channel => channel.Messages)
            .Count(message => message.Text.Contains(said, StringComparison.Ordinal)) >= 2);
    }

    [Fact]
    public async Task Channel_that_everybody_has_left_makes_way_for_the_next_by_rule_and_by_command()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedChannel other = rig.Discord.Guild.AddVoiceChannel("Other");
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben");
        await rig.UntilAsync(() => rig.Gateway.Guilds.Find(rig.Discord.Guild.Id)!.Channels.ContainsKey(other.Id));
        await SetAsync(rig, rig.Discord.VoiceChannel, people: 1);
        await SetAsync(rig, other, people: 1);
        rig.Discord.Guild.Join(ben, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Current?.ChannelId == rig.Discord.VoiceChannel.Id);
        rig.Discord.Guild.Join(rig.Admin, other);
        SimulatedInteraction busy = await rig.AskAsync(rig.Admin, "record start");
        Assert.Contains("a second bot, with a token of its own", busy.Text, StringComparison.Ordinal);
        Assert.Equal(rig.Discord.VoiceChannel.Id, rig.Current!.ChannelId);
        rig.Discord.Guild.Leave(ben);
        await rig.UntilAsync(() => rig.Current?.ChannelId == other.Id); // long before the five minutes for an empty call are over
        await rig.UntilSaidAsync(Texts.MadeWay(other.Id));
        rig.Discord.Guild.Leave(rig.Admin);
        await rig.UntilAsync(() => rig.Current is { People.AreHere: false });
        SimulatedChannel third = rig.Discord.Guild.AddVoiceChannel("Third");
        await rig.UntilAsync(() => rig.Gateway.Guilds.Find(rig.Discord.Guild.Id)!.Channels.ContainsKey(third.Id));
        rig.Discord.Guild.Join(rig.Admin, third);
        SimulatedInteraction started = await rig.AskAsync(rig.Admin, "record start");
        Assert.Contains(Texts.Started(third.Id), started.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rule_needs_the_right_to_record_and_a_channel_that_one_may_enter()
    {
        SimulatedMember ben = null!, eve = null!;
        SimulatedRole recorders = null!;
        SimulatedChannel secret = null!;
        await using BotRig rig = await BotRig.StartAsync(discord =>
        {
            recorders = discord.Guild.AddRole("Recorders", Permissions.None);
            (ben, eve) = (discord.Guild.AddMember("Ben"), discord.Guild.AddMember("Eve").With(recorders));
            secret = discord.Guild.AddVoiceChannel("Secret");
            secret.Deny(eve, Permissions.Connect);
        });
        await rig.AskAsync(rig.Admin, "record settings", new() { ["role"] = recorders });
        Dictionary<string, object> rule = new() { ["channel"] = secret, ["when"] = "people" };
        Assert.StartsWith("You need the *Manage Server*", (await rig.AskAsync(ben, "record auto", rule)).Text, StringComparison.Ordinal);
        Assert.Equal(Texts.MayNotEnter(secret.Id), (await rig.AskAsync(eve, "record auto", rule)).Text);
        await rig.AskAsync(rig.Admin, "record auto", rule);
        Assert.Equal(AutoTexts.NoRules, (await rig.AskAsync(eve, "record auto")).Text); // nor does the list show it to her
        Assert.Contains($"<#{secret.Id}>", (await rig.AskAsync(rig.Admin, "record auto")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rule_that_is_taken_away_starts_nothing_and_those_of_other_bots_stay_theirs()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await SetAsync(rig, rig.Discord.VoiceChannel, people: 1);
        await rig.AskAsync(rig.Admin, "record auto", new() { ["channel"] = rig.Discord.VoiceChannel, ["when"] = "off" });
        Assert.Equal(AutoTexts.NoRules, (await rig.AskAsync(rig.Admin, "record auto")).Text);
        await rig.StopAsync();
        AutoRecordRule foreign = new() { ChannelId = rig.Discord.VoiceChannel.Id, BotId = 4242, People = 1, SetBy = rig.Admin.Id };
        rig.Api.PutSettings(rig.Discord.Guild.Id, new GuildSettings { AutoRecord = [foreign] });
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await using BotRig next = await BotRig.StartAsync(after: rig);
        await next.UntilAsync(() => next.Recorders.IsSearched(rig.Discord.Guild.Id));
        Assert.Equal(AutoTexts.NoRules, (await next.AskAsync(rig.Admin, "record auto")).Text);
        Assert.Null(next.Current);
        await next.AskAsync(rig.Admin, "record auto", new() { ["channel"] = rig.Discord.VoiceChannel, ["people"] = 1 });
        await next.UntilAsync(() => next.Current is not null);
        Assert.Contains("4242", rig.Api.SettingsOf(rig.Discord.Guild.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_that_fails_is_told_to_the_one_who_set_the_rule()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await SetAsync(rig, rig.Discord.VoiceChannel, people: 1);
        rig.Discord.VoiceChannel.Deny(rig.Discord.BotMember, Permissions.Connect);
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben");
        rig.Discord.Guild.Join(ben, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Told(rig.Admin, "I was to record"));
        Assert.Null(rig.Current);
    }

    private static string RestOf(BotRig rig) => rig.Folder.Combine("spool", "state", $"auto-{rig.Discord.Guild.Id}.json");

    private static Task JoinAsync(BotRig rig, SimulatedMember member)
    {
        rig.Discord.Guild.Join(member, rig.Discord.VoiceChannel);
        return rig.UntilAsync(() => rig.Gateway.Guilds.Find(rig.Discord.Guild.Id)!.VoiceStates.ContainsKey(member.Id));
    }

    private static Task LeaveAsync(BotRig rig, SimulatedMember member)
    {
        rig.Discord.Guild.Leave(member);
        return rig.UntilAsync(() => !rig.Gateway.Guilds.Find(rig.Discord.Guild.Id)!.VoiceStates.ContainsKey(member.Id));
    }

    private static Task<SimulatedInteraction> SetAsync(BotRig rig, SimulatedChannel channel, int people) =>
        rig.AskAsync(rig.Admin, "record auto", new() { ["channel"] = channel, ["when"] = "people", ["people"] = people });
}
