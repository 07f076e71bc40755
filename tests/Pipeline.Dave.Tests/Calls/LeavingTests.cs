using System.Security.Cryptography;
using Pipeline.Dave.Session;
using Pipeline.DiscordSimulator.Dave;

namespace Pipeline.Dave.Tests.Calls;

/// <summary>Leaving, taking proposals back, emptying and refilling.</summary>
public sealed class LeavingTests
{
    [Fact]
    public async Task A_remove_and_an_add_of_one_epoch_are_committed_together()
    {
        await using TestCall call = new();
        (OurMember us, DaveyMember[] peers) = await BeginAsync(call, 3);
        ulong before = us.Snapshot.Epoch;
        call.Uplink = (_, opcode) => TimeSpan.FromMilliseconds(opcode == 28 ? 50 : 5);
        call.Leave(peers[0]);
        call.Join(call.Peer(200));
        await call.RunAsync(2);
        await call.AssertAgreementAsync();
        Assert.Equal(before + 1, us.Snapshot.Epoch);
        Assert.Equal((ulong[])[9, 101, 102, 200], us.Snapshot.Members.Select(member => member.UserId).Order().ToArray());
    }

    [Fact]
    public async Task A_join_that_is_called_off_leaves_the_epoch_alone()
    {
        await using TestCall call = new();
        (OurMember us, _) = await BeginAsync(call, 2);
        ulong before = us.Snapshot.Epoch;
        call.Uplink = (_, opcode) => TimeSpan.FromMilliseconds(opcode == 28 ? 100 : 5);
        DaveyMember hasty = call.Peer(200);
        call.Join(hasty);
        await call.RunAsync(0.03);
        call.Leave(hasty);
        await call.RunAsync(2);
        Assert.Equal(before, us.Snapshot.Epoch);
        Assert.Equal(0, us.Complaints);

        call.Join(call.Peer(201));
        await call.RunAsync(2);
        Assert.Equal(before + 1, us.Snapshot.Epoch);
        await call.AssertAgreementAsync();
    }

    [Fact]
    public async Task Taking_back_one_of_two_joins_commits_the_other()
    {
        await using TestCall call = new();
        (OurMember us, _) = await BeginAsync(call, 2);
        call.Uplink = (_, opcode) => TimeSpan.FromMilliseconds(opcode == 28 ? 100 : 5);
        DaveyMember hasty = call.Peer(200);
        call.Join(hasty);
        call.Join(call.Peer(201));
        await call.RunAsync(0.03);
        call.Leave(hasty);
        await call.RunAsync(2);
        Assert.Empty(call.Gateway.Refused);
        await call.AssertAgreementAsync();
        Assert.Equal((ulong[])[9, 100, 101, 201], us.Snapshot.Members.Select(member => member.UserId).Order().ToArray());
    }

    [Fact]
    public async Task Taking_back_what_was_never_proposed_is_noted_and_changes_nothing()
    {
        await using TestCall call = new();
        (OurMember us, _) = await BeginAsync(call, 2);
        DaveSnapshot before = us.Snapshot;
        SignedProposal unknown = new([], RandomNumberGenerator.GetBytes(32), 1, null);
        call.Gateway.Send(new DeliveryMessage(9, 27, SignedProposal.Revoke([unknown])));
        await call.RunAsync(0.5);
        Assert.Same(before, us.Snapshot);
        Assert.Contains(us.Notices, notice => notice.Kind == DaveNoticeKind.ProposalsRefused);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public async Task A_call_that_empties_and_fills_again_is_heard_again_each_time(int soleMemberVersion)
    {
        await using TestCall call = new(new DeliveryOptions { SoleMemberVersion = soleMemberVersion });
        OurMember us = call.Us();
        call.Join(us);
        for (ulong round = 0; round < 3; round++)
        {
            DaveyMember peer = call.Peer(100 + round);
            call.Join(peer);
            await call.RunAsync(1);
            await call.AssertAgreementAsync();
            Assert.Equal(1ul, us.Snapshot.Epoch);
            int before = us.Heard.Count;
            List<(ulong From, string Frame)> said = await call.TalkAsync(0.5, peer);
            Assert.Equal(said, us.Heard[before..]);
            call.Leave(peer);
            await call.RunAsync(round == 1 ? 15 : 0.2);
            Assert.NotEqual(DaveState.Active, us.Snapshot.State);
            Assert.Equal("", us.Snapshot.PrivacyCode);
            Assert.Equal(2 + (int)round, us.KeyPackages);
        }
        Assert.Empty(us.Lost);
    }

    [Fact]
    public async Task Frames_of_the_epoch_before_open_for_ten_seconds_and_then_no_more()
    {
        await using TestCall call = new();
        (OurMember us, DaveyMember[] peers) = await BeginAsync(call, 2);
        byte[] early = await peers[0].SealAsync([0x78, 1, 2, 3]);
        byte[] late = await peers[0].SealAsync([0x78, 4, 5, 6]);
        call.Join(call.Peer(200));
        await call.RunAsync(9);
        await us.HearAsync(100, 1, early);
        await call.RunAsync(2);
        await us.HearAsync(100, 2, late);
        await call.RunAsync(3);
        Assert.Equal("78010203", Assert.Single(us.Heard).Frame);
        Assert.Equal("Undecryptable", Assert.Single(us.Lost).Why);
    }

    internal static async Task<(OurMember Us, DaveyMember[] Peers)> BeginAsync(TestCall call, int peerCount)
    {
        OurMember us = call.Us();
        call.Join(us);
        DaveyMember[] peers = [.. Enumerable.Range(0, peerCount).Select(i => call.Peer(100 + (ulong)i))];
        foreach (DaveyMember peer in peers)
        {
            call.Join(peer);
            await call.RunAsync(0.5);
        }
        await call.RunAsync(2);
        await call.AssertAgreementAsync();
        return (us, peers);
    }
}
