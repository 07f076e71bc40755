using Pipeline.Bot.Panel;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;
using Permissions = Pipeline.DiscordSimulator.World.Permissions;

namespace Pipeline.Bot.Tests.Commands;

/// <summary>What people press or send off when something has changed since it was shown to them, and what they read then.</summary>
public sealed class LateAnswerTests
{
    [Fact]
    public async Task Form_of_a_note_that_comes_back_when_the_right_to_it_is_lost_takes_no_note()
    {
        SimulatedChannel? closed = null;
        await using BotRig rig = await BotRig.StartAsync(discord =>
        {
            closed = discord.Guild.AddVoiceChannel("Board");
            closed.Deny(discord.Guild.Everyone, Permissions.Connect);
            closed.Allow(discord.BotMember, Permissions.Connect);
        });
        SimulatedMember ben = rig.Discord.Guild.AddMember("Ben");
        rig.Discord.Guild.Join(ben, rig.Discord.VoiceChannel);
        await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel?.ButtonWithLabel("Note") is not null);
        SimulatedInteraction form = await rig.PressAsync(ben, rig.Panel!, "Note");

        // He was in the call, which alone let him note.
        rig.Discord.Guild.Leave(ben);
        await rig.UntilAsync(() => rig.Gateway.Guilds.Find(rig.Discord.Guild.Id)!.VoiceStates.GetValueOrDefault(ben.Id) is null);
        Assert.Equal("You need the *Manage Server* permission to record. An admin can allow a role with `/record settings`.",
            await SendAsync());

        rig.Discord.Guild.Move(rig.Discord.BotMember, closed!);
        await rig.UntilSaidAsync(Texts.Moved(closed!.Id));
        Assert.Equal("A recording is running in a channel that you may not enter, so it is not for you to see or change. *Don't record "
            + "me* and `/record me` still work.", await SendAsync());

        Assert.Empty(rig.Current!.Host.Snapshot.Notes);
        await rig.AskAsync(rig.Discord.Guild.Owner, "record stop");
        await rig.UntilAsync(() => rig.Current is null);
        Assert.Equal("This recording is over.", await SendAsync());

        // One that runs by then is another: what was written is of the one before.
        rig.Discord.Guild.Join(ben, rig.Discord.VoiceChannel);
        await rig.RecordAsync();
        Assert.Equal("This recording is over.", await SendAsync());
        Assert.Empty(rig.Current!.Host.Snapshot.Notes);

        async Task<string> SendAsync()
        {
            SimulatedInteraction sent = await rig.Discord.Interactions.SubmitModalAsync(ben, form,
                new Dictionary<string, string> { ["text"] = "mine" });
            await rig.UntilAsync(() => sent.HasAnswer);
            return sent.Text;
        }
    }

    [Fact]
    public async Task Check_again_of_a_channel_that_the_presser_may_not_enter_starts_nothing()
    {
        SimulatedChannel? hidden = null;
        await using BotRig rig = await BotRig.StartAsync(discord =>
        {
            hidden = discord.Guild.AddVoiceChannel("Vault");
            hidden.Deny(discord.Guild.Everyone, Permissions.ViewChannel);
        });
        SimulatedInteraction refused = await rig.AskAsync(rig.Discord.Guild.Owner, "record start", new() { ["channel"] = hidden! });
        Assert.Equal($"I am missing: *View Channel* in <#{hidden!.Id}>. Switch them on for my role, then press *Check again*.\n"
            + "[Check again]", refused.Text);

        // She may record; Discord does not look at what a button says of a channel.
        SimulatedInteraction pressed = await rig.PressAsync(rig.Admin, refused.Original!, "Check again");

        Assert.Equal($"You may not enter <#{hidden.Id}>, so you cannot record it. It takes *View Channel* and *Connect* there; ask an "
            + "admin of this server.", pressed.Text);
        Assert.Null(pressed.Original!.ButtonWithLabel("Check again"));
        Assert.Null(rig.Current);
        SimulatedInteraction again = await rig.PressAsync(rig.Discord.Guild.Owner, refused.Original!, "Check again");
        Assert.Equal(refused.Text, again.Text);
    }

    [Fact]
    public async Task Jump_to_panel_leads_to_the_panels_message()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedInteraction started = await rig.RecordAsync();
        await rig.UntilAsync(() => rig.Panel is not null);
        SimulatedInteraction busy = await rig.AskAsync(rig.Admin, "record start");
        string panel = $"https://discord.com/channels/{rig.Discord.Guild.Id}/{rig.Panel!.Channel.Id}/{rig.Panel.Id}";
        foreach (SimulatedInteraction answer in new[] { started, busy })
        {
            Assert.Contains($$"""{"type":2,"style":5,"label":"Jump to panel","url":"{{panel}}"}""",
                answer.Original!.Current.Components!.ToJsonString(), StringComparison.Ordinal);
        }
        Assert.NotNull(busy.Original!.ButtonWithLabel("Stop"));
        Assert.Null(started.Original!.ButtonWithLabel("Stop"));
    }
}
