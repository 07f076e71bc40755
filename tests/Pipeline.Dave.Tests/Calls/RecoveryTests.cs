using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;
using Pipeline.DiscordSimulator.Dave;

namespace Pipeline.Dave.Tests.Calls;

/// <summary>What is late, lost, broken or hostile, and how the call is heard again.</summary>
public sealed class RecoveryTests
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(0.8)]
    [InlineData(1.5)]
    public async Task Peers_that_switch_keys_before_the_commit_reaches_us_lose_no_frame(double lateSeconds)
    {
        await using TestCall call = new();
        (OurMember us, DaveyMember[] peers) = await LeavingTests.BeginAsync(call, 2);
        call.Downlink = (user, opcode) => user == 9 && opcode == 29 ? TimeSpan.FromSeconds(lateSeconds) : TimeSpan.FromMilliseconds(5);
        call.Join(call.Peer(200));
        List<(ulong From, string Frame)> said = await call.TalkAsync(2.5, peers);
        Assert.True(us.Count(DaveOpenResult.Held) > lateSeconds * 60, $"{us.Count(DaveOpenResult.Held)} held");
        foreach (DaveyMember peer in peers)
            Assert.Equal(said.Where(one => one.From == peer.UserId), us.Heard.Where(one => one.From == peer.UserId));
        Assert.Equal((0, 0), (us.Lost.Count, us.Complaints));
    }

    [Theory]
    [InlineData(30, 1)]
    [InlineData(30, 0)]
    [InlineData(29, 1)]
    public async Task A_broken_commit_or_Welcome_is_answered_by_31_and_26_and_the_audio_comes_back(byte broken, int transitionId)
    {
        int left = 1;
        DeliveryOptions options = new() { FirstTransitionId = transitionId };
        await using TestCall call = new(options);
        OurMember us = call.Us();
        DaveyMember peer = call.Peer(100);
        options.Tamper = message =>
        {
            if (message.UserId != 9 || message.Opcode != broken || left == 0) return [message];
            left--;
            byte[] body = [.. message.Body];
            body[^20] ^= 4;
            return [message with { Body = body }];
        };
        call.Uplink = (user, opcode) => TimeSpan.FromMilliseconds(opcode == 28 && user == 9 ? 60 : 5);
        call.Join(peer);
        await call.RunAsync(0.5);
        call.Join(us);
        await call.RunAsync(1);
        call.Join(call.Peer(101));
        await call.RunAsync(4);
        Assert.Equal((0, 1, 2), (left, us.Complaints, us.KeyPackages));
        await call.AssertAgreementAsync();
        List<(ulong From, string Frame)> said = await call.TalkAsync(0.5, peer);
        Assert.Equal(said, us.Heard);
    }

    [Fact]
    public async Task A_commit_that_never_reached_us_is_noticed_by_the_frames_and_mended()
    {
        int left = 1;
        DeliveryOptions options = new() { Tamper = null };
        await using TestCall call = new(options);
        (OurMember us, DaveyMember[] peers) = await LeavingTests.BeginAsync(call, 2);
        options.Tamper = message => message is { UserId: 9, Opcode: 29 } && left-- > 0 ? [] : [message];
        call.Uplink = (user, opcode) => TimeSpan.FromMilliseconds(opcode == 28 && user == 9 ? 60 : 5);
        call.Join(call.Peer(200));
        await call.TalkAsync(6, peers[0]);
        Assert.Equal(1, us.Complaints);
        Assert.Contains(us.Notices, notice => notice.Kind == DaveNoticeKind.Recovery);
        await call.AssertAgreementAsync();
        int before = us.Heard.Count;
        List<(ulong From, string Frame)> said = await call.TalkAsync(1, peers[0]);
        Assert.Equal(said, us.Heard[before..]);
        Assert.True(us.Receiver.CountersOf(100).Undecryptable > 36);
        Assert.Empty(us.Demands);
    }

    [Fact]
    public async Task Recovery_that_never_helps_climbs_to_a_rejoin_and_then_tells_the_users()
    {
        DeliveryOptions options = new();
        await using TestCall call = new(options);
        (OurMember us, DaveyMember[] peers) = await LeavingTests.BeginAsync(call, 2);
        options.Tamper = message => message is { UserId: 9, Opcode: 29 or 30 } ? [] : [message];
        call.Join(call.Peer(200));
        await call.TalkAsync(50, 0.1, peers[0]);
        Assert.Equal(DaveDemand.Rejoin, Assert.Single(us.Demands));
        Assert.InRange(us.Complaints, 6, 10);
        await call.TalkAsync(110, 0.1, peers[0]);
        Assert.Equal(DaveDemand.TellUsers, us.Demands[2]);
        Assert.InRange(us.Heard.Count, 0, 10);
    }

    [Fact]
    public async Task Proposals_of_others_than_the_gateway_are_refused_and_the_call_goes_on()
    {
        await using TestCall call = new();
        (OurMember us, DaveyMember[] peers) = await LeavingTests.BeginAsync(call, 2);
        using GatewayKey impostor = new(call.ChannelId);
        ulong epoch = us.Snapshot.Epoch;
        SignedProposal[] hostile =
        [
            impostor.Remove(epoch, 1, 100),
            call.Gateway.Key.Remove(epoch + 1, 1, 100),
            call.Gateway.Key.Remove(epoch, 77, 100),
            call.Gateway.Key.Sign(epoch, [0, 2, .. new byte[200]], 100, null),
            call.Gateway.Key.Sign(epoch, [0, 9], 100, null),
        ];
        int noticed = us.Notices.Count;
        foreach (SignedProposal proposal in hostile) call.Gateway.Send(new DeliveryMessage(9, 27, SignedProposal.Append([proposal])));
        await call.RunAsync(1);
        Assert.True(us.Notices.Count - noticed >= hostile.Length);
        Assert.Equal(0, us.Complaints);

        call.Join(call.Peer(200));
        await call.RunAsync(2);
        await call.AssertAgreementAsync();
        Assert.Equal(await call.TalkAsync(0.2, peers[0]), us.Heard);
    }

    [Fact]
    public async Task A_user_who_is_announced_only_after_the_proposal_is_committed_then()
    {
        await using TestCall call = new();
        OurMember us = call.Us();
        call.Join(us, externalSenderFirst: true);
        await call.RunAsync(0.5);
        TestCall other = new();
        await using (other)
        {
            DaveyMember stranger = other.Peer(100);
            other.Join(stranger);
            await other.RunAsync(0.1);
            DeliveryMessage add = new(9, 27, SignedProposal.Append([call.Gateway.Key.Add(0, stranger.LastKeyPackage)]));
            int sent = us.Commits;
            await us.ReceiveAsync(add);
            Assert.Equal(sent, us.Commits);
            Assert.Contains(us.Notices, notice => notice.Kind == DaveNoticeKind.ProposalsDeferred);
            await us.ConnectedAsync([100]);
            Assert.Equal(sent + 1, us.Commits);
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.012)]
    [InlineData(0.018)]
    [InlineData(0.025)]
    [InlineData(0.04)]
    public async Task A_connection_cut_at_any_moment_of_a_join_is_resumed_without_a_skew(double cutAfter)
    {
        await using TestCall call = new();
        (OurMember us, DaveyMember[] peers) = await LeavingTests.BeginAsync(call, 2);
        call.Join(call.Peer(200));
        await call.RunAsync(cutAfter);
        call.Disconnect(9);
        List<(ulong From, string Frame)> said = await call.TalkAsync(1.2, peers);
        call.Resume(9, repeated: 6);
        said.AddRange(await call.TalkAsync(1, peers));
        await call.AssertAgreementAsync();
        Assert.Equal(said.Order(), us.Heard.Order());
        Assert.Equal((0, 0), (us.Complaints, us.Lost.Count));
    }

    [Fact]
    public async Task A_plain_client_makes_everybody_stop_and_its_leaving_makes_everybody_start_again()
    {
        await using TestCall call = new();
        (OurMember us, DaveyMember[] peers) = await LeavingTests.BeginAsync(call, 2);
        ulong[] everybody = [9, 100, 101];
        List<(ulong From, string Frame)> said = await call.TalkAsync(0.2, peers);

        call.Gateway.Downgrade(everybody);
        said.AddRange(await call.TalkAsync(3, peers));
        Assert.Equal((DaveState.Plain, 0), (us.Snapshot.State, us.Snapshot.ProtocolVersion));
        await call.RunAsync(15);
        said.AddRange(await call.TalkAsync(0.5, peers));

        call.Gateway.Upgrade(everybody);
        said.AddRange(await call.TalkAsync(3, peers));
        Assert.Equal((DaveState.Active, 1), (us.Snapshot.State, us.Snapshot.ProtocolVersion));
        await call.AssertAgreementAsync();
        Assert.Equal(said.Order(), us.Heard.Order());
        Assert.Empty(us.Lost);

        await us.HearAsync(100, 1, [0x78, 1, 2]);
        await call.RunAsync(8);
        await us.HearAsync(100, 2, [0x78, 3, 4]);
        Assert.Equal("PlaintextRejected", Assert.Single(us.Lost).Why);
    }

    [Fact]
    public async Task A_downgrade_that_is_only_announced_takes_no_plain_frame_for_long_and_none_of_a_stranger()
    {
        await using TestCall call = new();
        (OurMember us, DaveyMember[] peers) = await LeavingTests.BeginAsync(call, 2);
        string code = us.Snapshot.PrivacyCode;
        call.Gateway.Send(new DeliveryMessage(9, 21, [], 77));
        List<(ulong From, string Frame)> said = await call.TalkAsync(1, peers);
        await us.HearAsync(500, 3, [0x78, 5, 5]);
        await us.HearAsync(100, 4, [0x78, 1, 2]);
        Assert.Contains(us.Heard, heard => heard == (100, "780102"));
        await call.RunAsync(3600);
        Assert.Equal((DaveProtection.EndToEnd, code), (us.Snapshot.Protection, us.Snapshot.PrivacyCode));
        await us.HearAsync(100, 5, [0x78, 3, 4]);
        await us.HearAsync(500, 6, [0x78, 6, 6]);
        await call.RunAsync(3);
        Assert.Equal(said.Append((100UL, "780102")).Order(), us.Heard.Order());
        Assert.Equal([(100UL, "PlaintextRejected"), (500UL, "PlaintextRejected"), (500UL, "PlaintextRejected")],
            us.Lost.OrderBy(lost => lost.From));
    }

    [Fact]
    public async Task What_was_said_before_we_joined_is_a_gap_and_no_failure()
    {
        await using TestCall call = new();
        DaveyMember ada = call.Peer(100), bob = call.Peer(101);
        call.Join(ada);
        call.Join(bob);
        await call.RunAsync(3);
        OurMember us = call.Us();
        call.Uplink = (_, opcode) => TimeSpan.FromMilliseconds(opcode == 28 ? 300 : 5);
        call.Join(us);
        await call.TalkAsync(4, ada, bob);
        DaveCounters counters = us.Receiver.CountersOf(100);
        Assert.InRange(counters.JoinGap, 5, 60);
        Assert.Equal((0, 0), (counters.Undecryptable, counters.NoKey));
        Assert.Equal((0, 1), (us.Complaints, us.KeyPackages));
        Assert.True(us.Heard.Count > 300, $"{us.Heard.Count} heard");
    }
}
