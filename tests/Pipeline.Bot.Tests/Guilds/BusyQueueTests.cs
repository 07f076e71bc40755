using System.Globalization;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Panel;
using Pipeline.Contracts;
using Pipeline.Dave.Session;
using Pipeline.Discord.Media;
using Pipeline.Discord.Voice.Call;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>
/// A server's queue may wait for Discord for a minute: what is kept of whom does not wait behind it, and nothing is forgotten.
/// </summary>
public sealed class BusyQueueTests
{
    private static readonly SpeakerOptions NeverNamed = new() { AnnounceDelay = TimeSpan.FromSeconds(-1) };

    [Fact]
    public async Task What_the_voice_call_could_not_hand_over_is_taken_as_it_stands()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        RecordedCall call = rig.Current!;
        using (HeldQueue held = await HeldQueue.HoldAsync(rig, running =>
        {
            // Of what ended all this, the call knows, and the recording was not told.
            running.Events.On(new VoiceCallEvent.Protection(DaveProtection.EndToEnd));
            running.Events.On(new VoiceCallEvent.PrivacyCode("12345"));
            running.Events.On(new VoiceCallEvent.Reconnecting("the connection was lost"));
            running.Events.On(new VoiceCallEvent.Deafened(true));
        }))
        {
            string users = string.Join(',', Enumerable.Range(1, 4000).Select(user => $"\"{user}\""));
            Tell(rig, $$"""{"op":11,"d":{"user_ids":[{{users}}]},"seq":1000}""");
            await rig.UntilAsync(() => call.Call.Events.Count > 3000);
            for (int user = 1; call.Call.Missed == 0; user++)
            {
                Tell(rig, $$"""{"op":13,"d":{"user_id":"{{user}}"},"seq":{{1000 + user}}}""");
                if (user % 100 == 0) await Task.Delay(20, TestContext.Current.CancellationToken);
                Assert.InRange(user, 1, 3999);
            }
            Assert.Empty(call.Host.Snapshot.Unencrypted);
        }
        await rig.UntilSaidAsync(Texts.Downgraded);
        await rig.UntilSaidAsync(Texts.Undeafened);
        await rig.UntilAsync(() => call.Events.Listens && !call.Host.Snapshot.Unencrypted.IsEmpty);
        Assert.Null(call.Panel.Draw().PrivacyCode);
        await rig.UntilAsync(() => call.Host.Snapshot.Gaps.Any(gap => gap.Reason == "reconnect"));
        RecordingGap lost = call.Host.Snapshot.Gaps.Single(gap => gap.Reason == "reconnect");
        await rig.UntilAsync(() => call.Host.Snapshot.SampleCount > lost.StartSample + lost.SampleCount + 48_000);
        Assert.Equal(lost, call.Host.Snapshot.Gaps.Single(gap => gap.Reason == "reconnect")); // over
    }

    [Fact]
    public async Task Voice_without_a_name_that_may_be_of_somebody_who_said_no_is_not_kept_after_a_move_either()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        RecordedCall call = rig.Current!;
        SimulatedSpeaker cleo = rig.Discord.AddSpeaker("Cleo", rig.Discord.StageChannel, NeverNamed);
        rig.Discord.AddSpeaker("Dan", rig.Discord.StageChannel, NeverNamed); // the voice may be his too
        await rig.AskAsync(cleo.Member, "record me", new() { ["choice"] = "out" });
        Assert.False(call.Host.Recording.HasPeopleWhoRefuse);
        using HeldFiles kept = new(rig.Folder.Combine("spool"), UnnamedSource.IdOf(cleo.Ssrc));
        using HeldFiles named = new(rig.Folder.Combine("spool"), cleo.UserId);
        using HeldQueue held = await HeldQueue.HoldAsync(rig);
        rig.Discord.Guild.Move(rig.Discord.BotMember, rig.Discord.StageChannel);
        await rig.UntilAsync(() =>
            call.Call is { State: VoiceCallState.Connected } && call.Call.ChannelId == rig.Discord.StageChannel.Id);
        Assert.True(call.Host.Recording.HasPeopleWhoRefuse);
        Assert.NotEqual(rig.Discord.StageChannel.Id, call.ChannelId); // the queue has not got there
        await cleo.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(3)));
        await rig.UntilAsync(() => call.Host.Snapshot.Refused > 50);
        Assert.Empty(kept.Seen());
        Assert.Empty(named.Seen());
    }

    [Fact]
    public async Task Who_comes_into_the_channel_of_a_move_is_known_before_the_move_is_heeded()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        RecordedCall call = rig.Current!;
        SimulatedMember cleo = rig.Discord.Guild.AddMember("Cleo");
        await rig.AskAsync(cleo, "record me", new() { ["choice"] = "out" });
        using HeldQueue held = await HeldQueue.HoldAsync(rig);
        rig.Discord.Guild.Move(rig.Discord.BotMember, rig.Discord.StageChannel);
        await rig.UntilAsync(() => call.Call.ChannelId == rig.Discord.StageChannel.Id);
        Assert.False(call.Host.Recording.HasPeopleWhoRefuse);
        rig.Discord.Guild.Join(cleo, rig.Discord.StageChannel);
        await rig.UntilAsync(() => call.Host.Recording.HasPeopleWhoRefuse);
    }

    [Fact]
    public async Task Last_of_five_hundred_and_twenty_who_come_while_the_queue_is_held_is_not_recorded()
    {
        await using BotRig rig = await BotRig.StartAsync();
        await rig.RecordAsync();
        RecordedCall call = rig.Current!;
        SimulatedMember zoe = rig.Discord.Guild.AddMember("Zoe");
        await rig.AskAsync(zoe, "record me", new() { ["choice"] = "out" });
        SimulatedMember[] crowd = [.. Enumerable.Range(0, 519).Select(i => rig.Discord.Guild.AddMember(
            string.Create(CultureInfo.InvariantCulture, $"Listener {i}")))];
        using HeldFiles files = new(rig.Folder.Combine("spool"), zoe.Id);
        using HeldQueue held = await HeldQueue.HoldAsync(rig);
        foreach (SimulatedMember member in crowd) rig.Discord.Guild.Join(member, rig.Discord.VoiceChannel);
        SimulatedSpeaker speaker = rig.Discord.AddSpeaker(zoe, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => call.Host.Recording.HasPeopleWhoRefuse);
        await speaker.SayAsync(OpusClip.Generate(7, TimeSpan.FromSeconds(1)));
        await rig.UntilAsync(() => call.Host.Snapshot.Refused >= 50);
        Assert.Empty(files.Seen());
        Assert.Contains(call.Host.Snapshot.Tracks, track => track is { Username: "Zoe", OptedOut: true });
    }

    private static void Tell(BotRig rig, string message) =>
        rig.Discord.Faults.Add(new SendVoiceMessage(message) { UserId = rig.Discord.BotMember.Id });

    /// <summary>A server's queue that does nothing until this is disposed.</summary>
    private sealed class HeldQueue : IDisposable
    {
        private readonly ManualResetEventSlim gate = new();

        public static async Task<HeldQueue> HoldAsync(BotRig rig, Action<RecordedCall>? before = null)
        {
            HeldQueue held = new();
            TaskCompletionSource holds = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = rig.Recorders.For(rig.Discord.Guild.Id).WithCurrentAsync(running =>
            {
                before?.Invoke(running);
                holds.SetResult();
                held.gate.Wait();
                return running;
            });
            await holds.Task;
            return held;
        }

        public void Dispose() => gate.Set();
    }
}
