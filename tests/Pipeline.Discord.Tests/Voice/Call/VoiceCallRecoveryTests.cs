using System.Diagnostics;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.Discord.Tests.Voice.Call;

/// <summary>What breaks and how the call comes back, against the simulated Discord.</summary>
public sealed class VoiceCallRecoveryTests
{
    [Fact]
    public async Task Answers_of_the_gateway_may_come_in_either_order()
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync();
        rig.Discord.Faults.Add(new VoiceServerFirst { Times = 1 });
        Assert.Equal(VoiceCallState.Connected, await rig.JoinAsync());
    }

    [Fact]
    public async Task Join_without_an_answer_is_tried_again_after_leaving()
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync(options: Hasty);
        rig.Discord.Faults.Add(new NoVoiceAnswer { Times = 1 });
        Assert.Equal(VoiceCallState.Connected, await rig.JoinAsync());
    }

    [Fact]
    public async Task Join_without_an_answer_twice_is_told()
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync(options: Hasty);
        rig.Discord.Faults.Add(new NoVoiceAnswer());
        Assert.Equal(VoiceCallState.Disconnected, await rig.JoinAsync());
        Assert.Equal(VoiceEndReason.NoAnswer, rig.Call.EndReason);
        rig.Discord.Faults.Clear();
        Assert.Equal(VoiceCallState.Connected, await rig.JoinAsync());
        Assert.Null(rig.Call.EndReason);
    }

    [Fact]
    public async Task Ghost_of_an_earlier_life_in_the_channel_does_not_keep_us_out()
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync(options: Hasty);
        await rig.Gateway.UpdateVoiceStateAsync(rig.Discord.Guild.Id, rig.Discord.VoiceChannel.Id, false, false,
            TestContext.Current.CancellationToken);
        await rig.UntilAsync(() => rig.Discord.Guild.VoiceStateOf(rig.BotId) is not null, "ghost");
        Assert.Equal(VoiceCallState.Connected, await rig.JoinAsync());
    }

    /// <summary>
    /// "Not speaking" falls due 0.3 s after the call is live; before the resume it would be answered with 4003, and the call joined again.
    /// </summary>
    [Fact]
    public async Task Nothing_is_said_on_a_new_socket_before_the_resume_and_what_was_due_comes_after_it()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        rig.Discord.Faults.Add(new DelayVoiceHello(TimeSpan.FromSeconds(1)));
        rig.Discord.Faults.Add(new CloseVoice(1000));
        await rig.UntilAsync(() => rig.Discord.VoiceClient(rig.BotId)?.Resumes >= 1, "resumed");
        await rig.UntilAsync(() => rig.Discord.Log.Containing("\"speaking\":0").Count == 1, "not speaking");
        string[] voice = [.. rig.Discord.Log.Lines.Where(line => line.Contains(" voice ", StringComparison.Ordinal))];
        Assert.True(Array.FindIndex(voice, line => line.Contains("{\"op\":7,", StringComparison.Ordinal)) < Array.FindIndex(voice, line =>
            line.Contains("\"speaking\":0", StringComparison.Ordinal)));
        Assert.DoesNotContain(rig.Events, what => what is VoiceCallEvent.Reconnecting);
        Assert.Empty(rig.Discord.Log.Containing("close 4003"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(4015)]
    public async Task Lost_socket_is_resumed_while_audio_goes_on(int? code)
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        Task talk = ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(2)));
        await rig.UntilAsync(() => rig.Received.Count > 10, "audio");
        rig.Discord.Faults.Add(code is { } value ? new CloseVoice(value) : new AbortVoice());
        SimulatedSpeaker bo = rig.Discord.AddSpeaker("Bo");
        await bo.SayAsync(OpusClip.Generate(2, TimeSpan.FromMilliseconds(500)));
        await talk;
        await rig.AssertAllReceivedAsync(ada.UserId, 105);
        await rig.AssertAllReceivedAsync(bo.UserId, 30);
        Assert.True(rig.Discord.VoiceClient(rig.BotId)?.Resumes >= 1);
        Assert.DoesNotContain(rig.Events, what => what is VoiceCallEvent.Reconnecting);
    }

    [Fact]
    public async Task Dead_heartbeats_lead_to_a_resume()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync(
            new SimulatorOptions { Seed = 7, EnforceIdentifyPace = false, VoiceHeartbeatInterval = TimeSpan.FromMilliseconds(200) });
        rig.Discord.Faults.Add(new IgnoreVoiceHeartbeats { Times = 3 });
        await rig.UntilAsync(() => rig.Discord.VoiceClient(rig.BotId) is { Resumes: >= 1 }, "resumed");
        await rig.UntilAsync(() => rig.Call.State == VoiceCallState.Connected, "connected");
    }

    [Fact]
    public async Task Heartbeats_acknowledge_every_numbered_message()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync(
            new SimulatorOptions
            {
                Seed = 7,
                EnforceIdentifyPace = false,
                VoiceHeartbeatInterval = TimeSpan.FromMilliseconds(200),
                FirstVoiceSequence = 65530
            });
        for (int i = 0; i < 12; i++) rig.Discord.AddSpeaker("Speaker" + i);
        await rig.UntilAsync(() =>
            rig.Discord.VoiceClient(rig.BotId) is { LastAcknowledged: >= 0 and < 65530 }, "acknowledged past the wrap");
        rig.Discord.Faults.Add(new AbortVoice());
        await rig.UntilAsync(() => rig.Discord.VoiceClient(rig.BotId) is { Resumes: 1 }, "resumed past the wrap");
    }

    [Theory]
    [InlineData(4006)]
    [InlineData(4009)]
    [InlineData(4004)]
    [InlineData(4011)]
    [InlineData(4002)]
    [InlineData(4020)]
    [InlineData(4999)]
    public async Task Session_that_is_gone_is_joined_anew(int code)
    {
        Stopwatch whole = Stopwatch.StartNew();
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromMilliseconds(300)));
        rig.Discord.Faults.Add(new CloseVoice(code));
        VoiceCallEvent.Reconnecting lost = await rig.WaitForAsync<VoiceCallEvent.Reconnecting>();
        Assert.Contains(code == 4999 ? "4006" : code.ToString(), lost.Reason); // An unknown code is resumed, which the server refuses.
        VoiceCallEvent.Reconnected back = await rig.WaitForAsync<VoiceCallEvent.Reconnected>();
        Assert.InRange(back.Gap, TimeSpan.FromMilliseconds(1), whole.Elapsed);
        await ada.SayAsync(OpusClip.Generate(2, TimeSpan.FromMilliseconds(300)));
        await rig.AssertAllReceivedAsync(ada.UserId, 35);
    }

    [Fact]
    public async Task Resume_that_is_refused_becomes_a_new_join()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        rig.Discord.Faults.Add(new RefuseVoiceResume { Times = 1 });
        rig.Discord.Faults.Add(new AbortVoice());
        await rig.WaitForAsync<VoiceCallEvent.Reconnected>();
    }

    [Theory]
    [InlineData(4017, VoiceEndReason.EncryptionRequired)]
    [InlineData(4021, VoiceEndReason.RateLimited)]
    public async Task What_must_not_be_repeated_is_not(int code, VoiceEndReason reason)
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        rig.Discord.Faults.Add(new CloseVoice(code));
        Assert.Equal(reason, (await rig.WaitForAsync<VoiceCallEvent.Disconnected>()).Reason);
        await rig.UntilAsync(() => rig.Discord.Guild.VoiceStateOf(rig.BotId)?.Channel is null, "left the channel");
    }

    [Theory]
    [InlineData(4004, VoiceEndReason.Refused)]
    [InlineData(4011, VoiceEndReason.Refused)]
    [InlineData(4006, VoiceEndReason.Refused)]
    [InlineData(4002, VoiceEndReason.ProtocolError)]
    [InlineData(4017, VoiceEndReason.EncryptionRequired)]
    public async Task Join_that_is_refused_again_and_again_is_told(int code, VoiceEndReason reason)
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync();
        rig.Discord.Faults.Add(new RefuseVoiceIdentify(code));
        Assert.Equal(VoiceCallState.Disconnected, await rig.JoinAsync());
        Assert.Equal(reason, rig.Call.EndReason);
    }

    [Fact]
    public async Task Lost_call_that_is_refused_for_a_while_comes_back()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        rig.Discord.Faults.Add(new RefuseVoiceIdentify(4006) { Times = 5 });
        rig.Discord.Faults.Add(new CloseVoice(4006));
        await rig.WaitForAsync<VoiceCallEvent.Reconnected>();
        Assert.True(rig.Events.OfType<VoiceCallEvent.Reconnecting>().Count() > 1);
    }

    [Fact]
    public async Task Move_to_another_channel_is_followed()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedChannel other = rig.Discord.Guild.AddVoiceChannel("Other");
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada", other);
        rig.Discord.Guild.Move(rig.Discord.BotMember, other);
        Assert.Equal(other.Id, (await rig.WaitForAsync<VoiceCallEvent.Moved>()).ChannelId);
        Assert.Equal(other.Id, (await rig.WaitForAsync<VoiceCallEvent.Reconnected>()).ChannelId);
        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromMilliseconds(500)));
        await rig.AssertAllReceivedAsync(ada.UserId, 30);
        Assert.Equal(other.Id, rig.Call.ChannelId);
    }

    [Fact]
    public async Task Move_whose_server_is_told_first_is_followed_too()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedChannel other = rig.Discord.Guild.AddVoiceChannel("Other");
        rig.Discord.Faults.Add(new VoiceServerFirst { Times = 1 });
        rig.Discord.Guild.Move(rig.Discord.BotMember, other);
        await rig.UntilAsync(() =>
            rig.Call.State == VoiceCallState.Connected
            && rig.Discord.VoiceClient(rig.BotId)?.ChannelId == other.Id, "in the other channel");
    }

    [Fact]
    public async Task Move_ends_the_call_where_following_is_off()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync(options: VoiceCallRig.QuickOptions with { FollowMoves = false });
        rig.Discord.Guild.Move(rig.Discord.BotMember, rig.Discord.Guild.AddVoiceChannel("Other"));
        Assert.Equal(VoiceEndReason.Moved, (await rig.WaitForAsync<VoiceCallEvent.Disconnected>()).Reason);
    }

    [Fact]
    public async Task Kick_ends_the_call_and_is_told()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        rig.Discord.Guild.Kick(rig.Discord.BotMember);
        Assert.Equal(VoiceEndReason.Kicked, (await rig.WaitForAsync<VoiceCallEvent.Disconnected>()).Reason);
        Assert.DoesNotContain(rig.Events, what => what is VoiceCallEvent.Reconnected);
    }

    [Fact]
    public async Task Deleted_channel_ends_the_call_and_is_told()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        rig.Discord.Guild.Delete(rig.Discord.VoiceChannel);
        Assert.Equal(VoiceEndReason.Kicked, (await rig.WaitForAsync<VoiceCallEvent.Disconnected>()).Reason);
    }

    [Fact]
    public async Task Close_4014_without_any_word_from_the_gateway_is_joined_anew()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        rig.Discord.Faults.Add(new CloseVoice(4014));
        await rig.WaitForAsync<VoiceCallEvent.Reconnected>();
    }

    [Fact]
    public async Task Close_4022_without_a_new_server_is_the_end()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        rig.Discord.Faults.Add(new CloseVoice(4022));
        Assert.Equal(VoiceEndReason.CallTerminated, (await rig.WaitForAsync<VoiceCallEvent.Disconnected>()).Reason);
    }

    [Theory]
    [InlineData(0, 4014, false)]
    [InlineData(0, 4022, false)]
    [InlineData(0, null, true)]
    [InlineData(2000, 4014, false)]
    [InlineData(2000, null, false)]
    public async Task New_server_in_mid_speech_costs_a_gap_and_no_more(int withoutMilliseconds, int? closeCode, bool sameEndpoint)
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        Task talk = ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(1) + TimeSpan.FromMilliseconds(withoutMilliseconds)));
        await rig.UntilAsync(() => rig.Received.Count > 10, "audio");
        rig.Discord.Faults.Add(
            new VoiceServerMoves
            {
                Without = TimeSpan.FromMilliseconds(withoutMilliseconds),
                CloseCode = closeCode,
                SameEndpoint = sameEndpoint
            });
        VoiceCallEvent.Reconnected back = await rig.WaitForAsync<VoiceCallEvent.Reconnected>();
        Assert.True(back.Gap >= TimeSpan.FromMilliseconds(withoutMilliseconds * 0.9));
        await talk;
        await ada.SayAsync(OpusClip.Generate(2, TimeSpan.FromMilliseconds(500)));
        await rig.UntilAsync(() =>
            Holds(rig.Received.Where(frame => frame.UserId == ada.UserId).Select(frame => frame.Opus),
            OpusClip.Generate(2, TimeSpan.FromMilliseconds(500))), "all that was said afterwards");
        Assert.Single(rig.Events.OfType<VoiceCallEvent.Connected>());
    }

    [Fact]
    public async Task Join_that_first_gets_no_server_waits_for_it()
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync();
        rig.Discord.Faults.Add(new NullEndpoint(TimeSpan.FromSeconds(1)) { Times = 1 });
        Assert.Equal(VoiceCallState.Connected, await rig.JoinAsync());
    }

    [Fact]
    public async Task Main_gateway_that_identifies_anew_is_followed_by_a_new_join()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        rig.Discord.Faults.Add(new InvalidateSession(Resumable: false));
        await rig.WaitForAsync<VoiceCallEvent.Reconnected>();
        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromMilliseconds(500)));
        await rig.AssertAllReceivedAsync(ada.UserId, 30);
        Assert.DoesNotContain(rig.Events, what => what is VoiceCallEvent.Disconnected);
    }

    [Fact]
    public async Task Main_gateway_that_resumes_disturbs_nothing()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        Task talk = ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(1)));
        rig.Discord.Faults.Add(new AbortGateway());
        await talk;
        await rig.AssertAllReceivedAsync(ada.UserId, 55);
        await rig.UntilAsync(() => rig.Gateway.IsReady, "gateway is back");
        Assert.DoesNotContain(rig.Events, what => what is VoiceCallEvent.Reconnecting);
    }

    [Fact]
    public async Task Cancelled_join_leaves_again()
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync();
        rig.Discord.Faults.Add(new NoVoiceServer());
        using CancellationTokenSource soon = new(TimeSpan.FromMilliseconds(500));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            rig.Call.JoinAsync(rig.Discord.Guild.Id, rig.Discord.VoiceChannel.Id, rig.Gateway.SelfId, rig.Ring, soon.Token));
        await rig.UntilAsync(() => rig.Discord.Guild.VoiceStateOf(rig.BotId)?.Channel is null, "left");
        Assert.Equal(VoiceCallState.Disconnected, rig.Call.State);
    }

    private static bool Holds(IEnumerable<byte[]> received, OpusClip clip)
    {
        HashSet<string> frames = [.. received.Select(Convert.ToHexString)];
        return clip.Frames.All(frame => frames.Contains(Convert.ToHexString(frame.Payload.Span)));
    }

    private static VoiceCallOptions Hasty => VoiceCallRig.QuickOptions with { JoinTimeout = TimeSpan.FromSeconds(1) };
}
