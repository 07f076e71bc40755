using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;
using Pipeline.Discord.Tests.Rtp;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.Tests;

namespace Pipeline.Discord.Tests.Voice.Call;

/// <summary>Joining, hearing and staying, against the simulated Discord.</summary>
public sealed class VoiceCallTests
{
    private static readonly SimulatorOptions Default = new() { Seed = 7, EnforceIdentifyPace = false };

    [Fact]
    public async Task Joins_hears_everybody_and_leaves()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        SimulatedSpeaker bo = rig.Discord.AddSpeaker("Bo");
        await Task.WhenAll(ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(1))),
            bo.SayAsync(OpusClip.Generate(2, TimeSpan.FromSeconds(1), frameMilliseconds: 60)));
        await rig.AssertAllReceivedAsync(ada.UserId, 55);
        await rig.AssertAllReceivedAsync(bo.UserId, 20);
        await rig.WaitForAsync<VoiceCallEvent.UserJoined>(joined => joined.UserId == bo.UserId);
        await rig.WaitForAsync<VoiceCallEvent.UserHealth>(health =>
            health.Health.Users.Any(user => user.UserId == ada.UserId && user is { Frames: >= 55, Silence: >= 5, Refused: 0 }));

        await rig.Call.LeaveAsync(TestContext.Current.CancellationToken);
        Assert.Equal((VoiceCallState.Disconnected, VoiceEndReason.Requested), (rig.Call.State, rig.Call.EndReason));
        await rig.UntilAsync(() => rig.Discord.Guild.VoiceStateOf(rig.BotId)?.Channel is null, "bot left");
        Assert.Equal([typeof(VoiceCallEvent.Connected)],
            rig.Events.Where(what => what is VoiceCallEvent.Connected or VoiceCallEvent.Reconnecting or VoiceCallEvent.Reconnected)
            .Select(what => what.GetType()));
    }

    [Fact]
    public async Task Server_is_asked_once_which_software_it_runs()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        await rig.UntilAsync(() => Versions(rig) > 0, "versions");
        rig.Discord.Faults.Add(new AbortVoice());
        await rig.UntilAsync(() => rig.Log.Lines.Any(line => line.Text.Contains("Resuming -> Live")), "resumed");
        Assert.Equal(1, Versions(rig));

        static int Versions(VoiceCallRig rig) =>
            rig.Log.Lines.Count(line => line.Text.EndsWith("server versions voice 0.0.0-simulated, worker 0.0.0-simulated"));
    }

    [Fact]
    public async Task Speaker_who_already_talks_when_we_join_is_heard_from_the_first_packet()
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        Task talk = ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(4)));
        await rig.UntilAsync(() => ada.IsTalking, "talking");
        Assert.Equal(VoiceCallState.Connected, await rig.JoinAsync());
        await talk;
        await rig.AssertAllReceivedAsync(ada.UserId, 10);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(1500)]
    public async Task Audio_that_comes_before_its_speaker_is_named_is_attributed(int milliseconds)
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada",
            options: new SpeakerOptions { AnnounceDelay = TimeSpan.FromMilliseconds(milliseconds) });
        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(2)));
        await rig.AssertAllReceivedAsync(ada.UserId, 105);
        Assert.True(rig.Call.Health.Users.Single(user => user.UserId == ada.UserId).Held > 5);
    }

    [Fact]
    public async Task Source_that_is_never_named_is_the_one_persons_who_is_left_over()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker nobody = rig.Discord.AddSpeaker("Nobody", options: new SpeakerOptions { AnnounceDelay = TimeSpan.FromTicks(-1) });
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        await Task.WhenAll(nobody.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(3))),
            ada.SayAsync(OpusClip.Generate(2, TimeSpan.FromSeconds(3))));
        await rig.AssertAllReceivedAsync(ada.UserId, 155);
        await rig.AssertAllReceivedAsync(nobody.UserId, 155);
        Assert.False(rig.Call.Health.Drops.ContainsKey(DropReason.UnknownSsrc));
    }

    [Fact]
    public async Task Source_that_is_never_named_where_it_may_be_anybodys_is_kept_without_a_name()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker nobody = rig.Discord.AddSpeaker("Nobody", options: new SpeakerOptions { AnnounceDelay = TimeSpan.FromTicks(-1) });
        rig.Discord.AddSpeaker("Listener");
        await nobody.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(3)));
        VoiceCallEvent.SourceUnnamed told = await rig.WaitForAsync<VoiceCallEvent.SourceUnnamed>();
        Assert.Equal(nobody.Ssrc, told.Ssrc);
        await rig.UntilAsync(() =>
            rig.Received.Count(frame => frame.UserId == UnnamedSource.IdOf(nobody.Ssrc)) >= 155, "all of it, under the source's number");
        rig.Discord.Faults.Add(new SendVoiceMessage($$$"""{"op":5,"seq":77,"d":{"user_id":"{{{nobody.UserId}}}","ssrc":{{{nobody.Ssrc}}},"speaking":1}}""") { UserId = rig.BotId });
        await rig.WaitForAsync<VoiceCallEvent.SourceNamed>(named => named == new VoiceCallEvent.SourceNamed(nobody.Ssrc, nobody.UserId));
    }

    [Fact]
    public async Task New_source_of_a_user_in_mid_talk_stays_the_users()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        Task talk = ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(2)));
        await rig.UntilAsync(() => rig.Received.Count >= 20, "some audio");
        ada.ChangeSsrc();
        await talk;
        await rig.AssertAllReceivedAsync(ada.UserId, 100);
        Assert.Equal(2, rig.Received.Where(frame => frame.UserId == ada.UserId).Select(frame => frame.Ssrc).Distinct().Count());
    }

    [Fact]
    public async Task Speaker_who_leaves_and_comes_back_is_heard_each_time()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        for (int i = 0; i < 4; i++)
        {
            await ada.SayAsync(OpusClip.Generate(i, TimeSpan.FromMilliseconds(200)));
            ada.Leave();
            ada.Join(rig.Discord.VoiceChannel);
        }
        await rig.AssertAllReceivedAsync(ada.UserId, 60);
        await rig.UntilAsync(() =>
            rig.Events.OfType<VoiceCallEvent.UserLeft>().Count(left => left.UserId == ada.UserId) == 4, "left four times");
    }

    [Fact]
    public async Task Everything_a_server_may_put_around_audio_comes_off()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        rig.Discord.Conditions = new MediaConditions
        {
            CsrcCount = 3,
            VaryExtension = true,
            PaddingOneIn = 3,
            ZeroPacketOneIn = 7,
            PaddingOnlyOneIn = 9,
            VideoOneIn = 5,
            RtcpOneIn = 6,
            ForgedOneIn = 8,
        };
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada",
            options: new SpeakerOptions { FirstSequence = 65500, FirstTimestamp = uint.MaxValue - 20_000 });
        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(2)));
        await rig.AssertAllReceivedAsync(ada.UserId, 105);
        await rig.UntilAsync(() =>
            new[] { DropReason.ZeroPacket, DropReason.PaddingOnly, DropReason.OtherPayload, DropReason.Rtcp,
            DropReason.NotAuthentic }.All(rig.Call.Health.Drops.ContainsKey), "all reasons counted");
    }

    [Fact]
    public async Task Server_with_xchacha20_only_is_heard()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync(
            new SimulatorOptions { Seed = 7, EnforceIdentifyPace = false, VoiceModes = [TransportKey.XChaCha20Mode] });
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(1)));
        await rig.AssertAllReceivedAsync(ada.UserId, 55);
        Assert.Equal(TransportKey.XChaCha20Mode, rig.Discord.VoiceClient(rig.BotId)?.Mode);
    }

    [Fact]
    public async Task Server_with_unknown_modes_only_is_a_clear_end()
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync(
            new SimulatorOptions { Seed = 7, EnforceIdentifyPace = false, VoiceModes = ["xsalsa20_poly1305"] });
        Assert.Equal(VoiceCallState.Disconnected, await rig.JoinAsync());
        Assert.Equal(VoiceEndReason.NoCommonMode, rig.Call.EndReason);
        Assert.Contains("xsalsa20_poly1305", (await rig.WaitForAsync<VoiceCallEvent.Disconnected>()).Detail);
    }

    /// <summary>The simulator's time passes here alone: a machine that stands still lets no mapping die.</summary>
    [Fact]
    public async Task Address_behind_a_translator_is_the_discovered_one_and_keepalives_hold_it()
    {
        FakeTimeProvider time = new();
        VoiceCallOptions options = VoiceCallRig.QuickOptions
            with
        { Session = VoiceCallRig.QuickOptions.Session with { KeepaliveInterval = TimeSpan.FromMilliseconds(100) } };
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync(
            new SimulatorOptions
            {
                Time = time,
                Seed = 7,
                EnforceIdentifyPace = false,
                SimulateNat = true,
                NatMappingLifetime = TimeSpan.FromSeconds(1.5)
            }, options);
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        for (int second = 0; second < 5; second++) // the last of them long after what the call sends at its start
        {
            time.Advance(TimeSpan.FromSeconds(1));
            long before = rig.Discord.VoiceClient(rig.BotId)!.Keepalives;
            await rig.UntilAsync(() => rig.Discord.VoiceClient(rig.BotId)?.Keepalives > before, "a keepalive");
        }
        await time.RunAsync(rig.Discord, ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(1))));
        await rig.AssertAllReceivedAsync(ada.UserId, 55);
        Assert.Equal(0, rig.Discord.Deliveries.Count(DeliveryOutcome.Unreachable, rig.BotId, ada.UserId));
    }

    [Fact]
    public async Task Server_that_routes_only_to_those_who_have_spoken_is_satisfied()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync(
            new SimulatorOptions { Seed = 7, EnforceIdentifyPace = false, ReceiveUnlock = ReceiveUnlock.SpeakingAndPacket });
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        await rig.UntilAsync(() => rig.Discord.VoiceClient(rig.BotId) is { HasSpoken: true, HasSent: true, Rejected: 0 }, "unlocked");
        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(1)));
        await rig.AssertAllReceivedAsync(ada.UserId, 55);
    }

    [Fact]
    public async Task Lost_discovery_is_asked_again_and_a_blocked_one_is_named()
    {
        VoiceCallOptions options = VoiceCallRig.QuickOptions
            with
        { Session = VoiceCallRig.QuickOptions.Session with { DiscoveryInterval = TimeSpan.FromMilliseconds(100) } };
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync(Default, options);
        using (rig.Discord.Faults.Add(new IgnoreDiscovery { Times = 2 })) Assert.Equal(VoiceCallState.Connected, await rig.JoinAsync());
        await rig.Call.LeaveAsync(TestContext.Current.CancellationToken);
        rig.Discord.Faults.Add(new IgnoreDiscovery());
        Assert.Equal(VoiceCallState.Disconnected, await rig.JoinAsync());
        Assert.Equal(VoiceEndReason.MediaUnreachable, rig.Call.EndReason);
    }

    [Fact]
    public async Task New_transport_key_in_mid_call_costs_nothing()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromMilliseconds(400)));
        rig.Discord.Faults.Add(new RenewTransportKey());
        await rig.UntilAsync(() => rig.Log.Lines.Count(line => line.EventId == 1102) == 2, "second description");
        await ada.SayAsync(OpusClip.Generate(2, TimeSpan.FromMilliseconds(400)));
        await rig.AssertAllReceivedAsync(ada.UserId, 50);
        await rig.UntilAsync(() => rig.Discord.VoiceClient(rig.BotId) is { Rejected: 0 }, "our packets open");
    }

    [Fact]
    public async Task Transport_key_that_is_told_again_lets_no_packet_in_a_second_time()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync(
            new SimulatorOptions { Seed = 7, EnforceIdentifyPace = false, Dave = DaveMode.Off });
        string mode = rig.Discord.VoiceClient(rig.BotId)!.Mode!;
        RtpPacketBuilder packet = new()
        {
            Payload = [0x78, 1],
            SequenceNumber = 1,
            UseXChaCha20 = mode.Contains("xchacha", StringComparison.Ordinal),
        };
        string key = string.Join(',', packet.TransportKey);
        string description = $$$"""{"op":4,"seq":70,"d":{"mode":"{{{mode}}}","secret_key":[{{{key}}}],"dave_protocol_version":0}}""";
        byte[] datagram = packet.Build();
        rig.Discord.Faults.Add(new SendVoiceMessage("""{"op":5,"seq":69,"d":{"user_id":"5","ssrc":9876,"speaking":1}}"""));
        await DescribeAsync(2);
        rig.Discord.Faults.Add(new SendDatagram(datagram));
        await rig.UntilAsync(() => rig.Received.Any(frame => frame.UserId == 5), "the packet");
        await DescribeAsync(3);
        rig.Discord.Faults.Add(new SendDatagram(datagram));
        rig.Discord.Faults.Add(new SendDatagram((packet with { SequenceNumber = 2, Suffix = packet.Suffix + 1 }).Build()));
        await rig.UntilAsync(() => rig.Received.Any(frame => frame is { UserId: 5, SequenceNumber: 2 }), "the next one");
        Assert.Equal([1, 2], rig.Received.Where(frame => frame.UserId == 5).Select(frame => (int)frame.SequenceNumber));
        Assert.Equal(1, rig.Call.Health.Drops[DropReason.Replayed]);

        Task DescribeAsync(int times)
        {
            rig.Discord.Faults.Add(new SendVoiceMessage(description));
            return rig.UntilAsync(() => rig.Log.Lines.Count(line => line.EventId == 1102) == times, $"description {times}");
        }
    }

    [Fact]
    public async Task Deafening_is_told_and_untold()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        rig.Discord.Guild.Deafen(rig.Discord.BotMember);
        await rig.WaitForAsync<VoiceCallEvent.Deafened>(deafened => deafened.IsDeafened);
        rig.Discord.Guild.Deafen(rig.Discord.BotMember, deaf: false);
        await rig.WaitForAsync<VoiceCallEvent.Deafened>(deafened => !deafened.IsDeafened);
    }

    [Fact]
    public async Task Stage_channel_is_heard_from_its_audience()
    {
        await using VoiceCallRig rig = await VoiceCallRig.StartAsync();
        Assert.Equal(VoiceCallState.Connected, await rig.JoinAsync(rig.Discord.StageChannel.Id));
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada", rig.Discord.StageChannel);
        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromMilliseconds(400)));
        await rig.AssertAllReceivedAsync(ada.UserId, 20);
    }

    [Fact]
    public async Task Hostile_messages_and_datagrams_change_nothing()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        string[] hostile = ["", "null", "[]", "{\"op\":8}", "{\"op\":4,\"d\":{\"secret_key\":[]}}", "{\"op\":2,\"d\":{}}",
            "{\"op\":77,\"d\":[[[[]]]]}", "{\"op\":5,\"d\":{\"user_id\":\"x\",\"ssrc\":-4}}", "{\"op\":9,\"d\":null}", "{\"op\":13}",
            new string('{', 5000)];
        foreach (string text in hostile) rig.Discord.Faults.Add(new SendVoiceMessage(text));
        Random random = new(5);
        for (int length = 0; length < 200; length++)
        {
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            rig.Discord.Faults.Add(new SendDatagram(bytes));
            if (length > 2) bytes[0] = 0x90;
            if (length > 2) bytes[1] = 0x78;
            rig.Discord.Faults.Add(new SendDatagram(bytes));
        }
        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromSeconds(1)));
        await rig.AssertAllReceivedAsync(ada.UserId, 55);
        Assert.Equal(VoiceCallState.Connected, rig.Call.State);
        Assert.DoesNotContain(rig.Events, what => what is VoiceCallEvent.Reconnecting);
    }

    [Fact]
    public async Task Twenty_five_speakers_on_a_bad_network_arrive_as_the_network_delivered_them()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        rig.Discord.Conditions = new MediaConditions
        {
            Loss = 0.1,
            Jitter = TimeSpan.FromMilliseconds(60),
            Reorder = 0.05,
            Duplicate = 0.02,
            PaddingOneIn = 4,
            RtcpOneIn = 20
        };
        SimulatedSpeaker[] speakers = [.. Enumerable.Range(0, 25).Select(i => rig.Discord.AddSpeaker("Speaker" + i))];
        await Task.WhenAll(speakers.Select((speaker, i) => speaker.SayAsync(OpusClip.Generate(i, TimeSpan.FromSeconds(2)))));
        foreach (SimulatedSpeaker speaker in speakers)
        {
            await rig.UntilAsync(() =>
                rig.Received.Count(frame => frame.UserId == speaker.UserId) >= Sent(rig, speaker), "all of " + speaker.UserId);
        }
        Assert.Equal(0, rig.Call.Health.KernelDrops);
        Assert.Equal(0, rig.Ring.Dropped);
    }

    [Fact]
    public async Task Debug_log_holds_no_secret()
    {
        await using VoiceCallRig rig = await VoiceCallRig.ConnectedAsync();
        SimulatedSpeaker ada = rig.Discord.AddSpeaker("Ada");
        await ada.SayAsync(OpusClip.Generate(1, TimeSpan.FromMilliseconds(200)));
        rig.Discord.Faults.Add(new AbortVoice());
        await rig.UntilAsync(() => rig.Discord.VoiceClient(rig.BotId) is { Resumes: 1 }, "resumed");
        await rig.Call.LeaveAsync(TestContext.Current.CancellationToken);

        string log = string.Join('\n', rig.Log.Lines.Select(line => line.Text + line.Exception));
        string wire = string.Join('\n', rig.Discord.Log.Lines);
        List<string> secrets = [rig.Discord.Bot.Token, .. Values(wire, "\"token\":\""), .. Values(wire, "\"session_id\":\""),
            .. Values(wire, "\"secret_key\":[")];
        Assert.True(secrets.Count(secret => secret.Length > 8) >= 5);
        Assert.All(secrets.Where(secret => secret.Length > 8), secret => Assert.DoesNotContain(secret, log));
        Assert.Contains("session described", log);
    }

    private static IEnumerable<string> Values(string wire, string opening) =>
        wire.Split(opening).Skip(1).Select(rest => rest[..rest.IndexOfAny(['"', ']'])]);

    private static int Sent(VoiceCallRig rig, SimulatedSpeaker speaker) =>
        rig.Discord.Deliveries.All.Count(packet =>
            packet.ReceiverId == rig.BotId && packet.UserId == speaker.UserId
            && packet.Outcome is DeliveryOutcome.Delivered or DeliveryOutcome.Duplicate);
}
