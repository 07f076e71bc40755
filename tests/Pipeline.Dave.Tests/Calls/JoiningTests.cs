using Pipeline.Dave.Codes;
using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;
using Pipeline.Dave.Tests.Codes;
using Pipeline.DiscordSimulator.Dave;

namespace Pipeline.Dave.Tests.Calls;

/// <summary>Our member and davey's in one call: both orders, both outcomes of every race, many members.</summary>
public sealed class JoiningTests
{
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    [InlineData(false, 0)]
    public async Task Two_members_hear_each_other_in_either_order_and_with_any_transition_id(bool weAreFirst, int transitionId)
    {
        await using TestCall call = new(new DeliveryOptions { FirstTransitionId = transitionId });
        OurMember us = call.Us();
        DaveyMember peer = call.Peer(100);
        call.Join(weAreFirst ? us : peer);
        await call.RunAsync(1);
        call.Join(weAreFirst ? peer : us);
        await call.RunAsync(1);
        await call.AssertAgreementAsync();
        Assert.Equal((DaveState.Active, 1ul), (us.Snapshot.State, us.Snapshot.Epoch));

        List<(ulong From, string Frame)> said = await call.TalkAsync(1, us, peer);
        Assert.Equal(said.Where(one => one.From == 100), us.Heard);
        Assert.Equal(said.Where(one => one.From == 9), peer.Heard);
        Assert.Equal(us.Heard.Count, us.Count(DaveOpenResult.Opened));
        Assert.Equal((0, 0), (us.Complaints, us.Lost.Count));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_commit_wins_each_epoch_and_the_loser_does_not_complain(bool weWin)
    {
        // Some gateways announce the first commit to the losers too, who cannot follow it and wait for their Welcome.
        DeliveryOptions options = new()
        {
            Tamper = message =>
            message is { Opcode: 29, UserId: 100, TransitionId: 1 } ? [message with { UserId = 9 }, message] : [message]
        };
        await using TestCall call = new(options);
        call.Uplink = (user, opcode) => TimeSpan.FromMilliseconds(opcode == 28 && user == 9 != weWin ? 60 : 5);
        OurMember us = call.Us();
        call.Join(us);
        for (ulong user = 100; user < 104; user++)
        {
            call.Join(call.Peer(user));
            await call.RunAsync(1);
            await call.AssertAgreementAsync();
        }
        Assert.Equal(4ul, us.Snapshot.Epoch);
        Assert.Equal(4, call.Gateway.AcceptedCommits);
        Assert.True(call.Gateway.DroppedCommits >= 3, $"{call.Gateway.DroppedCommits} dropped");
        Assert.Equal(0, call.Present.Sum(member => member.Complaints));
        Assert.Equal(!weWin, us.Notices.Exists(notice => notice.Kind == DaveNoticeKind.CommitLost));
    }

    [Fact]
    public async Task A_commit_that_won_just_before_the_next_proposal_came_is_still_ours()
    {
        await using TestCall call = new();
        OurMember us = call.Us();
        DaveyMember first = call.Peer(100);
        first.IsMute = true;
        call.Join(us);
        call.Join(first);
        await call.RunAsync(0.011);
        // Our commit is under way; a further proposal of the same epoch meets it.
        call.Downlink = (_, opcode) => TimeSpan.FromMilliseconds(opcode is 29 or 30 ? 40 : 5);
        await call.RunAsync(1);
        DaveyMember second = call.Peer(101);
        call.Join(second);
        await call.RunAsync(2);
        await call.AssertAgreementAsync();
        Assert.Equal(0, us.Complaints);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Members_come_and_go_in_any_order_and_everybody_agrees_and_hears(int seed)
    {
        Random random = new(seed);
        await using TestCall call = new();
        OurMember us = call.Us();
        call.Join(us);
        ulong next = 100;
        for (int round = 0; round < 10; round++)
        {
            DaveyMember[] peers = [.. call.Peers];
            foreach (DaveyMember leaving in peers.Where(_ => random.Next(4) == 0).Take(Math.Max(0, peers.Length - 2))) call.Leave(leaving);
            for (int joins = random.Next(round < 6 ? 4 : 2); joins > 0; joins--) call.Join(call.Peer(next++));
            await call.RunAsync(random.Next(3) == 0 ? 0.03 : 1.5);
        }
        await call.RunAsync(3);
        await call.AssertAgreementAsync();
        Assert.Equal(0, us.Complaints);

        int before = us.Heard.Count;
        List<(ulong From, string Frame)> said = await call.TalkAsync(0.2, [.. call.Peers]);
        Assert.Equal(said.Count, us.Heard.Count - before);
        Assert.Empty(us.Lost);
    }

    [Theory]
    [InlineData(13)]
    [InlineData(25, Traits = ["Category", "Long"])]
    public async Task Many_members_in_one_batch(int count)
    {
        await using TestCall call = new();
        OurMember us = call.Us();
        for (ulong user = 101; user < 100 + (ulong)count; user++) call.Join(call.Peer(user));
        call.Join(us);
        await call.RunAsync(10);
        Assert.Equal(count, us.Snapshot.Members.Length);
        await call.AssertAgreementAsync();
        List<(ulong From, string Frame)> said = await call.TalkAsync(0.04, [.. call.Peers]);
        Assert.Equal(said.OrderBy(one => one.Frame, StringComparer.Ordinal), us.Heard.OrderBy(one => one.Frame, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Pairwise_verification_codes_are_equal()
    {
        await using TestCall call = new();
        OurMember us = call.Us();
        DaveyMember peer = call.Peer(100);
        call.Join(us);
        call.Join(peer);
        await call.RunAsync(1);
        DaveMember own = us.Snapshot.Members.Single(member => member.UserId == 9);
        DaveMember other = us.Snapshot.Members.Single(member => member.UserId == 100);
        string code = VerificationCode.Compute(own, other, VerificationCodeTests.Scrypt);
        Assert.Equal(VerificationCode.Digits, code.Length);
        Assert.Equal(await peer.VerificationCodeAsync(9), code);
        Assert.Equal(code, VerificationCode.Compute(other, own, VerificationCodeTests.Scrypt));
    }
}
