using Pipeline.Bot.Panel;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Commands;

/// <summary>Links that the recording API makes: who gets which.</summary>
public sealed class RecordingLinkTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Panel_shows_a_link_to_listen_and_only_the_starter_gets_one_that_may_delete()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Api.MakesLinks = true;
        await rig.RecordSpeechAsync();
        await rig.UntilAsync(() => rig.Api.Links.ContainsKey("link0"));
        await rig.UntilAsync(() => OpenButton(rig).Contains("#k=link0", StringComparison.Ordinal));
        await rig.AskAsync(rig.Admin, "stop");
        await rig.UntilAsync(() => rig.Told(rig.Admin, "#k=link1"));
        Assert.Equal(("listen download", "listen download delete"), (rig.Api.Links["link0"], rig.Api.Links["link1"]));
        await rig.UntilAsync(() => rig.PanelText.Contains("Ended, storing", StringComparison.Ordinal));
        Assert.Contains("#k=link0", OpenButton(rig), StringComparison.Ordinal);
        Assert.DoesNotContain(rig.Log.Lines, line => line.Text.Contains("#k=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Link_command_makes_a_new_one_and_can_end_the_others()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Api.MakesLinks = true;
        rig.Api.Add(RecordingApiStandIn.Finished("rec-1", "s-1", rig.Discord.Guild.Id, rig.Admin.Id));
        Assert.Contains("/r/rec-1#k=link0", (await rig.AskAsync(rig.Admin, "record link")).Text, StringComparison.Ordinal);
        Assert.Contains("/r/rec-1#k=link1", (await rig.AskAsync(rig.Admin, "record link")).Text, StringComparison.Ordinal);
        SimulatedInteraction last = await rig.AskAsync(rig.Admin, "record link", new() { ["end-others"] = true });
        Assert.Contains("2 earlier links no longer open it", last.Text, StringComparison.Ordinal);
        Assert.Equal(["link2"], rig.Api.Links.Keys);
        Assert.DoesNotContain("#k=", (await rig.AskAsync(rig.Admin, "record list")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Panel_shows_no_link_that_was_ended_whether_the_recording_runs_or_is_being_stored()
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        rig.Api.MakesLinks = true;
        string session = (await rig.RecordSpeechAsync()).Session.RecordingId.ToString();
        RecordingDetails live = RecordingApiStandIn.Finished(session, session, rig.Discord.Guild.Id, rig.Admin.Id, RecordingStatus.Live);
        rig.Api.Add(live);
        await rig.UntilAsync(() => OpenButton(rig).Contains("#k=link0", StringComparison.Ordinal));
        Assert.Contains("#k=link1", await ReplaceAsync(rig), StringComparison.Ordinal);
        await rig.UntilAsync(() => OpenButton(rig).Contains("#k=link1", StringComparison.Ordinal));

        await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => rig.PanelText.Contains("Ended, storing", StringComparison.Ordinal));
        Assert.Contains("#k=link1", OpenButton(rig), StringComparison.Ordinal);
        Assert.Contains("#k=link3", await ReplaceAsync(rig), StringComparison.Ordinal); // link2 is the starter's
        rig.Api.Add(live with { Status = RecordingStatus.Completed });
        await rig.UntilAsync(() => rig.PanelText.Contains("✅ Stored", StringComparison.Ordinal));
        Assert.Contains("#k=link3", OpenButton(rig), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Panel_of_a_recording_that_ended_in_an_earlier_process_shows_no_link_that_was_ended()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Api.MakesLinks = true;
        string session = (await rig.RecordSpeechAsync()).Session.RecordingId.ToString();
        RecordingDetails live = RecordingApiStandIn.Finished(session, session, rig.Discord.Guild.Id, rig.Admin.Id, RecordingStatus.Live);
        rig.Api.Add(live);
        await rig.UntilAsync(() => OpenButton(rig).Contains("#k=link0", StringComparison.Ordinal));
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => rig.PanelText.Contains("Ended, storing", StringComparison.Ordinal)); // its storage is away
        await rig.StopAsync();

        await using BotRig next = await BotRig.StartAsync(after: rig);
        Assert.Contains("#k=link2", await ReplaceAsync(next), StringComparison.Ordinal); // link1 is the starter's
        await next.UntilAsync(() => OpenButton(next).Contains("#k=link2", StringComparison.Ordinal));
        await next.StopAsync();

        rig.Api.Add(live with { Status = RecordingStatus.Completed });
        await using BotRig last = await BotRig.StartAsync(after: rig, storage: azurite.ConnectionString);
        await last.UntilAsync(() => last.PanelText.Contains("✅ Stored", StringComparison.Ordinal));
        Assert.Contains("#k=link2", OpenButton(last), StringComparison.Ordinal);
    }

    /// <summary>Who reads the panel would hear what is said where they may not enter; a new process and a new part know it too.</summary>
    [Fact]
    public async Task Move_to_where_others_may_enter_ends_the_links_and_one_to_where_the_same_may_keeps_them()
    {
        SimulatedChannel? open = null, board = null;
        await using BotRig rig = await BotRig.StartAsync(discord =>
        {
            open = discord.Guild.AddVoiceChannel("Open");
            board = discord.Guild.AddVoiceChannel("Board");
            board.Deny(discord.Guild.Everyone, Permissions.Connect);
            board.Allow(discord.BotMember, Permissions.Connect);
        });
        rig.Api.MakesLinks = true;
        await rig.RecordSpeechAsync();
        await rig.UntilAsync(() => OpenButton(rig).Contains("#k=link0", StringComparison.Ordinal));
        rig.Discord.Guild.Move(rig.Discord.BotMember, open!);
        await rig.UntilSaidAsync(Texts.Moved(open!.Id));
        await rig.UntilAsync(() => rig.PanelText.Contains(Wording.Channel(open.Id), StringComparison.Ordinal));
        Assert.Contains("#k=link0", OpenButton(rig), StringComparison.Ordinal);
        Assert.Single(rig.Api.Links);

        rig.Api.IsAway = true;
        rig.Discord.Guild.Move(rig.Discord.BotMember, board!);
        await rig.UntilSaidAsync(Texts.MovedOutOfReach(board!.Id));
        await rig.UntilAsync(() => !OpenButton(rig).Contains("\"Open\"", StringComparison.Ordinal));
        rig.Api.IsAway = false;
        await rig.UntilAsync(() => rig.Api.Links.IsEmpty);

        rig.Discord.Guild.Move(rig.Admin, board);
        await rig.StopAsync();
        await using BotRig next = await BotRig.StartAsync(after: rig);
        await next.UntilSaidAsync("I was restarted at");
        await next.AskAsync(rig.Admin, "record stop");
        await next.UntilAsync(() => next.PanelText.Contains("Ended, storing", StringComparison.Ordinal));
        Assert.DoesNotContain("\"Open\"", OpenButton(next), StringComparison.Ordinal);
        Assert.DoesNotContain("#k=", string.Concat(rig.Discord.DirectChannel(rig.Admin.User).Messages.Select(message => message.Text)),
            StringComparison.Ordinal); // Ada is there because a moderator put her there
        Assert.Empty(rig.Api.Links);
    }

    [Fact]
    public async Task Panel_gets_another_link_where_the_one_who_ended_all_got_none()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Api.MakesLinks = true;
        string session = (await rig.RecordSpeechAsync()).Session.RecordingId.ToString();
        rig.Api.Add(RecordingApiStandIn.Finished(session, session, rig.Discord.Guild.Id, rig.Admin.Id, RecordingStatus.Live));
        await rig.UntilAsync(() => OpenButton(rig).Contains("#k=link0", StringComparison.Ordinal));
        rig.Api.RefusedLinks = 1;
        Assert.Equal(Texts.ApiAway, await ReplaceAsync(rig));
        await rig.UntilAsync(() => OpenButton(rig).Contains("#k=link1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task List_has_a_button_for_each_recording_that_gives_a_link_of_ones_own()
    {
        await using BotRig rig = await BotRig.StartAsync();
        rig.Api.MakesLinks = true;
        for (int day = 1; day <= 6; day++)
        {
            rig.Api.Add(RecordingApiStandIn.Finished($"rec-{day}", $"s-{day}", rig.Discord.Guild.Id, rig.Admin.Id) with
            {
                RecordedAt = DateTimeOffset.UnixEpoch.AddDays(day),
                DeletesAt = DateTimeOffset.UnixEpoch.AddDays(30 + day),
            });
        }
        SimulatedInteraction list = await rig.AskAsync(rig.Admin, "record list");
        Assert.Contains($"**1** {Wording.Date(DateTimeOffset.UnixEpoch.AddDays(6))}", list.Text, StringComparison.Ordinal);
        Assert.Contains($", kept until {Wording.Date(DateTimeOffset.UnixEpoch.AddDays(31))}\n`rec-1`", list.Text, StringComparison.Ordinal);
        Assert.Empty(rig.Api.Links); // nobody has asked for one
        SimulatedInteraction pressed = await rig.PressAsync(rig.Admin, list.Original!, "Link 6");
        Assert.Contains("/r/rec-1#k=link0", pressed.Text, StringComparison.Ordinal);
        Assert.True(pressed.Original!.IsEphemeral);
        SimulatedInteraction refused = await rig.PressAsync(rig.Discord.Guild.AddMember("Stranger"), list.Original!, "Link 6");
        Assert.Equal(Texts.NoRight(null), refused.Text);
        Assert.Single(rig.Api.Links);
    }

    [Fact]
    public async Task List_of_a_service_with_pages_of_its_own_shows_their_addresses()
    {
        await using BotRig rig = await BotRig.StartAsync(change: options =>
            options with { Api = options.Api with { PageUrl = "https://pages.example.org/{id}" } });
        rig.Api.Add(RecordingApiStandIn.Finished("rec-1", "s-1", rig.Discord.Guild.Id, rig.Admin.Id));
        SimulatedInteraction list = await rig.AskAsync(rig.Admin, "record list");
        Assert.Contains("https://pages.example.org/rec-1", list.Text, StringComparison.Ordinal);
        Assert.Null(list.Original!.ButtonWithLabel("Link 1"));
    }

    [Fact]
    public async Task Recording_waits_for_no_link()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.AskAsync(rig.Admin, "record settings"); // heard of once: nobody has to agree
        rig.Api.IsAway = true;
        await rig.RecordSpeechAsync();
        rig.Api.MakesLinks = true;
        rig.Api.IsAway = false;
        await rig.UntilAsync(() => OpenButton(rig).Contains("#k=link", StringComparison.Ordinal));
    }

    /// <summary>The API's own addresses ask for a key that people do not have.</summary>
    [Fact]
    public async Task Nobody_is_led_to_an_address_of_the_API_and_the_links_come_when_it_makes_some()
    {
        await using BotRig rig = await BotRig.StartAsync(storage: azurite.ConnectionString);
        rig.Api.MakesLinks = true;
        rig.Api.RefusedLinks = int.MaxValue;
        string session = (await rig.RecordSpeechAsync()).Session.RecordingId.ToString();
        await rig.UntilAsync(() => rig.Panel is not null);
        await rig.AskAsync(rig.Admin, "record stop");
        await rig.UntilAsync(() => rig.Told(rig.Admin, "\nI could get no link to it yet; `/record link` asks for one."));
        Assert.DoesNotContain("\"Open\"", OpenButton(rig), StringComparison.Ordinal);

        rig.Api.RefusedLinks = 0;
        rig.Api.Add(RecordingApiStandIn.Finished("rec-9", session, rig.Discord.Guild.Id, rig.Admin.Id));
        await rig.UntilAsync(() => rig.Told(rig.Admin, "#k=link"));
        await rig.UntilAsync(() => OpenButton(rig).Contains("#k=link", StringComparison.Ordinal));
        Assert.Contains("listen download delete", rig.Api.Links.Values);
        Assert.DoesNotContain(Versions(rig), text => text.Contains("/api/", StringComparison.Ordinal));
        Assert.False(rig.Told(rig.Admin, "no link"));
    }

    /// <summary>All that channel and starter were ever shown.</summary>
    private static IEnumerable<string> Versions(BotRig rig) => rig.Discord.TextChannel.Messages
        .Concat(rig.Discord.DirectChannel(rig.Admin.User).Messages).SelectMany(message => message.Versions)
        .Select(version => version.Text + version.Components);

    private static async Task<string> ReplaceAsync(BotRig rig) =>
        (await rig.AskAsync(rig.Admin, "record link", new() { ["end-others"] = true })).Text;

    /// <summary>What the panel's buttons lead to, as Discord was told.</summary>
    private static string OpenButton(BotRig rig) => rig.Panel?.Current.Components?.ToString() ?? "";
}
