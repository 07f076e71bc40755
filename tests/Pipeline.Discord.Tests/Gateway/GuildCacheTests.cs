using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.Discord.Tests.Gateway;

public sealed class GuildCacheTests
{
    [Fact]
    public async Task Voice_states_follow_joins_moves_and_leaves()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        SimulatedMember ada = rig.Discord.Guild.AddMember("Ada");
        rig.Discord.Guild.Join(ada, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => Channel(rig, ada) == rig.Discord.VoiceChannel.Id);
        rig.Discord.Guild.Move(ada, rig.Discord.StageChannel);
        await rig.UntilAsync(() => Channel(rig, ada) == rig.Discord.StageChannel.Id);
        rig.Discord.Guild.Leave(ada);
        await rig.UntilAsync(() => Channel(rig, ada) is null);
        Assert.Equal("Ada", rig.Client.Guilds.Find(rig.Discord.Guild.Id)!.NameOf(ada.Id));
    }

    [Fact]
    public async Task Who_left_while_the_bot_was_away_is_found_by_comparing()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync(prepare: discord =>
        {
            discord.Guild.Join(discord.Guild.AddMember("Ada"), discord.VoiceChannel);
            discord.Guild.Join(discord.Guild.AddMember("Ben"), discord.VoiceChannel);
        });
        Guild before = rig.Client.Guilds.Find(rig.Discord.Guild.Id)!;
        Assert.Equal(2, before.VoiceStates.Count);
        SimulatedMember ben = rig.Discord.Guild.Members.Single(member => member.DisplayName == "Ben");
        rig.Discord.Faults.Add(new InvalidateSession(Resumable: false));
        rig.Discord.Guild.Leave(ben);
        await rig.UntilAsync(() =>
            rig.Seen.OfType<GatewayEvent.VoiceStateChanged>()
            .Any(change => change.State.UserId == ben.Id && change.State.ChannelId is null && change.Origin == VoiceStateOrigin.Snapshot));
        Assert.Single(rig.Client.Guilds.Find(rig.Discord.Guild.Id)!.VoiceStates);
    }

    [Fact]
    public async Task Outage_keeps_the_last_picture_and_removal_forgets_it()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        rig.Discord.Guild.SetUnavailable(true);
        await rig.UntilAsync(() => rig.Client.Guilds.Find(rig.Discord.Guild.Id) is { Unavailable: true, Name: "Simulated guild" });
        rig.Discord.Guild.SetUnavailable(false);
        await rig.UntilAsync(() => rig.Client.Guilds.Find(rig.Discord.Guild.Id) is { Unavailable: false });
        rig.Discord.Guild.Remove(rig.Discord.BotMember);
        await rig.UntilAsync(() => rig.Client.Guilds.Find(rig.Discord.Guild.Id) is null);
        await rig.UntilAsync(() => rig.Seen.Any(one => one is GatewayEvent.GuildGone { Outage: false })); // told after the cache knows it
    }

    [Fact]
    public async Task Roles_and_channels_are_kept_up_to_date()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        SimulatedRole role = rig.Discord.Guild.AddRole("Recorders", DiscordSimulator.World.Permissions.None);
        SimulatedChannel channel = rig.Discord.Guild.AddVoiceChannel("Second");
        await rig.UntilAsync(() =>
            rig.Client.Guilds.Find(rig.Discord.Guild.Id)!.Roles.ContainsKey(role.Id)
            && rig.Client.Guilds.Find(rig.Discord.Guild.Id)!.Channels.ContainsKey(channel.Id));
        rig.Discord.Guild.Delete(channel);
        await rig.UntilAsync(() => rig.Seen.OfType<GatewayEvent.ChannelDeleted>().Any(gone => gone.ChannelId == channel.Id));
        Assert.False(rig.Client.Guilds.Find(rig.Discord.Guild.Id)!.Channels.ContainsKey(channel.Id));
    }

    [Fact]
    public async Task Joining_voice_brings_own_state_and_server_without_their_secret_in_any_text()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        await rig.Client.UpdateVoiceStateAsync(rig.Discord.Guild.Id, rig.Discord.VoiceChannel.Id, selfMute: false, selfDeaf: false,
            TestContext.Current.CancellationToken);
        await rig.UntilAsync(() =>
            rig.Count<GatewayEvent.VoiceServerChanged>() == 1
            && rig.Seen.OfType<GatewayEvent.VoiceStateChanged>().Any(change => change.State.UserId == rig.Client.SelfId));
        VoiceServerUpdate update = rig.Seen.OfType<GatewayEvent.VoiceServerChanged>().Single().Update;
        Assert.NotEmpty(update.Token);
        Assert.DoesNotContain(update.Token, update.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(rig.Log.Lines, line =>
            line.Text.Contains(update.Token, StringComparison.Ordinal)
            || line.Text.Contains(rig.Discord.Bot.Token, StringComparison.Ordinal));
    }

    private static ulong? Channel(GatewayRig rig, SimulatedMember member) =>
        rig.Client.Guilds.Find(rig.Discord.Guild.Id)!.VoiceStates.GetValueOrDefault(member.Id)?.ChannelId;
}
