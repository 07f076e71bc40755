using Pipeline.Bot.Panel;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;
using Permissions = Pipeline.DiscordSimulator.World.Permissions;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>Where the panel goes, and a start that does not get to its end.</summary>
public sealed class StartSituationTests
{
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
}
