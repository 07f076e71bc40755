using Pipeline.Bot.Calls;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.Bot.Tests.Commands;

/// <summary>What a member sees when the commands are used, from the start of a recording to its link.</summary>
public sealed class RecordingCommandsTests
{
    [Fact]
    public async Task Start_records_shows_the_panel_and_tells_the_channel()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Api.MakesLinks = true;
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        SimulatedInteraction answer = await rig.RecordAsync(new() { ["title"] = "Session 12" });
        Assert.True(answer.IsEphemeral);
        Assert.Contains(Texts.Started(rig.Discord.VoiceChannel.Id), answer.Text, StringComparison.Ordinal);
        Assert.Equal(Nickname.WithPrefix("Recorder"), rig.Discord.BotMember.Nickname);
        await rig.UntilSaidAsync("This call is being recorded");
        await ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(1)));
        await rig.UntilAsync(() =>
            rig.PanelText.Contains("🔴 Recording · Session 12", StringComparison.Ordinal)
            && rig.PanelText.Contains("**Ben**", StringComparison.Ordinal)
            && rig.PanelText.Contains("[Open↗]", StringComparison.Ordinal), "panel");
        Assert.Matches(@"Elapsed: 00:00:\d\d", rig.PanelText);
        Assert.Matches(@"Safe up to: 00:00:\d\d", rig.PanelText);
        Assert.Contains("received, 0 lost", rig.PanelText, StringComparison.Ordinal);
        Assert.Contains("Encryption: " + Texts.PanelUnencrypted, rig.PanelText, StringComparison.Ordinal); // a call without keys
        Assert.Contains("[Stop] [Note] [Pause] [Don't record me] [Open↗]", rig.PanelText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Name_says_it_before_the_bot_enters_the_call_and_is_given_back()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        IReadOnlyList<string> lines = rig.Discord.Log.Lines;
        int renamed = Index(lines, "/members/@me");
        int joined = Index(lines, "\"op\":4,");
        Assert.InRange(renamed, 0, joined);
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => rig.Discord.BotMember.Nickname is null);
        Assert.Equal(2, rig.Discord.BotMember.NicknameHistory.Count);

        static int Index(IReadOnlyList<string> lines, string part) =>
            lines.ToList().FindIndex(line => line.Contains(part, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_hands_out_the_link_and_the_panel_follows_until_it_is_stored()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Api.MakesLinks = true;
        await rig.RecordSpeechAsync();
        SimulatedInteraction answer = await rig.AskAsync(rig.Admin, "stop");
        Assert.Contains(Texts.Stopping, answer.Text, StringComparison.Ordinal);
        await rig.UntilAsync(() => rig.Told(rig.Admin, "#k=link"));
        await rig.UntilAsync(() => rig.Told(rig.Admin, "still on the way")); // the storage is away
        Assert.Null(rig.Discord.Guild.VoiceStateOf(rig.Discord.Bot.Id));
        await rig.UntilAsync(() => rig.PanelText.Contains("Ended, storing", StringComparison.Ordinal), "storing");
        Assert.DoesNotContain("[Stop]", rig.PanelText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Closed_direct_messages_bring_the_link_to_the_answer()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Api.MakesLinks = true;
        await rig.RecordSpeechAsync();
        rig.Discord.Faults.Add(
            new RefuseRest(403) { Code = 50007, Path = $"^/channels/{rig.Discord.DirectChannel(rig.Admin.User).Id}/messages" });
        SimulatedInteraction answer = await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => answer.Text.Contains("I could not send you a direct message", StringComparison.Ordinal));
        Assert.Contains("#k=link", answer.Text, StringComparison.Ordinal);
        Assert.All(answer.FollowUps, message => Assert.True(message.IsEphemeral));
    }

    [Fact]
    public async Task Pause_note_and_resume_show_in_panel_and_recording()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel is not null);
        SimulatedInteraction note = await rig.AskAsync(rig.Admin, "record note", new() { ["text"] = "dragon *dies*" });
        Assert.Equal(Texts.NoteTaken, note.Text);
        await rig.PressAsync(rig.Admin, rig.Panel!, "Pause");
        await rig.UntilAsync(() => rig.Current!.IsPaused);
        Assert.Equal(Texts.AlreadyPaused, (await rig.AskAsync(rig.Admin, "record pause")).Text);
        await rig.UntilAsync(() =>
            rig.PanelText.Contains("⏸️ Paused", StringComparison.Ordinal)
            && rig.PanelText.Contains("dragon", StringComparison.Ordinal), "panel");
        await rig.AskAsync(rig.Admin, "record resume");
        await rig.UntilAsync(() => !rig.Current!.IsPaused);
        Assert.Equal(Texts.NotPaused, (await rig.AskAsync(rig.Admin, "record resume")).Text);
        RecordingNote kept = Assert.Single(rig.Current!.Host.Snapshot.Notes);
        Assert.Equal("dragon *dies*", kept.Text);
        Assert.Contains(rig.Current.Host.Snapshot.Gaps, gap => gap.Reason == "paused");
    }

    [Fact]
    public async Task Note_button_opens_a_form_and_takes_what_is_written()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel is not null);
        SimulatedInteraction pressed = await rig.PressAsync(rig.Admin, rig.Panel!, "Note");
        Assert.Equal(9, pressed.CallbackType);
        SimulatedInteraction sent = await rig.Discord.Interactions.SubmitModalAsync(rig.Admin, pressed, new Dictionary<string,
            string>
        { ["text"] = "from the form" });
        await rig.UntilAsync(() => sent.Text == Texts.NoteTaken);
        await rig.UntilAsync(() => rig.Current!.Host.Snapshot.Notes is [{ Text: "from the form" }]);
    }

    [Fact]
    public async Task Opting_out_silences_the_lane_at_once_and_is_remembered()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben");
        rig.Discord.Guild.Join(ben, rig.Discord.VoiceChannel);
        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel is not null);
        SimulatedInteraction pressed = await rig.PressAsync(ben, rig.Panel!, "Don't record me");
        Assert.Equal(Texts.OutNow, pressed.Text);
        Assert.True(pressed.IsEphemeral);
        Assert.True(rig.Current!.Host.Recording.Consent.IsOptedOut(ben.Id));
        await rig.UntilSaidAsync(Texts.OptedOut([ben.Id]));
        Assert.Contains(ben.Id.ToString(), rig.Api.SettingsOf(rig.Discord.Guild.Id), StringComparison.Ordinal);
        Assert.Equal(Texts.InNow, (await rig.AskAsync(ben, "record me", new() { ["choice"] = "in" })).Text);
        Assert.DoesNotContain(ben.Id.ToString(), rig.Api.SettingsOf(rig.Discord.Guild.Id)!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Opt_out_before_the_recording_holds_in_it()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        await rig.AskAsync(ben.Member, "record me", new() { ["choice"] = "out" });
        await rig.RecordAsync();
        await rig.UntilSaidAsync(Texts.OptedOut([ben.UserId]));
        await ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(1)));
        await rig.UntilAsync(() => rig.Current!.Host.Snapshot.Refused > 0);
        Assert.True(rig.Current!.Host.Snapshot.Tracks.Single(track => track.UserId == ben.UserId).OptedOut);
        Assert.Equal(0, rig.Current!.Host.Snapshot.Tracks.Single(track => track.UserId == ben.UserId).NextFreeIndex);
    }

    [Fact]
    public async Task Late_joiners_are_told()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        await rig.UntilSaidAsync("This call is being recorded");
        SimulatedMember late = rig.Discord.Guild.AddMember("Late");
        rig.Discord.Guild.Join(late, rig.Discord.VoiceChannel);
        await rig.UntilSaidAsync(ConsentTexts.Late([late.Id], ConsentMode.Off));
    }

    [Fact]
    public async Task Status_is_shown_to_the_caller_only()
    {
        await using BotRig rig = await BotRig.StartAsync();
        // Who runs the server reads how the bot is besides.
        SimulatedInteraction idle = await rig.AskAsync(rig.Admin, "record status");
        Assert.StartsWith($"{Texts.NothingToStop}\nVersion ", idle.Text, StringComparison.Ordinal);
        await rig.RecordAsync();
        SimulatedInteraction status = await rig.AskAsync(rig.Admin, "record status");
        Assert.True(status.IsEphemeral);
        Assert.Contains("🔴 Recording", status.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Text up to", status.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_says_how_far_the_text_is_and_comes_without_it_where_the_api_is_away()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        string id = rig.Current!.Session.RecordingId.ToString();
        TranscriptState transcript = new() { Status = TranscriptState.Running, UpToSample = 75 * 48_000, Problem = "the service is slow" };
        rig.Api.Add(RecordingApiStandIn.Finished(id, id, rig.Discord.Guild.Id, rig.Admin.Id, RecordingStatus.Live)
            with
        { Transcript = transcript });
        SimulatedInteraction status = await rig.AskAsync(rig.Admin, "record status");
        Assert.Contains("Text up to 00:01:15. The service is slow.", status.Text, StringComparison.Ordinal);
        Assert.Contains("🔴 Recording", status.Text, StringComparison.Ordinal);

        rig.Api.IsAway = true;
        Assert.Contains("🔴 Recording", (await rig.AskAsync(rig.Admin, "record status")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Finished_recordings_are_listed_linked_and_deleted_with_confirmation()
    {
        await using BotRig rig = await BotRig.StartAsync();
        Assert.Equal(Texts.NothingRecordedYet, (await rig.AskAsync(rig.Admin, "record list")).Text);
        rig.Api.Add(RecordingApiStandIn.Finished("rec-1", "s-1", rig.Discord.Guild.Id, rig.Admin.Id));
        rig.Api.Add(RecordingApiStandIn.Finished("rec-2", "s-2", 999, rig.Admin.Id));
        Assert.Contains("`rec-1`", (await rig.AskAsync(rig.Admin, "record list")).Text, StringComparison.Ordinal);
        SimulatedInteraction link = await rig.AskAsync(rig.Admin, "record link"); // this service makes none
        Assert.EndsWith("`rec-1`\nI have no link to it: the recording service made none.", link.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("http", link.Text, StringComparison.Ordinal);
        Assert.Equal(Texts.WrongLink, (await rig.AskAsync(rig.Admin, "record link", new() { ["recording"] = "rec-2" })).Text);
        SimulatedMember stranger = rig.Discord.Guild.AddMember("Stranger");
        Assert.Equal(Texts.DeleteNeedsRight, (await rig.AskAsync(stranger, "record delete", new() { ["recording"] = "rec-1" })).Text);
        SimulatedInteraction asked = await rig.AskAsync(rig.Admin, "record delete", new() { ["recording"] = "rec-1" });
        Assert.Contains("for good?", asked.Text, StringComparison.Ordinal);
        Assert.Equal(Texts.DeleteKept, (await rig.PressAsync(rig.Admin, asked.Original!, "Keep")).Text);
        Assert.Contains("deleted by", (await rig.PressAsync(rig.Admin, asked.Original!, "Delete for good")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("rec-1", (await rig.AskAsync(rig.Admin, "record list")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_let_a_role_record()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedRole role = rig.Discord.Guild.AddRole("Scribes", DiscordSimulator.World.Permissions.None);
        SimulatedMember scribe = rig.Discord.Guild.AddMember("Scribe").With(role);
        rig.Discord.Guild.Join(scribe, rig.Discord.VoiceChannel);
        Assert.Equal(Texts.NoRight(null), (await rig.AskAsync(scribe, "record start")).Text);
        Assert.Equal(Texts.SettingsNeedManageServer, (await rig.AskAsync(scribe, "record settings")).Text);
        Assert.Contains(Wording.Role(role.Id),
            (await rig.AskAsync(rig.Admin, "record settings", new() { ["role"] = role, ["announce"] = "text" })).Text,
            StringComparison.Ordinal);
        Assert.Contains(Texts.Started(rig.Discord.VoiceChannel.Id), (await rig.AskAsync(scribe, "join")).Text, StringComparison.Ordinal);
        Assert.Null(rig.Discord.BotMember.Nickname); // announced by text only
        await rig.UntilSaidAsync("This call is being recorded");
    }

    [Fact]
    public async Task Absent_recording_api_keeps_nobody_from_recording()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Api.IsAway = true;
        Assert.Equal(Texts.ApiAway, (await rig.AskAsync(rig.Admin, "record list")).Text);
        SimulatedInteraction started = await rig.RecordAsync();
        Assert.Contains(Texts.Started(rig.Discord.VoiceChannel.Id), started.Text, StringComparison.Ordinal);
        Assert.Contains("as soon as it is back", (await rig.AskAsync(rig.Admin, "record me", new() { ["choice"] = "out" })).Text,
            StringComparison.Ordinal);
        rig.Api.IsAway = false;
        SimulatedInteraction settings = await rig.AskAsync(rig.Admin, "record settings");
        Assert.Contains("1 person", settings.Text, StringComparison.Ordinal);
        Assert.Contains(rig.Admin.Id.ToString(), rig.Api.SettingsOf(rig.Discord.Guild.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deleted_panel_comes_again_with_the_next_start()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel is not null);
        SimulatedMessage first = rig.Panel!;
        rig.Discord.Faults.Add(new RefuseRest(404) { Code = 10008, Method = "PATCH", Path = $"/messages/{first.Id}$" });
        SimulatedInteraction again = await rig.AskAsync(rig.Admin, "record start");
        Assert.Contains("already running", again.Text, StringComparison.Ordinal);
        await rig.UntilAsync(() => rig.Panel!.Id != first.Id);
    }

    [Fact]
    public async Task Nothing_secret_is_logged()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedSpeaker ben = rig.Discord.AddSpeaker("Ben");
        SimulatedInteraction started = await rig.RecordAsync();
        await ben.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(1)));
        rig.Discord.Faults.Add(new CloseGateway(4000));
        SimulatedInteraction stopped = await rig.AskAsync(rig.Admin, "record stop");
        string[] secrets = [rig.Discord.Bot.Token, started.Token, stopped.Token, "key-of-the-api", .. VoiceSecrets(rig)];
        Assert.True(secrets.Length > 4);
        Assert.True(rig.Log.Lines.Count > 50);
        Assert.DoesNotContain(rig.Log.Lines, line =>
            secrets.Any(secret =>
            line.Text.Contains(secret, StringComparison.Ordinal)
            || line.Exception?.ToString().Contains(secret, StringComparison.Ordinal) == true));
    }

    /// <summary>Tokens of VOICE_SERVER_UPDATE, as the simulator logged them.</summary>
    private static string[] VoiceSecrets(BotRig rig) =>
    [
        .. rig.Discord.Log.Lines.Where(line => line.Contains("VOICE_SERVER_UPDATE", StringComparison.Ordinal))
            .Select(line => System.Text.RegularExpressions.Regex.Match(line, "\"token\":\"([^\"]+)\"").Groups[1].Value)
            .Where(token => token.Length > 0),
    ];
}
