using System.Globalization;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Panel;
using Pipeline.Contracts;
using Pipeline.Dave.Session;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;
using Pipeline.Discord.Voice.Call;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>What a voice call tells, as its recording and its people get it.</summary>
public sealed class CallEventTests
{
    [Fact]
    public async Task Everybody_in_a_crowded_channel_is_told_when_the_bot_is_moved_there()
    {
        await using BotRig rig = await BotRig.StartAsync();
        SimulatedMember[] crowd = [.. Enumerable.Range(0, 100).Select(i => rig.Discord.Guild.AddMember($"Listener {i}"))];
        SimulatedMember[] silent = [.. Enumerable.Range(0, 100).Select(i => rig.Discord.Guild.AddMember($"Silent {i}"))];
        rig.Settings.SetOptOuts(rig.Discord.Guild.Id, silent.Select(member => member.Id), optedOut: true);
        foreach (SimulatedMember member in crowd.Concat(silent)) rig.Discord.Guild.Join(member, rig.Discord.StageChannel);
        await rig.RecordAsync();
        rig.Discord.Guild.Move(rig.Discord.BotMember, rig.Discord.StageChannel);
        await rig.UntilAsync(() => rig.Current!.ChannelId == rig.Discord.StageChannel.Id);
        await rig.UntilAsync(() => crowd.All(member => IsTold(member, "this call is being recorded")));
        await rig.UntilAsync(() => silent.All(member => IsTold(member, "are not recorded")));

        bool IsTold(SimulatedMember member, string what) => rig.Discord.Guild.Channels.SelectMany(channel => channel.Messages)
            .Any(message => message.Text.Contains(Wording.User(member.Id), StringComparison.Ordinal)
                && message.Text.Contains(what, StringComparison.Ordinal) && !message.Text.Contains("Elapsed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Loss_that_is_noticed_late_begins_when_the_last_datagram_came()
    {
        LeapingTime time = new();
        await using BotRig rig = await BotRig.StartAsync(time: time);
        await rig.RecordAsync();
        // So little that the call itself takes none of it for a loss.
        time.Leap(TimeSpan.FromSeconds(10));
        await rig.UntilAsync(() => rig.Current!.Host.Snapshot.SampleCount >= 10 * 48_000);
        long heard = rig.Current!.Host.Snapshot.SampleCount;
        await InTurnAsync(rig, running =>
        {
            running.Events.On(new VoiceCallEvent.Reconnecting("silence") { SilentFor = TimeSpan.FromSeconds(6) });
            running.Events.OnBack();
        });
        await rig.UntilAsync(() => rig.Current!.Host.Snapshot.Gaps.Any(gap => gap.Reason == "reconnect"));
        RecordingGap gap = rig.Current!.Host.Snapshot.Gaps.Single(gap => gap.Reason == "reconnect");
        Assert.True(gap.SampleCount >= 6 * 48_000, $"{gap}");
        Assert.True(gap.StartSample >= heard - (6 * 48_000), $"{gap}, {heard}");
        string told = rig.Current!.Panel.Draw().Events.Last(one => one.Text.StartsWith("Back after", StringComparison.Ordinal)).Text;
        Assert.InRange(int.Parse(told.Split(' ')[2], CultureInfo.InvariantCulture), 6, gap.SampleCount / 48_000 + 1);
    }

    [Fact]
    public async Task Voice_of_which_Discord_does_not_tell_whose_it_is_is_told_and_named_when_it_is_known()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        await InTurnAsync(rig, running => running.Events.On(new VoiceCallEvent.SourceUnnamed(77)));
        await rig.UntilSaidAsync(VoiceTexts.Unnamed);
        await InTurnAsync(rig, running => running.Events.On(new VoiceCallEvent.SourceNamed(77, rig.Admin.Id)));
        Assert.Contains(rig.Current!.Panel.Draw().Events, one => one.Text == VoiceTexts.Named(rig.Admin.Id));
    }

    [Fact]
    public async Task Single_packets_of_sources_that_are_nobodys_are_said_once()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        VoiceHealth none = VoiceHealth.None with { Drops = new Dictionary<DropReason, long> { [DropReason.UnknownSsrc] = 5 } };
        VoiceHealth some = VoiceHealth.None with { Drops = new Dictionary<DropReason, long> { [DropReason.StraySource] = 1 } };
        await InTurnAsync(rig, running => running.Events.On(new VoiceCallEvent.UserHealth(none)));
        Assert.Equal(0, Told());
        for (int i = 0; i < 2; i++) await InTurnAsync(rig, running => running.Events.On(new VoiceCallEvent.UserHealth(some)));
        Assert.Equal(1, Told());

        int Told() => rig.Current!.Panel.Draw().Events.Count(one => one.Text == VoiceTexts.Stray);
    }

    [Fact]
    public async Task Verify_names_the_stretches_that_were_not_encrypted()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        await InTurnAsync(rig, running =>
        {
            running.Events.On(new VoiceCallEvent.Protection(DaveProtection.EndToEnd));
            running.Events.On(new VoiceCallEvent.Protection(DaveProtection.Unencrypted));
        });
        await rig.UntilAsync(() => !rig.Current!.Host.Snapshot.Unencrypted.IsEmpty);
        SimulatedInteraction answer = await rig.AskAsync(rig.Admin, "record verify", new() { ["user"] = rig.Admin });
        Assert.StartsWith(Texts.VerifyNotActive + "\nNot end-to-end encrypted in this recording: 00:00:0", answer.Text,
            StringComparison.Ordinal);
    }

    private static async Task InTurnAsync(BotRig rig, Action<RecordedCall> action) =>
        Assert.NotNull(await rig.Recorders.For(rig.Discord.Guild.Id).WithCurrentAsync(running =>
        {
            action(running);
            return running;
        }));
}
