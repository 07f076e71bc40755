using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Schedule;
using Pipeline.Mls.Tests.Peers;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Group;

/// <summary>RFC 9420 §9.2, §16.6: who has a secret no longer needs it, so nothing of it stays in memory.</summary>
public sealed class WipingTests : IDisposable
{
    private readonly OwnCall call = new(3);

    public void Dispose() => call.Dispose();

    [Fact]
    public void Disposed_keys_are_zeros()
    {
        byte[] key = [.. Enumerable.Repeat((byte)1, 16)], nonce = [.. Enumerable.Repeat((byte)1, 12)];
        AeadKey disposed = new(key, nonce);
        disposed.Dispose();
        AllZero(key, nonce);
        Assert.Throws<ObjectDisposedException>(() => disposed.Seal([1]));

        KeyPackageBundle bundle = KeyPackageBundle.Create(call[0].Identity);
        bundle.Dispose();
        AllZero(bundle.InitKeys.PrivateKey.ToArray(), bundle.LeafKeys.PrivateKey.ToArray());

        GroupSecrets secrets = new([1, 2], [3, 4], []);
        secrets.Dispose();
        AllZero(secrets.JoinerSecret, secrets.PathSecret!);
        new GroupSecrets([1], null, []).Dispose();
    }

    [Fact]
    public void Disposed_epoch_secrets_are_zeros_each()
    {
        EpochSecrets secrets = EpochSecrets.CreateFirst();
        secrets.Dispose();
        AllZero(secrets.Init, secrets.Exporter, secrets.ConfirmationKey, secrets.MembershipKey, secrets.Authenticator,
            secrets.ResumptionPsk);
    }

    [Fact]
    public void First_epochs_of_two_groups_share_no_secret()
    {
        using EpochSecrets one = EpochSecrets.CreateFirst(), other = EpochSecrets.CreateFirst();
        Assert.NotEqual(one.Init, other.Init);
        Assert.NotEqual(one.Exporter, other.Exporter);
    }

    [Fact]
    public void Disposed_state_wipes_every_key_of_its_tree()
    {
        TlsReader reader = new(call.Service.Proposals([DeliveryService.Remove(2)]));
        GroupState state = call.Group(0).Commit(call.Group(0).ValidateProposals(reader.ReadVector())).NextState;
        NodeIndex[] known = [.. Enumerable.Range(0, (int)state.Tree.NodeCount).Select(node => new NodeIndex((uint)node))
            .Where(node => state.Keys.Find(node) is not null)];
        Assert.Equal([0u, 1u], known.Select(node => node.Value));
        state.Dispose();
        foreach (NodeIndex node in known) AllZero(state.Keys.Find(node)!.PrivateKey.ToArray());
    }

    [Fact]
    public void Key_that_takes_anothers_place_wipes_it()
    {
        using TreePrivateKeys keys = new(new LeafIndex(0), HpkeKeyPair.Generate());
        HpkeKeyPair first = HpkeKeyPair.Generate(), second = HpkeKeyPair.Generate();
        keys.Set(new NodeIndex(1), first);
        keys.Set(new NodeIndex(1), second);
        AllZero(first.PrivateKey.ToArray());
        Assert.Same(second, keys.Find(new NodeIndex(1)));
        Assert.Contains(second.PrivateKey.ToArray(), value => value != 0);
    }

    [Fact]
    public void Path_secrets_go_and_the_keys_made_of_them_stay()
    {
        RatchetTree tree = call.Group(0).Tree.Copy();
        OwnPath path = OwnPath.Create(tree, new LeafIndex(0), call[0].Identity, call.Service.GroupId);
        List<PathStep> steps = tree.FilteredDirectPath(new LeafIndex(0));
        Assert.Equal(2, steps.Count);
        byte[][] secrets = [path.SecretFor(new LeafIndex(1)), path.SecretFor(new LeafIndex(2)), path.CommitSecret];
        Assert.Equal(3, secrets.DistinctBy(Convert.ToHexString).Count());
        Assert.All(secrets, secret => Assert.Contains(secret, value => value != 0));
        path.Dispose();
        AllZero(secrets);
        foreach (PathStep step in steps)
            Assert.Equal(tree.EncryptionKey(step.Node), path.Keys.Find(step.Node)!.PublicKey.ToArray());
        path.Keys.Dispose();
        Assert.Throws<ArgumentOutOfRangeException>("newMember", () => path.SecretFor(new LeafIndex(4)));
    }

    [Fact]
    public void Path_secret_that_was_implanted_is_wiped_also_where_it_is_refused()
    {
        RatchetTree tree = call.Group(0).Tree.Copy();
        using OwnPath path = OwnPath.Create(tree, new LeafIndex(0), call[0].Identity, call.Service.GroupId);
        byte[] secret = [.. path.SecretFor(new LeafIndex(2))], wrong = [.. Enumerable.Repeat((byte)9, 32)];
        using TreePrivateKeys keys = new(new LeafIndex(2), HpkeKeyPair.Generate());
        Assert.Equal(path.CommitSecret, TreeKem.Implant(tree, keys, tree.Root, secret));
        AllZero(secret);
        Refused.With(MlsError.BadUpdatePath, () => TreeKem.Implant(tree, keys, tree.Root, wrong));
        AllZero(wrong);
        byte[] unused = [.. Enumerable.Repeat((byte)9, 32)];
        Refused.With(MlsError.BadUpdatePath, () => TreeKem.Implant(call.Group(0).Tree, keys, tree.Root, unused)); // no key in that tree
        AllZero(unused);
        path.Keys.Dispose();
    }

    [Fact]
    public void Next_epoch_wipes_what_led_to_it_and_keeps_what_a_state_took_over()
    {
        (NextEpoch left, byte[] commitSecret) = Compute();
        AllZero(commitSecret);
        left.Dispose();
        AllZero(left.JoinerSecret, left.MemberSecret, left.Secrets.Exporter);

        (NextEpoch taken, _) = Compute();
        GroupState before = call.Group(0);
        using GroupState state = taken.ToState(before, before.Tree.Copy(), before.Keys.CopyFor(before.Tree));
        taken.Dispose();
        AllZero(taken.JoinerSecret, taken.MemberSecret);
        Assert.Contains(state.Secrets.Exporter, value => value != 0);
    }

    [Fact]
    public void Writer_that_grows_leaves_nothing_behind()
    {
        using TlsWriter writer = new(4);
        writer.WriteBytes([1, 2, 3, 4]);
        ReadOnlySpan<byte> before = writer.Written;
        writer.WriteUInt8(5);
        Assert.Equal([1, 2, 3, 4, 5], writer.ToArray());
        Assert.Equal(new byte[4], before.ToArray());
    }

    private (NextEpoch Next, byte[] CommitSecret) Compute()
    {
        GroupState group = call.Group(0);
        TlsReader reader = new(call.Service.Proposals([DeliveryService.Remove(2)]));
        CommitResult commit = group.Commit(group.ValidateProposals(reader.ReadVector()));
        commit.NextState.Dispose();
        byte[] commitSecret = [.. Enumerable.Repeat((byte)7, 32)];
        ProposalList none = ProposalList.Check([], new LeafIndex(0), group);
        GroupContext provisional = NextEpoch.ProvisionalContext(group, group.Tree, none);
        return (NextEpoch.Compute(group, provisional, PublicMessage.Parse(commit.Commit).Authenticated, commitSecret, none), commitSecret);
    }

    private static void AllZero(params byte[][] secrets) =>
        Assert.All(secrets, secret => Assert.Equal(new byte[secret.Length], secret));
}
