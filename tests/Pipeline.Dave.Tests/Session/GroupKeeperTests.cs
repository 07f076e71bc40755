using System.Reflection;
using Pipeline.Dave.Session;
using Pipeline.DiscordSimulator.Dave;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Wire;

namespace Pipeline.Dave.Tests.Session;

/// <summary>What of the MLS side is there at which moment, and that nothing of what was left behind can be used.</summary>
public sealed class GroupKeeperTests : IDisposable
{
    private const ulong Channel = 940_000_000_000_000_001, Self = 9, Other = 100;

    private readonly GatewayKey gateway = new(Channel);
    private readonly GroupKeeper keeper = new(Channel, Self);

    public void Dispose()
    {
        keeper.Dispose();
        gateway.Dispose();
    }

    [Fact]
    public void Welcome_is_taken_only_by_who_waits_for_one()
    {
        RefusesWelcome();
        keeper.SetExternalSender(gateway.Announcement);
        RefusesWelcome(); // no key package is out
        Assert.False(keeper.HasBase);
        keeper.Restart();
        Assert.NotEqual(MlsError.WrongMessageType, WelcomeError());
        keeper.Leave();
        RefusesWelcome();
        Establish();
        RefusesWelcome();
        keeper.DropGroup();
        RefusesWelcome(); // the key package went into the group
        using GroupKeeper noSender = new(Channel, Self);
        noSender.Restart();
        Assert.Equal(MlsError.WrongMessageType,
            Assert.Throws<MlsException>(() => noSender.Join([0, 2, 0, 0], static _ => true)).Error);
    }

    [Fact]
    public void External_sender_that_is_told_again_keeps_what_waits_and_another_does_not()
    {
        keeper.Restart();
        keeper.SetExternalSender(gateway.Announcement);
        Assert.Equal(ProposalsOutcome.Changed, keeper.Take(Adds(1), static _ => true));
        keeper.SetExternalSender(gateway.Announcement);
        Assert.NotNull(keeper.MakeCommit());
        using GatewayKey another = new(Channel);
        keeper.SetExternalSender(another.Announcement);
        Assert.Null(keeper.MakeCommit());
        Assert.True(keeper.HasBase);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Group_that_is_left_is_wiped(int way)
    {
        GroupState left = Establish();
        byte[] key = keeper.SignatureKey.ToArray();
        if (way == 0) keeper.DropGroup();
        else if (way == 1) keeper.Leave();
        else keeper.Restart();
        Assert.Throws<ObjectDisposedException>(() => left.Export("label", [], 16));
        Assert.Null(keeper.Group);
        Assert.Equal(way == 2, keeper.HasBase);
        Assert.Null(keeper.MakeCommit());
        Assert.Null(keeper.RepeatCommit());
        Assert.Equal(key, keeper.SignatureKey.ToArray());
    }

    [Fact]
    public void Group_that_is_followed_by_its_next_epoch_is_wiped()
    {
        GroupState first = Establish();
        Assert.Equal(ProposalsOutcome.Changed, keeper.Take(Adds(1, epoch: 1, from: 50), static _ => true));
        Assert.True(keeper.FollowCommit(PeerCommit.Parse(keeper.MakeCommit()!, Channel).Message));
        Assert.Equal(2ul, keeper.Group!.Epoch);
        Assert.Throws<ObjectDisposedException>(() => first.Export("label", [], 16));
        Assert.Null(keeper.MakeCommit()); // nothing waits in the next epoch
    }

    [Fact]
    public void Group_that_nobody_joined_is_wiped_when_it_is_left()
    {
        keeper.Restart();
        keeper.SetExternalSender(gateway.Announcement);
        GroupState pending = Pending!;
        keeper.Leave();
        Assert.Throws<ObjectDisposedException>(() => pending.Export("label", [], 16));
        Assert.Null(Pending);
    }

    [Fact]
    public void Keeper_that_ended_has_no_group_and_offers_nothing()
    {
        GroupState left = Establish();
        keeper.Dispose();
        Assert.Throws<ObjectDisposedException>(() => left.Export("label", [], 16));
        Assert.Null(keeper.Group);
        Assert.Throws<ObjectDisposedException>(() => keeper.Restart());
    }

    [Fact]
    public void Of_our_commits_the_last_sixteen_may_win()
    {
        foreach (bool isTooOld in (bool[])[true, false])
        {
            keeper.Restart();
            keeper.SetExternalSender(gateway.Announcement);
            keeper.Take(Adds(1), static _ => true);
            byte[][] made = [.. Enumerable.Range(0, 17).Select(_ => PeerCommit.Parse(keeper.MakeCommit()!, Channel).Message)];
            Assert.Equal(!isTooOld, keeper.FollowCommit(made[isTooOld ? 0 : 1]));
        }
        Assert.Equal(1ul, keeper.Group!.Epoch);
    }

    [Fact]
    public void Commit_covers_a_hundred_proposals_and_no_more()
    {
        keeper.Restart();
        keeper.SetExternalSender(gateway.Announcement);
        byte[][] adds = [.. Enumerable.Range(0, 101).Select(user => Adds(1, from: (ulong)user))];
        foreach (byte[] add in adds[..100]) keeper.Take(add, static _ => true);
        Assert.NotNull(keeper.MakeCommit());
        keeper.Take(adds[100], static _ => true);
        Assert.Equal(MlsError.TooLarge, Assert.Throws<MlsException>(() => keeper.MakeCommit()).Error);
    }

    [Fact]
    public void Proposals_are_queued_revoked_and_refused_by_what_they_say()
    {
        keeper.Restart();
        keeper.SetExternalSender(gateway.Announcement);
        SignedProposal add = Add(Other);
        byte[] append = SignedProposal.Append([add]), revoke = SignedProposal.Revoke([add]);
        Assert.Equal(ProposalsOutcome.UnannouncedUser, keeper.Take(append, user => user != 1000 + Other));
        Assert.Null(keeper.MakeCommit());
        Assert.Equal(ProposalsOutcome.Changed, keeper.Take(append, user => user == 1000 + Other));
        Assert.Equal(ProposalsOutcome.Repeated, keeper.Take(append, static _ => true));
        Assert.Equal(ProposalsOutcome.Changed, keeper.Take(revoke, static _ => true));
        Assert.Equal(ProposalsOutcome.UnknownReference, keeper.Take(revoke, static _ => true));
        Assert.Null(keeper.MakeCommit());
        Assert.Equal(MlsError.Malformed, Assert.Throws<MlsException>(() => keeper.Take([2, 0], static _ => true)).Error);
        Assert.Equal(MlsError.TrailingBytes, Assert.Throws<MlsException>(() => keeper.Take([0, 0, 0], static _ => true)).Error);
    }

    // Nobody but the keeper itself can reach it.
    private GroupState? Pending => (GroupState?)typeof(GroupKeeper)
        .GetField("pending", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(keeper);

    private GroupState Establish()
    {
        keeper.Restart();
        keeper.SetExternalSender(gateway.Announcement);
        keeper.Take(Adds(1), static _ => true);
        Assert.True(keeper.FollowCommit(PeerCommit.Parse(keeper.MakeCommit()!, Channel).Message));
        return keeper.Group!;
    }

    private void RefusesWelcome() => Assert.Equal(MlsError.WrongMessageType, WelcomeError());

    private MlsError WelcomeError() => Assert.Throws<MlsException>(() => keeper.Join([0, 2, 0, 0], static _ => true)).Error;

    private byte[] Adds(int count, ulong epoch = 0, ulong from = Other) =>
        SignedProposal.Append(Enumerable.Range(0, count).Select(user => Add(from + (ulong)user, epoch)));

    private SignedProposal Add(ulong user, ulong epoch = 0)
    {
        using MlsIdentity identity = MlsIdentity.Create(1000 + user);
        using KeyPackageBundle bundle = KeyPackageBundle.Create(identity);
        return gateway.Add(epoch, PeerKeyPackage.Parse(bundle.KeyPackage));
    }
}
