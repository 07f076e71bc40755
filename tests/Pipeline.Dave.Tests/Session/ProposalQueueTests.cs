using System.Buffers.Binary;
using Pipeline.Dave.Session;
using Pipeline.DiscordSimulator.Dave;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Dave.Tests.Session;

/// <summary>Commits that may still win are whole, and those that cannot are wiped.</summary>
public sealed class ProposalQueueTests : IDisposable
{
    private const ulong Channel = 940_000_000_000_000_001;

    private readonly GatewayKey gateway = new(Channel);
    private readonly MlsIdentity identity = MlsIdentity.Create(9);
    private readonly GroupState group;
    private readonly ProposalQueue queue = new();

    public ProposalQueueTests()
    {
        using HpkeKeyPair keys = HpkeKeyPair.Generate();
        byte[] groupId = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(groupId, Channel);
        group = GroupState.Create(groupId, identity, keys, ExternalSender.Parse(gateway.Announcement));
        queue.Append(group.ValidateProposals(Adds()));
    }

    public void Dispose()
    {
        queue.Clear();
        group.Dispose();
        identity.Dispose();
        gateway.Dispose();
    }

    [Fact]
    public void Commit_that_makes_room_is_wiped_and_no_other()
    {
        CommitResult[] made = [.. Enumerable.Range(0, 17).Select(_ => group.Commit(queue.Proposals))];
        foreach (CommitResult one in made) queue.Made(one);
        Assert.Equal([true, .. Enumerable.Repeat(false, 16)], made.Select(one => IsWiped(one.NextState)));
        Assert.Same(made[16], queue.Latest);
    }

    [Fact]
    public void Commit_that_won_is_given_away_and_the_others_are_wiped_with_the_queue()
    {
        CommitResult[] made = [.. Enumerable.Range(0, 3).Select(_ => group.Commit(queue.Proposals))];
        foreach (CommitResult one in made) queue.Made(one);
        using GroupState? won = queue.TakeOwn(made[1].Commit);
        Assert.Same(made[1].NextState, won);
        Assert.Null(queue.TakeOwn(made[1].Commit));
        queue.Clear();
        Assert.Equal([true, false, true], made.Select(one => IsWiped(one.NextState)));
        Assert.Equal((0, null), (queue.Proposals.Count, queue.Latest));
    }

    private static bool IsWiped(GroupState state)
    {
        try
        {
            return state.Export("label", [], 16).Length == 0;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    private ReadOnlySpan<byte> Adds()
    {
        using MlsIdentity added = MlsIdentity.Create(100);
        using KeyPackageBundle bundle = KeyPackageBundle.Create(added);
        TlsReader reader = new(SignedProposal.Append([gateway.Add(0, PeerKeyPackage.Parse(bundle.KeyPackage))]));
        reader.ReadUInt8();
        return reader.ReadVector();
    }
}
