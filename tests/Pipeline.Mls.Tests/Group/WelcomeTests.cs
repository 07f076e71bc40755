using System.Security.Cryptography;
using CsCheck;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tests.Peers;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Group;

/// <summary>A Welcome to user 9 into a call of three, and what hostile members could make of it.</summary>
public sealed class WelcomeTests : IDisposable
{
    private readonly OwnCall call = new(3);
    private readonly OwnMember victim;
    private readonly KeyPackageBundle bundle;
    private readonly byte[] welcome;
    private readonly byte[] withPathSecret;

    public WelcomeTests()
    {
        victim = call.Prepare(9);
        byte[] package = victim.Begin();
        bundle = victim.KeyPackage!;
        byte[] add = DeliveryService.Add(package);
        welcome = WelcomeOf(call.Service.Proposals([add]), package);
        withPathSecret = WelcomeOf(call.Service.Proposals([DeliveryService.Remove(1), add]), package);
    }

    [Fact]
    public void The_good_ones_are_taken()
    {
        using GroupState joined = Join(welcome);
        Assert.Equal([1ul, 2, 3, 9], joined.Members.Select(member => member.UserId));
        using GroupState joinedWithPath = Join(withPathSecret);
        Assert.Equal([1ul, 9, 3], joinedWithPath.Members.Select(member => member.UserId));
        using GroupState forgedWithoutChange = Join(WelcomeForger.Forge(welcome, bundle, call[0].Identity));
        Assert.Equal(joined.EpochAuthenticator.ToArray(), forgedWithoutChange.EpochAuthenticator.ToArray());
    }

    [Fact]
    public void No_changed_or_cut_Welcome_is_taken()
    {
        Refused.EveryChange(welcome, changed => Join(changed));
        Refused.EveryChange(withPathSecret, changed => Join(changed));
    }

    [Fact]
    public void No_spliced_Welcome_is_taken() => Mutations.Of(welcome).Sample(changed =>
    {
        if (!changed.AsSpan().SequenceEqual(welcome)) Refused.Somehow(() => Join(changed), Convert.ToHexString(changed));
    }, seed: "0N0XIzNsQ0O2", iter: 500, threads: 1);

    [Fact]
    public void Another_key_package_is_not_ours()
    {
        using KeyPackageBundle other = KeyPackageBundle.Create(victim.Identity);
        Refused.With(MlsError.NotForThisKeyPackage, () => GroupState.Join(welcome, other, victim.Expect(_ => true)));
    }

    [Fact]
    public void Expectations_are_held()
    {
        JoinExpectations good = victim.Expect(_ => true);
        Refused.With(MlsError.WrongGroup, () => Join(welcome, good with { GroupId = new byte[8] }));
        Refused.With(MlsError.UnrecognisedUser, () => Join(welcome, victim.Expect(user => user != 2)));
        using DeliveryService other = new(1);
        ExternalSender foreign = ExternalSender.Parse(other.ExternalSender);
        Refused.With(MlsError.WrongExtensions, () => Join(welcome, good with { ExternalSender = foreign }));
    }

    [Fact]
    public void Two_external_senders_are_refused()
    {
        using DeliveryService second = new(2);
        List<ExternalSender> both = [
            ExternalSender.Parse(call.Service.ExternalSender), ExternalSender.Parse(second.ExternalSender)];
        RefusedInfo(MlsError.WrongExtensions, info => WithExtensions(info, [Extension.ForExternalSenders(both)]));
        RefusedInfo(MlsError.WrongExtensions, info => WithExtensions(info, [Extension.ForExternalSenders([])]));
        RefusedInfo(MlsError.WrongExtensions, info => WithExtensions(info, []));
        RefusedInfo(MlsError.WrongExtensions, info => WithExtensions(info, [.. info.Context.Extensions, new(0x0a0a, [])]));
    }

    [Fact]
    public void Corrupted_confirmation_tag_is_refused()
    {
        RefusedInfo(MlsError.BadConfirmationTag, info => info with { ConfirmationTag = Flip(info.ConfirmationTag) });
        RefusedInfo(MlsError.BadConfirmationTag, info => info with { ConfirmationTag = [] });
        RefusedInfo(MlsError.BadConfirmationTag, info => info with { Context = info.Context with { Epoch = 7 } });
        RefusedInfo(MlsError.BadConfirmationTag, info => info with
        {
            Context = info.Context with { ConfirmedTranscriptHash = Flip(info.Context.ConfirmedTranscriptHash) },
        });
    }

    [Fact]
    public void Wrong_context_and_signer_are_refused()
    {
        RefusedInfo(MlsError.BadTreeHash, info => info with { Context = info.Context with { TreeHash = Flip(info.Context.TreeHash) } });
        RefusedInfo(MlsError.WrongVersion, info => info with { Context = info.Context with { Version = 2 } });
        RefusedInfo(MlsError.WrongCipherSuite, info => info with { Context = info.Context with { Suite = 1 } });
        RefusedInfo(MlsError.BadSignature, info => info with { Signer = 1 });
        RefusedInfo(MlsError.UnknownLeaf, info => info with { Signer = 6 });
        RefusedInfo(MlsError.UnknownLeaf, info => info with { Signer = uint.MaxValue });
        RefusedInfo(MlsError.BadTreeShape, info => info with { Extensions = [] });
    }

    [Fact]
    public void Pre_shared_keys_and_wrong_path_secrets_are_refused()
    {
        PreSharedKeyId psk = new(true, 0, [1], 0, new byte[32]);
        RefusedSecrets(MlsError.UnknownPreSharedKey, welcome, secrets => secrets with { Psks = [psk] });
        // Also where it is held: no call has any.
        byte[] forged = WelcomeForger.Forge(welcome, bundle, call[0].Identity, changeSecrets: secrets => secrets with { Psks = [psk] });
        Refused.With(MlsError.UnknownPreSharedKey, () => WelcomeReceiver.Join(forged, bundle,
            new(GroupPolicy.Dave, Schedule.PreSharedKeys.External([([1], new byte[32])]), null, victim.Expect(_ => true))));
        RefusedSecrets(MlsError.BadCiphertext, welcome, secrets => secrets with { JoinerSecret = new byte[32] });
        RefusedSecrets(MlsError.Malformed, welcome, secrets => secrets with { JoinerSecret = new byte[31] });
        RefusedSecrets(MlsError.BadUpdatePath, welcome, secrets => secrets with { PathSecret = new byte[32] });
        RefusedSecrets(MlsError.BadUpdatePath, withPathSecret, secrets => secrets with { PathSecret = Flip(secrets.PathSecret!) });
        // Of another length it is no secret of this suite, whatever would be derived from it.
        foreach (int length in new[] { 0, 31, 33, 1_000 })
            RefusedSecrets(MlsError.Malformed, withPathSecret, secrets => secrets with { PathSecret = new byte[length] });
    }

    // RFC 9420 §12.4.3.1: the path secret is that of a node above us and the committer, who is another.
    [Fact]
    public void Path_secret_of_our_own_leaf_is_refused_though_its_key_fits()
    {
        byte[] secret = [.. Enumerable.Repeat((byte)7, 32)];
        HpkeKeyPair initKeys = HpkeKeyPair.Generate(), leafKeys = TreeKem.DeriveNodeKeys(secret);
        byte[] package = KeyPackage.Create(victim.Identity, initKeys.PublicKey, leafKeys.PublicKey);
        using KeyPackageBundle derived = new(victim.Identity, package, initKeys, leafKeys);
        byte[] good = WelcomeOf(call.Service.Proposals([DeliveryService.Add(package)]), package);
        byte[] forged = WelcomeForger.Forge(good, derived, victim.Identity, info => info with { Signer = 3 },
            secrets => secrets with { PathSecret = secret }, confirm: true);
        GroupState.Join(good, derived, victim.Expect(_ => true)).Dispose();
        Refused.With(MlsError.BadUpdatePath, () => GroupState.Join(forged, derived, victim.Expect(_ => true)));
    }

    [Fact]
    public void Bytes_behind_what_a_Welcome_encrypts_are_refused()
    {
        MlsIdentity signer = call[0].Identity;
        Refused.With(MlsError.TrailingBytes, () => Join(WelcomeForger.Forge(welcome, bundle, signer, behindInfo: [0])));
        Refused.With(MlsError.TrailingBytes, () => Join(WelcomeForger.Forge(welcome, bundle, signer, behindSecrets: [0])));
        RefusedInfo(MlsError.TrailingBytes, info => WithExtensions(info, [Longer(info.Context.Extensions[0])]));
        RefusedInfo(MlsError.TrailingBytes, info => info with { Extensions = [Longer(info.Extensions[0])] });
        Refused.With(MlsError.TrailingBytes, () => ExternalSender.Parse([.. call.Service.ExternalSender, 0]));

        static Extension Longer(Extension extension) => new(extension.Type, [.. extension.Data, 0]);
    }

    [Fact]
    public void Forged_trees_are_refused()
    {
        RefusedTree(MlsError.OwnLeafMissing, tree => tree.Remove(new LeafIndex(3)));
        RefusedTree(MlsError.BadSignature, tree => tree.SetLeaf(new LeafIndex(3), Replace(tree, 3, signature: new byte[70])));
        RefusedTree(MlsError.DuplicateKey, tree => tree.Add(tree[new LeafIndex(1)]!));
        RefusedTree(MlsError.BadParentHash, tree => tree.SetParent(new NodeIndex(1), SomeParent([])));
        RefusedTree(MlsError.BadUnmergedLeaves, tree => tree.SetParent(new NodeIndex(1), SomeParent([3])));
        RefusedTree(MlsError.BadUnmergedLeaves, tree => tree.SetParent(new NodeIndex(1), SomeParent([9])));
        RefusedTree(MlsError.BadCredential, tree => tree.SetLeaf(new LeafIndex(2), Replace(tree, 2, identity: [1, 2])));
    }

    [Fact]
    public void A_changed_parent_node_is_refused() => RefusedTree(
        MlsError.BadParentHash,
        tree =>
        {
            (NodeIndex index, ParentNode node) = tree.Parents().First();
            tree.SetParent(index, new ParentNode(SomeParent([]).EncryptionKey, node.ParentHash, node.UnmergedLeaves));
        },
        withPathSecret);

    [Fact]
    public void The_same_user_twice_is_refused()
    {
        using MlsIdentity twin = MlsIdentity.Create(2);
        using HpkeKeyPair keys = HpkeKeyPair.Generate();
        RefusedTree(MlsError.DuplicateIdentity, tree => tree.Add(LeafNode.CreateForKeyPackage(twin, keys.PublicKey)));
    }

    public void Dispose()
    {
        victim.Dispose();
        call.Dispose();
    }

    private static byte[] Flip(byte[] bytes) => [(byte)(bytes[0] ^ 1), .. bytes[1..]];

    private static GroupInfo WithExtensions(GroupInfo info, IReadOnlyList<Extension> extensions) =>
        info with { Context = info.Context with { Extensions = extensions } };

    private static ParentNode SomeParent(uint[] unmerged)
    {
        using HpkeKeyPair keys = HpkeKeyPair.Generate();
        return new ParentNode(keys.PublicKey.ToArray(), [], unmerged);
    }

    private static LeafNode Replace(RatchetTree tree, uint index, byte[]? identity = null, byte[]? signature = null)
    {
        LeafNode leaf = tree[new LeafIndex(index)]!;
        using TlsWriter writer = new();
        writer.WriteVector(leaf.EncryptionKey);
        writer.WriteVector(leaf.SignatureKey);
        new Credential(Credential.Basic, identity ?? leaf.Credential.Identity).Write(writer);
        leaf.Capabilities.Write(writer);
        writer.WriteUInt8((byte)leaf.Source);
        writer.WriteUInt64(0);
        writer.WriteUInt64(ulong.MaxValue);
        Extension.WriteAll(writer, leaf.Extensions);
        writer.WriteVector(signature ?? leaf.Signature);
        TlsReader reader = new(writer.Written);
        return LeafNode.Read(ref reader);
    }

    // User 1 makes it in the epoch that stands; nobody follows.
    private byte[] WelcomeOf(byte[] proposals, byte[] package)
    {
        TlsReader reader = new(proposals);
        CommitResult result = call.Group(0).Commit(call.Group(0).ValidateProposals(reader.ReadVector()));
        result.NextState.Dispose();
        return DeliveryService.Narrow(result.Welcome!, package);
    }

    private GroupState Join(byte[] welcome, JoinExpectations? expectations = null) =>
        GroupState.Join(welcome, bundle, expectations ?? victim.Expect(_ => true));

    private void RefusedInfo(MlsError error, Func<GroupInfo, GroupInfo> change) =>
        Refused.With(error, () => Join(WelcomeForger.Forge(welcome, bundle, call[0].Identity, changeInfo: change)));

    private void RefusedSecrets(MlsError error, byte[] welcome, Func<GroupSecrets, GroupSecrets> change) =>
        Refused.With(error, () => Join(WelcomeForger.Forge(welcome, bundle, call[0].Identity, changeSecrets: change)));

    /// <summary>The forger keeps the announced tree hash true, so that only the tree itself can give it away.</summary>
    private void RefusedTree(MlsError error, Action<RatchetTree> change, byte[]? welcome = null)
    {
        GroupInfo Forge(GroupInfo info)
        {
            RatchetTree tree = RatchetTreeCodec.Parse(info.Extensions[0].Data);
            change(tree);
            return info with
            {
                Context = info.Context with { TreeHash = TreeHasher.HashRoot(tree) },
                Extensions = [new Extension(Extension.RatchetTree, RatchetTreeCodec.Encode(tree))],
            };
        }

        Refused.With(error, () => Join(
            WelcomeForger.Forge(welcome ?? this.welcome, bundle, call[0].Identity, changeInfo: Forge)));
    }
}
