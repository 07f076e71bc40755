using Pipeline.Bot.Capture;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;
using Permissions = Pipeline.DiscordSimulator.World.Permissions;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>Every situation in which people need a sentence, brought about at the simulated Discord.</summary>
public sealed class SituationTests
{
    [Fact]
    public async Task Nobody_may_start_without_the_right()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedMember plain = rig.Discord.Guild.AddMember("Plain");
        rig.Discord.Guild.Join(plain, rig.Discord.VoiceChannel);
        SimulatedInteraction answer = await rig.AskAsync(plain, "record start");
        Assert.Equal(Texts.NoRight(null), answer.Text);
        Assert.True(answer.IsEphemeral);
        Assert.Null(rig.Current);
    }

    [Fact]
    public async Task Without_a_channel_the_caller_is_asked_for_one()
    {
        await using BotRig rig = await BotRig.StartAsync();
        Assert.Equal(Texts.JoinFirst, (await rig.AskAsync(rig.Admin, "record start")).Text);
        Assert.Contains(Texts.Started(rig.Discord.StageChannel.Id),
            (await rig.AskAsync(rig.Admin, "record start", new() { ["channel"] = rig.Discord.StageChannel })).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_channel_is_no_place_to_record()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedChannel text = rig.Discord.TextChannel;
        // Discord offers voice channels only; the button of an old answer may name one that was made again under its id.
        SimulatedInteraction answer = await rig.AskAsync(rig.Admin, "record start", new() { ["channel"] = text });
        Assert.Equal(Texts.WrongChannel(text.Id), answer.Text);
        Assert.True(answer.IsEphemeral);
    }

    [Fact]
    public async Task Bot_that_is_going_starts_nothing_new()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Discord.Guild.Join(rig.Admin, rig.Discord.VoiceChannel);
        await rig.Recorders.For(rig.Discord.Guild.Id).LeaveForHandOverAsync();
        SimulatedInteraction answer = await rig.AskAsync(rig.Admin, "record start");
        Assert.Contains("I am being restarted. A running recording goes on by itself", answer.Text, StringComparison.Ordinal);
        Assert.True(answer.IsEphemeral);
        Assert.Null(rig.Current);
    }

    [Fact]
    public async Task Panel_that_may_not_be_posted_is_told_and_the_recording_runs()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Discord.Faults.Add(new RefuseRest(403) { Code = 50013, Method = "POST", Path = "^/channels/.*/messages$" });
        SimulatedInteraction answer = await rig.RecordAsync();
        Assert.Contains(Texts.NoPanel(rig.Discord.VoiceChannel.Id), answer.Text, StringComparison.Ordinal);
        Assert.NotNull(rig.Current);
    }

    [Fact]
    public async Task Missing_permissions_are_named_and_checked_again_by_a_button()
    {
        await using BotRig rig = await BotRig.StartAsync(discord => discord.VoiceChannel.Deny(discord.BotMember, Permissions.Connect));
        SimulatedInteraction refused = await rig.RecordAsync();
        Assert.Contains(Texts.MissingPermissions(["Connect"], rig.Discord.VoiceChannel.Id), refused.Text, StringComparison.Ordinal);
        Assert.NotNull(refused.Original!.ButtonWithLabel("Check again"));
        Assert.Empty(rig.Discord.BotMember.NicknameHistory);
        SimulatedInteraction again = await rig.PressAsync(rig.Admin, refused.Original!, "Check again");
        Assert.Contains("I am missing", again.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Name_that_may_not_be_changed_is_a_missing_permission()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Discord.Faults.Add(new RefuseRest(403) { Code = 50013, Method = "PATCH", Path = "/members/@me$" });
        Assert.Contains("Change Nickname", (await rig.RecordAsync()).Text, StringComparison.Ordinal);
        Assert.Null(rig.Current);
        Assert.Null(rig.Discord.Guild.VoiceStateOf(rig.Discord.Bot.Id));
    }

    [Fact]
    public async Task Disk_that_takes_no_recording_is_told_and_the_old_name_given_back()
    {
        using TempFolder state = new();
        await using BotRig rig = await BotRig.StartAsync(change: options => options with { StateFolder = state.Path });
        (string spool, string away) = (rig.Folder.Combine("spool"), rig.Folder.Combine("away"));
        Directory.Move(spool, away);
        await File.WriteAllTextAsync(spool, "in the way", TestContext.Current.CancellationToken);
        Assert.Contains(Texts.CouldNotStart("my disk takes no files"), (await rig.RecordAsync()).Text, StringComparison.Ordinal);
        await rig.UntilAsync(() => rig.Discord.BotMember.NicknameHistory.Count == 2);
        Assert.Null(rig.Discord.BotMember.Nickname);
        Assert.Null(rig.Current);

        File.Delete(spool);
        Directory.Move(away, spool);
        SimulatedInteraction again = await rig.AskAsync(rig.Admin, "record start");
        Assert.Contains(Texts.Started(rig.Discord.VoiceChannel.Id), again.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Full_channel_is_not_entered()
    {
        await using BotRig rig = await BotRig.StartAsync(discord => discord.VoiceChannel.UserLimit = 1);
        Assert.Contains(Texts.ChannelFull(rig.Discord.VoiceChannel.Id), (await rig.RecordAsync()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Channel_that_does_not_answer_ends_in_a_clear_refusal_and_the_old_name()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Discord.Faults.Add(new NoVoiceAnswer());
        SimulatedInteraction answer = await rig.RecordAsync();
        Assert.Contains("I could not join", answer.Text, StringComparison.Ordinal);
        await rig.UntilAsync(() => rig.Current is null && rig.Discord.BotMember.Nickname is null);
    }

    [Fact]
    public async Task Second_start_points_to_the_running_recording()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        SimulatedInteraction same = await rig.AskAsync(rig.Admin, "record start");
        Assert.Contains(Texts.AlreadyRecording(rig.Current!.Session, rig.Discord.VoiceChannel.Id), same.Text, StringComparison.Ordinal);
        Assert.NotNull(same.Original!.ButtonWithLabel("Stop"));
        SimulatedInteraction other = await rig.AskAsync(rig.Admin, "record start", new() { ["channel"] = rig.Discord.StageChannel });
        Assert.Contains(Texts.BusyElsewhere(rig.Current!.Session, rig.Discord.VoiceChannel.Id), other.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_to_stop_is_said()
    {
        await using BotRig rig = await BotRig.StartAsync();
        Assert.Equal(Texts.NothingToStop, (await rig.AskAsync(rig.Admin, "stop")).Text);
    }

    [Fact]
    public async Task Haste_is_slowed_whether_it_is_commands_or_the_button_of_the_note_form()
    {
        await using BotRig rig = await BotRig.StartAsync(time: new StillClock());
        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel?.ButtonWithLabel("Note") is not null);
        SimulatedMessage panel = rig.Panel!; // and not a copy of it without buttons
        string slowed = Texts.TooFast(StillClock.Now + TimeSpan.FromSeconds(10));
        for (int i = 2; i <= 8; i++) Assert.NotEqual(slowed, (await rig.AskAsync(rig.Admin, "record status")).Text);
        Assert.Equal(slowed, (await rig.AskAsync(rig.Admin, "record status")).Text);
        SimulatedMember other = rig.Discord.Guild.AddMember("Other").With(rig.Admin.Roles[0]);
        for (int i = 1; i <= 8; i++) Assert.Equal("", (await rig.PressAsync(other, panel, "Note")).Text); // the form is no text
        Assert.Equal(slowed, (await rig.PressAsync(other, panel, "Note")).Text);
    }

    [Fact]
    public async Task Button_of_an_old_recording_does_nothing()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        SimulatedMessage old = (await rig.AskAsync(rig.Admin, "record start")).Original!; // nobody takes its buttons away
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.RecordAsync();
        Assert.Equal(Texts.ButtonOfThePast, (await rig.PressAsync(rig.Admin, old, "Stop")).Text);
        Assert.NotNull(rig.Current);
    }

    [Fact]
    public async Task Lost_and_found_connection_is_told_with_what_is_safe_and_marked_as_a_gap()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        using FaultHandle silence = rig.Discord.Faults.Add(new NoVoiceAnswer());
        rig.Discord.Faults.Add(new CloseVoice(4006));
        await rig.UntilSaidAsync("Connection lost at");
        silence.Dispose();
        await rig.UntilSaidAsync("The gap is marked in the recording.");
        await rig.UntilAsync(() => rig.Current!.Host.Snapshot.Gaps.Any(gap => gap.Reason == "reconnect"));
        Assert.Equal(rig.Discord.VoiceChannel, rig.Discord.Guild.VoiceStateOf(rig.Discord.Bot.Id)!.Channel);
    }

    [Fact]
    public async Task Call_that_cannot_be_joined_again_is_tried_until_it_can()
    {
        await using BotRig rig = await BotRig.StartAsync(change: options =>
            options with { Voice = options.Voice with { JoinTimeout = TimeSpan.FromSeconds(0.5) } });
        await rig.RecordAsync();
        Contracts.RecordingId recording = rig.Current!.Session.RecordingId;
        using FaultHandle silence = rig.Discord.Faults.Add(new NoVoiceAnswer());
        rig.Discord.Faults.Add(new CloseVoice(4006));
        await rig.UntilAsync(() =>
            rig.Log.Lines.Count(line =>
            line.EventId == 4215 && line.Text.Contains("no answer to the join", StringComparison.Ordinal)) >= 2);
        silence.Dispose();
        await rig.UntilSaidAsync("The gap is marked in the recording.");
        Assert.Equal(recording, rig.Current!.Session.RecordingId);
        Assert.False(rig.Said("Back after 0 s"));
    }

    [Fact]
    public async Task New_gateway_session_joins_again_and_goes_on_with_the_same_recording()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        Contracts.RecordingId recording = rig.Current!.Session.RecordingId;
        rig.Discord.Faults.Add(new InvalidateSession(Resumable: false));
        await rig.UntilSaidAsync("The gap is marked in the recording.");
        Assert.Equal(recording, rig.Current!.Session.RecordingId);
        Assert.NotNull(rig.Discord.Guild.VoiceStateOf(rig.Discord.Bot.Id));
    }

    [Fact]
    public async Task Move_is_followed_and_told()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        rig.Discord.Guild.Move(rig.Discord.BotMember, rig.Discord.StageChannel);
        await rig.UntilSaidOnceAsync(Texts.Moved(rig.Discord.StageChannel.Id));
        await rig.UntilAsync(() => rig.Current!.ChannelId == rig.Discord.StageChannel.Id);
        await rig.UntilAsync(() =>
            rig.Current!.Panel.Draw().Events.Any(one => one.Text.StartsWith("Back after", StringComparison.Ordinal)));
        await rig.SettleAsync();
        Assert.False(rig.Said("Connection lost"));
    }

    [Fact]
    public async Task Kick_ends_the_recording_and_is_told_in_channel_and_to_the_starter()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        rig.Discord.Guild.Kick(rig.Discord.BotMember);
        await rig.UntilSaidOnceAsync("I was disconnected by a moderator");
        await rig.UntilAsync(() => rig.Told(rig.Admin, "I was disconnected by a moderator") && rig.Current is null);
        Assert.False(rig.Said("Connection lost"));
        SimulatedMessage said = rig.Discord.Guild.Channels.SelectMany(channel => channel.Messages)
            .First(message =>
            message.Text.Contains("by a moderator", StringComparison.Ordinal) && message.ButtonWithLabel("Start again") is not null);
        Assert.Contains(Texts.Started(rig.Discord.VoiceChannel.Id), (await rig.PressAsync(rig.Admin, said, "Start again")).Text,
            StringComparison.Ordinal);
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => rig.Discord.BotMember.Nickname is null);
    }

    [Fact]
    public async Task Deleted_channel_ends_the_recording()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        rig.Discord.Guild.Delete(rig.Discord.VoiceChannel);
        await rig.UntilSaidAsync("The recording ended at");
        await rig.UntilAsync(() => rig.Current is null);
    }

    [Fact]
    public async Task Deleted_channel_ends_the_recording_also_when_nothing_else_is_told()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        string gone = $$"""{"id":"{{rig.Discord.VoiceChannel.Id}}","guild_id":"{{rig.Discord.Guild.Id}}","type":2}""";
        rig.Discord.Faults.Add(new SendGatewayMessage("""{"op":0,"t":"CHANNEL_DELETE","s":null,"d":""" + gone + "}"));
        await rig.UntilSaidAsync("The channel was deleted");
        await rig.UntilAsync(() => rig.Current is null);
    }

    [Fact]
    public async Task Deafening_is_told_in_channel_and_to_the_starter_and_its_end_too()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        rig.Discord.Guild.Deafen(rig.Discord.BotMember);
        await rig.UntilSaidOnceAsync(Texts.Deafened);
        await rig.UntilAsync(() => rig.Told(rig.Admin, Texts.Deafened));
        rig.Discord.Guild.Deafen(rig.Discord.BotMember, deaf: false);
        await rig.UntilSaidAsync(Texts.Undeafened);
    }

    [Fact]
    public async Task Start_in_an_empty_channel_says_that_nobody_has_come_and_not_that_everybody_has_left()
    {
        await using BotRig rig = await BotRig.StartAsync(change: options => options with { EmptyTimeout = TimeSpan.FromSeconds(3) });
        await rig.AskAsync(rig.Admin, "record start", new() { ["channel"] = rig.Discord.StageChannel });
        await rig.UntilAsync(() => rig.Current?.Panel.Draw().Events.Any(one => one.Text == Texts.NobodyCame) == true);
        await rig.UntilSaidAsync("Nobody came for 3 s. I stopped the recording.");
        Assert.False(rig.Said("Everybody has left"));
    }

    [Fact]
    public async Task Empty_channel_ends_the_recording_after_the_timeout()
    {
        await using BotRig rig = await BotRig.StartAsync(change: options => options with { EmptyTimeout = TimeSpan.FromSeconds(2) });
        await rig.RecordAsync();
        rig.Discord.Guild.Leave(rig.Admin);
        await rig.UntilSaidAsync(Texts.EndedEmpty(TimeSpan.FromSeconds(2), cameBack: true));
        await rig.UntilAsync(() => rig.Current is null);
    }

    [Fact]
    public async Task Limit_closes_the_recording_and_goes_on_in_the_next_part()
    {
        await using BotRig rig = await BotRig.StartAsync(capture: new CaptureOptions { MaximumDuration = TimeSpan.FromSeconds(4) });
        await rig.RecordAsync();
        Contracts.RecordingId first = rig.Current!.Session.RecordingId;
        await rig.UntilSaidAsync("part 2");
        await rig.UntilAsync(() => rig.Current is { } next && next.Session.RecordingId != first);
    }

    [Fact]
    public async Task Recording_API_that_does_not_answer_keeps_the_next_part_waiting_for_two_seconds_at_most()
    {
        await using BotRig rig = await BotRig.StartAsync(capture: new CaptureOptions { MaximumDuration = TimeSpan.FromSeconds(4) },
            change: options => options with { Api = options.Api with { Timeout = TimeSpan.FromHours(1) } });
        await rig.RecordAsync();
        Contracts.RecordingId first = rig.Current!.Session.RecordingId;
        rig.Api.Hold = ("/api/recordings", new TaskCompletionSource().Task);
        await rig.UntilAsync(() => rig.Current is { } next && next.Session.RecordingId != first);
    }

    [Theory]
    [InlineData(4021, "Discord asks me to stop connecting for a while (4021)")]
    [InlineData(4017, "the call demands end-to-end encryption, which is switched off here (4017)")]
    public async Task Voice_server_that_lets_nobody_back_is_named_with_its_reason_and_code(int code, string reason)
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        rig.Discord.Faults.Add(new CloseVoice(code));
        await rig.UntilSaidAsync($"I was put out of the call: {reason}. The recording ended at");
        await rig.UntilAsync(() => rig.Told(rig.Admin, reason) && rig.Current is null);
        Assert.False(rig.Said("after 1 try"));
        Assert.False(rig.Said("Connection lost"));
    }

    [Fact]
    public async Task Name_left_by_a_crash_is_given_back()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.StopAsync();
        await Rename(rig, "[REC] Recorder");
        await using BotRig next = await BotRig.StartAsync(after: rig);
        await next.UntilAsync(() => rig.Discord.BotMember.Nickname is null);
    }

    [Fact]
    public async Task One_guild_that_fails_touches_no_other()
    {
        SimulatedGuild? other = null;
        await using BotRig rig = await BotRig.StartAsync(discord =>
        {
            other = discord.AddGuild("Other");
            other.AddBot(discord.Bot);
        });
        SimulatedChannel voice = other!.AddVoiceChannel("Voice");
        SimulatedChannel text = other.AddTextChannel("text");
        other.Join(other.Owner, voice);
        await rig.RecordAsync();
        SimulatedInteraction second = await rig.Discord.Interactions.SlashCommandAsync(other.Owner, text, "record start");
        await rig.UntilAsync(() => second.Text.Contains("Recording", StringComparison.Ordinal));
        other.Remove(other.Member(rig.Discord.Bot.Id)!);
        await rig.UntilAsync(() => rig.Recorders.For(other.Id).Current is null);
        await rig.UntilAsync(() => rig.Told(other.Owner, "I was removed from the server."));
        Assert.Equal(Discord.Voice.Call.VoiceCallState.Connected, rig.Current!.Call.State);
    }

    private static async Task Rename(BotRig rig, string name)
    {
        using HttpClient http = new();
        using Discord.Rest.DiscordRestClient rest = new(http,
            new Discord.Rest.DiscordRestOptions { Token = rig.Discord.Bot.Token, ApiBase = new Uri(rig.Discord.ApiBaseUrl) },
            TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<Discord.Rest.DiscordRestClient>.Instance);
        await rest.SetNicknameAsync(rig.Discord.Guild.Id, name, TestContext.Current.CancellationToken);
    }
}
