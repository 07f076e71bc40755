using System.Buffers.Binary;
using System.Security.Cryptography;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Schedule;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Group;

/// <summary>Joins by a Welcome (RFC 9420 §12.4.3.1): everything in it is checked before anything is believed.</summary>
internal static class WelcomeReceiver
{
    /// <summary>What a join goes by; without expectations (vectors of other applications) any group is taken.</summary>
    public sealed record Options(GroupPolicy Policy, PreSharedKeys Psks, byte[]? ExternalTree, JoinExpectations? Expectations);

    public static GroupState Join(ReadOnlySpan<byte> bareWelcome, KeyPackageBundle bundle, Options options)
    {
        Welcome welcome = Welcome.Parse(bareWelcome);
        MlsException.ThrowIf(welcome.Suite != CipherSuite.Id, MlsError.WrongCipherSuite);
        MlsException.ThrowIf(welcome.Secrets.Count > MlsLimits.MaxMembers, MlsError.TooLarge);
        using GroupSecrets secrets = DecryptSecrets(welcome, bundle, options.Policy);
        using Wiped pskSecret = new(options.Psks.ComputeSecret(secrets.Psks));
        using Wiped memberSecret = new(KeySchedule.MemberSecret(secrets.JoinerSecret, pskSecret.Bytes));
        GroupInfo info = DecryptInfo(welcome, memberSecret.Bytes);
        RatchetTree tree = ReadTree(info, options);
        Check(info, tree, options);
        return Enter(info, tree, secrets.PathSecret, memberSecret.Bytes, bundle, options);
    }

    private static GroupSecrets DecryptSecrets(Welcome welcome, KeyPackageBundle bundle, GroupPolicy policy)
    {
        EncryptedGroupSecrets? ours = welcome.Secrets.FirstOrDefault(
            secrets => secrets.NewMember.AsSpan().SequenceEqual(bundle.Reference));
        if (ours is null) throw new MlsException(MlsError.NotForThisKeyPackage);
        using Wiped plain = new(Hpke.DecryptWithLabel(
            bundle.InitKeys, WelcomeMaker.EncryptionLabel, welcome.EncryptedGroupInfo, ours.Encrypted));
        TlsReader reader = new(plain.Bytes);
        GroupSecrets secrets = GroupSecrets.Read(ref reader);
        reader.ExpectEnd();
        // RFC 9420 §7.4, §8: both are KDF.Nh bytes.
        MlsException.ThrowIf(secrets.JoinerSecret.Length != CipherSuite.HashSize, MlsError.Malformed);
        MlsException.ThrowIf(secrets.PathSecret is { Length: not CipherSuite.HashSize }, MlsError.Malformed);
        // DAVE, "Proposal Handling": adds and removes only, so no commit brings a pre-shared key.
        MlsException.ThrowIf(policy.IsDave && secrets.Psks.Count > 0, MlsError.UnknownPreSharedKey);
        return secrets;
    }

    private static GroupInfo DecryptInfo(Welcome welcome, ReadOnlySpan<byte> memberSecret)
    {
        using AeadKey welcomeKey = KeySchedule.WelcomeKey(memberSecret);
        TlsReader reader = new(welcomeKey.Open(welcome.EncryptedGroupInfo));
        GroupInfo info = GroupInfo.Read(ref reader);
        reader.ExpectEnd();
        MlsException.ThrowIf(info.Context.Version != CipherSuite.ProtocolVersion, MlsError.WrongVersion);
        MlsException.ThrowIf(info.Context.Suite != CipherSuite.Id, MlsError.WrongCipherSuite);
        return info;
    }

    private static RatchetTree ReadTree(GroupInfo info, Options options)
    {
        byte[]? data = info.Extensions.FirstOrDefault(extension => extension.Type == Extension.RatchetTree)?.Data;
        return RatchetTreeCodec.Parse(data ?? options.ExternalTree ?? throw new MlsException(MlsError.BadTreeShape));
    }

    private static void Check(GroupInfo info, RatchetTree tree, Options options)
    {
        LeafNode signer = tree[new LeafIndex(info.Signer)] ?? throw new MlsException(MlsError.UnknownLeaf);
        MlsException.ThrowIf(!info.VerifySignature(signer.SignatureKey), MlsError.BadSignature);
        bool sameTree = TreeHasher.HashRoot(tree).AsSpan().SequenceEqual(info.Context.TreeHash);
        MlsException.ThrowIf(!sameTree, MlsError.BadTreeHash);
        if (options.Expectations is { } expectations) CheckExpectations(info.Context, tree, expectations);
        TreeValidator.CheckForJoin(tree, info.Context.GroupId, options.Policy, info.Context.Extensions);
    }

    // DAVE, "Invalid Groups": this channel, exactly one external sender and it is the gateway's, nobody who is not in the call.
    private static void CheckExpectations(GroupContext context, RatchetTree tree, JoinExpectations expectations)
    {
        MlsException.ThrowIf(!context.GroupId.AsSpan().SequenceEqual(expectations.GroupId.Span), MlsError.WrongGroup);
        bool oneExtension = context.Extensions is [{ Type: Extension.ExternalSenders }];
        MlsException.ThrowIf(!oneExtension, MlsError.WrongExtensions);
        IReadOnlyList<ExternalSender> senders = context.Extensions[0].ReadExternalSenders();
        bool ours = senders.Count == 1 && senders[0].IsSameAs(expectations.ExternalSender);
        MlsException.ThrowIf(!ours, MlsError.WrongExtensions);
        foreach ((LeafIndex _, LeafNode leaf) in tree.Members())
        {
            byte[] identity = leaf.Credential.Identity;
            MlsException.ThrowIf(identity.Length != sizeof(ulong), MlsError.BadCredential);
            bool recognised = expectations.IsRecognised(BinaryPrimitives.ReadUInt64BigEndian(identity));
            MlsException.ThrowIf(!recognised, MlsError.UnrecognisedUser);
        }
    }

    private static GroupState Enter(
        GroupInfo info, RatchetTree tree, byte[]? pathSecret, ReadOnlySpan<byte> memberSecret, KeyPackageBundle bundle, Options options)
    {
        LeafIndex own = FindOwnLeaf(tree, bundle);
        TreePrivateKeys keys = new(own, bundle.LeafKeys.Copy());
        EpochSecrets? secrets = null;
        try
        {
            if (pathSecret is not null) ImplantPath(tree, keys, new LeafIndex(info.Signer), pathSecret);
            secrets = EpochSecrets.Derive(memberSecret, info.Context.Encode());
            byte[] tag = secrets.ComputeConfirmationTag(info.Context.ConfirmedTranscriptHash);
            bool confirmed = CryptographicOperations.FixedTimeEquals(tag, info.ConfirmationTag);
            MlsException.ThrowIf(!confirmed, MlsError.BadConfirmationTag);
            return new GroupState(bundle.Identity, new GroupRules(options.Policy, options.Psks), info.Context, tree, keys, secrets, tag);
        }
        catch
        {
            keys.Dispose();
            secrets?.Dispose();
            throw;
        }
    }

    private static LeafIndex FindOwnLeaf(RatchetTree tree, KeyPackageBundle bundle)
    {
        foreach ((LeafIndex index, LeafNode leaf) in tree.Members())
        {
            if (leaf.Encoded.SequenceEqual(bundle.Package.Leaf.Encoded)) return index;
        }

        throw new MlsException(MlsError.OwnLeafMissing);
    }

    // RFC 9420 §12.4.3.1: the path secret is that of the lowest node above both us and the committer.
    private static void ImplantPath(RatchetTree tree, TreePrivateKeys keys, LeafIndex signer, byte[] pathSecret)
    {
        MlsException.ThrowIf(signer == keys.Own, MlsError.BadUpdatePath);
        new Wiped(TreeKem.Implant(tree, keys, TreeMath.CommonAncestor(keys.Own, signer), [.. pathSecret])).Dispose();
    }
}

/// <summary>What a Welcome must say to be taken.</summary>
public sealed record JoinExpectations
{
    /// <summary>The group's id: the channel id as 8 bytes, big-endian.</summary>
    public required ReadOnlyMemory<byte> GroupId { get; init; }

    /// <summary>The only entry that the group's external senders extension may have.</summary>
    public required ExternalSender ExternalSender { get; init; }

    /// <summary>Asked once for each member's user id; false refuses the Welcome.</summary>
    public required Func<ulong, bool> IsRecognised { get; init; }
}
