using Pipeline.Bot.Calls;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Discord.Voice.Call;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;
using Permissions = Pipeline.DiscordSimulator.World.Permissions;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>Where the panel goes, and a start that does not get to its end.</summary>
public sealed class StartSituationTests
{
    /// <summary>Longer than a test may take: what waits for this is waited for in vain.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    [Fact]
    public async Task Channel_of_the_command_that_cannot_be_written_to_gives_way_to_the_calls_own_chat()
    {
        await using BotRig rig = await BotRig.StartAsync(discord => discord.TextChannel.Deny(discord.BotMember, Permissions.SendMessages));
        await rig.RecordAsync();
        await rig.UntilAsync(() =>
            rig.Discord.VoiceChannel.Messages.Any(message => message.Text.Contains("Recording 0", StringComparison.Ordinal)));
        Assert.DoesNotContain(rig.Discord.TextChannel.Messages, message => !message.IsEphemeral);
    }

    [Fact]
    public async Task Where_neither_channel_can_be_written_to_nothing_is_recorded()
    {
        await using BotRig rig = await BotRig.StartAsync(discord =>
        {
            discord.TextChannel.Deny(discord.BotMember, Permissions.SendMessages);
            discord.VoiceChannel.Deny(discord.BotMember, Permissions.SendMessages);
        });
        SimulatedInteraction refused = await rig.RecordAsync();
        Assert.Contains(Texts.MissingPermissions(["Send Messages"], rig.Discord.TextChannel.Id), refused.Text, StringComparison.Ordinal);
        Assert.Null(rig.Current);
    }

    [Fact]
    public async Task People_whom_no_word_reached_while_Discord_was_away_are_told_when_it_is_back()
    {
        LeapingTime time = new();
        await using BotRig rig = await BotRig.StartAsync(time: time);
        using FaultHandle away = rig.Discord.Faults.Add(new RefuseRest(503) { Method = "POST", Path = "/messages$" });
        await rig.RecordAsync();
        SimulatedMember zoe = rig.Discord.Guild.AddMember("Zoe");
        rig.Discord.Guild.Join(zoe, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Log.Lines.Count(line => line.EventId == 4207) >= 3); // the panel, and the word to each of them
        away.Dispose();
        await rig.UntilAsync(() =>
        {
            time.Leap(TimeSpan.FromSeconds(1));
            return IsTold(rig.Admin.Id) && IsTold(zoe.Id);
        });
        Assert.Equal(1, rig.Current!.Panel.Draw().Events.Count(one => one.Text.Contains(Wording.User(zoe.Id), StringComparison.Ordinal)));

        bool IsTold(ulong id) => rig.Discord.VoiceChannel.Messages.Any(message =>
            message.Text.Contains(Wording.User(id), StringComparison.Ordinal)
            && message.Text.Contains("this call is being recorded", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Next_part_begins_however_long_Discord_keeps_name_and_direct_messages_waiting()
    {
        await using BotRig rig = await BotRig.StartAsync(change: Patient);
        RecordedCall first = await rig.RecordSpeechAsync();
        rig.Discord.Faults.Add(new LimitRest(Long) { Method = "PATCH", Path = "/members/@me$" });
        rig.Discord.Faults.Add(new LimitRest(Long) { Method = "POST", Path = "^/users/@me/channels$" });
        _ = first.Host.StopAsync(EndReason.Limit, TestContext.Current.CancellationToken);
        await rig.UntilAsync(() => rig.Current is { Start.Part: 2, Call.State: VoiceCallState.Connected });
        Assert.Equal(["[REC] Recorder"], rig.Discord.BotMember.NicknameHistory);
        rig.Discord.Faults.Clear();
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => rig.Discord.BotMember.Nickname is null);
    }

    [Fact]
    public async Task Name_is_given_back_at_the_limit_when_nobody_is_there_for_another_part()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        RecordedCall call = rig.Current!;
        rig.Discord.Guild.Leave(rig.Admin);
        await rig.UntilAsync(() => !call.People.AreHere);
        _ = call.Host.StopAsync(EndReason.Limit, TestContext.Current.CancellationToken);
        await rig.UntilAsync(() => rig.Current is null && rig.Discord.BotMember.Nickname is null);
    }

    [Fact]
    public async Task Name_is_given_back_when_the_next_part_cannot_begin()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        RecordedCall call = rig.Current!;
        using FaultHandle silence = rig.Discord.Faults.Add(new NoVoiceAnswer());
        _ = call.Host.StopAsync(EndReason.Limit, TestContext.Current.CancellationToken);
        await rig.UntilSaidAsync("I could not join");
        await rig.UntilAsync(() => rig.Current is null && rig.Discord.BotMember.Nickname is null);
    }

    [Fact]
    public async Task Next_part_without_a_name_gives_the_name_back()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        RecordedCall call = rig.Current!;
        await rig.AskAsync(rig.Admin, "record settings", new() { ["announce"] = "text" });
        _ = call.Host.StopAsync(EndReason.Limit, TestContext.Current.CancellationToken);
        await rig.UntilAsync(() => rig.Current is { Start.Part: 2 } && rig.Discord.BotMember.Nickname is null);
        await rig.AskAsync(rig.Admin, "record stop");
        Assert.Equal(2, rig.Discord.BotMember.NicknameHistory.Count);
    }

    [Fact]
    public async Task People_are_told_and_known_however_long_the_panel_is_kept_waiting()
    {
        await using BotRig rig = await BotRig.StartAsync(change: Patient);
        await rig.AskAsync(rig.Admin, "record settings", new() { ["announce"] = "text" });
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        SimulatedSpeaker music = rig.Discord.AddSpeaker(
            rig.Discord.Guild.AddBot(rig.Discord.AddApplication("Music")), rig.Discord.VoiceChannel);
        using HeldFiles tunes = new(rig.Folder.Combine("spool"), music.UserId);
        SimulatedMember cleo = rig.Discord.Guild.AddMember("Cleo");
        await rig.AskAsync(cleo, "record me", new() { ["choice"] = "out" });
        rig.Discord.Faults.Add(new LimitRest(Long) { Method = "POST", Path = $"^/channels/{rig.Discord.TextChannel.Id}/messages$" });
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        // Its answer waits for the panel.
        SimulatedInteraction start = await rig.Discord.Interactions.SlashCommandAsync(rig.Admin, rig.Discord.TextChannel, "record start");
        await rig.UntilSaidAsync(Texts.Notice(rig.Admin.Id, rig.Discord.VoiceChannel.Id, ConsentMode.Off));
        await Task.WhenAll(ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(2))),
            music.SayAsync(OpusClip.Generate(8, TimeSpan.FromSeconds(2))));
        await rig.UntilAsync(() => rig.Current!.Host.Snapshot.Tracks.Any(track => track is { Username: "Ben", Health.Received: >= 90 }));
        Assert.Empty(tunes.Seen());
        Assert.False(rig.Current!.Host.Recording.HasPeopleWhoRefuse);
        rig.Discord.Guild.Join(cleo, rig.Discord.VoiceChannel); // a voice without a name may be hers
        await rig.UntilAsync(() => rig.Current!.Host.Recording.HasPeopleWhoRefuse);
        Assert.False(start.HasAnswer);
    }

    [Fact]
    public async Task Bot_that_goes_does_not_wait_for_a_channel_that_does_not_answer()
    {
        // Longer than the test may take: nothing but giving up ends the join.
        await using BotRig rig = await BotRig.StartAsync(change: options =>
            options with { Voice = options.Voice with { JoinTimeout = TimeSpan.FromMinutes(10) } });
        using FaultHandle stuck = rig.Discord.Faults.Add(new NoVoiceAnswer());
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        SimulatedInteraction start = await rig.Discord.Interactions.SlashCommandAsync(rig.Admin, rig.Discord.TextChannel, "record start");
        await rig.UntilAsync(() => rig.Current is not null);
        // A join that nobody gives up takes a minute.
        await rig.Recorders.For(rig.Discord.Guild.Id).LeaveForHandOverAsync().WaitAsync(TimeSpan.FromSeconds(40),
            TestContext.Current.CancellationToken);
        await rig.UntilAsync(() => start.HasAnswer);
    }

    private static RecorderOptions Patient(RecorderOptions options) =>
        options with { Rest = options.Rest with { LongestPause = Long * 2 } };
}
