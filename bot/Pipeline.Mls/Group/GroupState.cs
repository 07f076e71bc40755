using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Schedule;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Group;

/// <summary>
/// One epoch of one group as one of its members sees it (RFC 9420 §8, §12). Immutable: what changes the group returns the
/// next epoch, or throws <see cref="MlsException"/> and leaves this one as it was. Disposing wipes its secrets; epochs
/// share none. One thread at a time.
/// </summary>
public sealed class GroupState : IDisposable
{
    private IReadOnlyList<GroupMember>? members;
    private bool disposed;

    /// <summary>Takes tree, keys and secrets over.</summary>
    internal GroupState(
        MlsIdentity identity,
        GroupRules rules,
        GroupContext context,
        RatchetTree tree,
        TreePrivateKeys keys,
        EpochSecrets secrets,
        ReadOnlySpan<byte> confirmationTag)
    {
        Identity = identity;
        Policy = rules.Policy;
        // DAVE has no pre-shared keys, so no epoch leaves one behind.
        Psks = rules.Policy.IsDave ? rules.Psks : rules.Psks.WithResumption(context, secrets.ResumptionPsk);
        Context = context;
        ContextBytes = context.Encode();
        Tree = tree;
        Keys = keys;
        Secrets = secrets;
        InterimTranscriptHash = TranscriptHash.Interim(context.ConfirmedTranscriptHash, confirmationTag);
    }

    public ReadOnlyMemory<byte> GroupId => Context.GroupId;

    /// <summary>0 for a group just created.</summary>
    public ulong Epoch => Context.Epoch;

    /// <summary>32 bytes (RFC 9420 §7.8).</summary>
    public ReadOnlyMemory<byte> TreeHash => Context.TreeHash;

    /// <summary>32 bytes; empty in epoch 0 (RFC 9420 §8.2).</summary>
    public ReadOnlyMemory<byte> ConfirmedTranscriptHash => Context.ConfirmedTranscriptHash;

    /// <summary>32 bytes that every member of this epoch and nobody else has (RFC 9420 §8.7); zeros once disposed.</summary>
    public ReadOnlyMemory<byte> EpochAuthenticator => Secrets.Authenticator;

    /// <summary>Our place in the tree.</summary>
    public uint OwnLeafIndex => Keys.Own.Value;

    /// <summary>Every member, by leaf index.</summary>
    public IReadOnlyList<GroupMember> Members => members ??=
        [.. Tree.Members().Select(static member => new GroupMember(
            member.Index.Value, member.Leaf.Credential.Identity, member.Leaf.SignatureKey))];

    internal MlsIdentity Identity { get; }

    internal GroupPolicy Policy { get; }

    internal PreSharedKeys Psks { get; }

    internal GroupContext Context { get; }

    /// <summary>The encoded group context: signed with every member's message.</summary>
    internal byte[] ContextBytes { get; }

    internal RatchetTree Tree { get; }

    internal TreePrivateKeys Keys { get; }

    internal EpochSecrets Secrets { get; }

    internal byte[] InterimTranscriptHash { get; }

    /// <summary>
    /// A new group with nobody but us, epoch 0 (RFC 9420 §11), with DAVE's policy and this one external sender. The caller
    /// keeps <paramref name="leafKeys"/>, of which the group takes a copy.
    /// </summary>
    public static GroupState Create(
        ReadOnlySpan<byte> groupId, MlsIdentity identity, HpkeKeyPair leafKeys, ExternalSender externalSender)
    {
        RatchetTree tree = new(LeafNode.CreateForKeyPackage(identity, leafKeys.PublicKey));
        GroupContext context = new(
            groupId.ToArray(), 0, TreeHasher.HashRoot(tree), [], [Extension.ForExternalSenders([externalSender])]);
        EpochSecrets secrets = EpochSecrets.CreateFirst();
        TreePrivateKeys keys = new(new LeafIndex(0), leafKeys.Copy());
        byte[] tag = secrets.ComputeConfirmationTag([]);
        return new GroupState(identity, new GroupRules(GroupPolicy.Dave, PreSharedKeys.None), context, tree, keys, secrets, tag);
    }

    /// <summary>Joins by a bare Welcome (RFC 9420 §12.4.3.1), with DAVE's policy.</summary>
    public static GroupState Join(
        ReadOnlySpan<byte> welcome, KeyPackageBundle keyPackage, JoinExpectations expectations) =>
        WelcomeReceiver.Join(welcome, keyPackage, new(GroupPolicy.Dave, PreSharedKeys.None, null, expectations));

    /// <summary>
    /// Authenticates concatenated MLSMessages, each a proposal for this epoch (RFC 9420 §12.1.8); all of them or
    /// <see cref="MlsException"/>. Whether an added user is recognised is the caller's to ask.
    /// </summary>
    public IReadOnlyList<QueuedProposal> ValidateProposals(ReadOnlySpan<byte> messages)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        MlsLimits.CheckMessage(messages);
        TlsReader reader = new(messages);
        List<QueuedProposal> proposals = [];
        while (!reader.IsAtEnd)
        {
            MlsException.ThrowIf(proposals.Count == MlsLimits.MaxMembers, MlsError.TooLarge);
            proposals.Add(ProposalReceiver.Receive(this, ref reader));
        }

        return proposals;
    }

    /// <summary>
    /// Whom concatenated proposals would add, by DAVE's credentials; nothing is authenticated. An add has three signatures, so this is
    /// what tells beforehand whether checking them is worth it.
    /// </summary>
    /// <exception cref="MlsException">TooLarge: more than <paramref name="most"/> proposals.</exception>
    public static IReadOnlyList<ulong> ReadAddedUsers(ReadOnlySpan<byte> messages, int most)
    {
        MlsLimits.CheckMessage(messages);
        TlsReader reader = new(messages);
        List<ulong> added = [];
        for (int count = 0; !reader.IsAtEnd; count++)
        {
            MlsException.ThrowIf(count == most, MlsError.TooLarge);
            if (PublicMessage.ReadMessage(ref reader).Content.Proposal is not AddProposal add) continue;
            byte[] identity = add.KeyPackage.Leaf.Credential.Identity;
            MlsException.ThrowIf(identity.Length != sizeof(ulong), MlsError.BadCredential);
            added.Add(BinaryPrimitives.ReadUInt64BigEndian(identity));
        }

        return added;
    }

    /// <summary>Authenticates exactly one proposal, an MLSMessage.</summary>
    public QueuedProposal ValidateProposal(ReadOnlySpan<byte> message)
    {
        IReadOnlyList<QueuedProposal> proposals = ValidateProposals(message);
        return proposals.Count == 1 ? proposals[0] : throw new MlsException(MlsError.Malformed);
    }

    /// <summary>As <see cref="ValidateProposal"/>, with the refusal as a value.</summary>
    public bool TryParseProposal(
        ReadOnlySpan<byte> message, [NotNullWhen(true)] out QueuedProposal? proposal, [NotNullWhen(false)] out MlsError? error)
    {
        try
        {
            proposal = ValidateProposal(message);
            error = null;
            return true;
        }
        catch (MlsException exception)
        {
            proposal = null;
            error = exception.Error;
            return false;
        }
    }

    /// <summary>
    /// Commits these proposals, in order (RFC 9420 §12.4.1): without a path when all are adds, with one otherwise.
    /// <see cref="MlsError.RemovesOurselves"/> when one of them removes us: send no commit then.
    /// </summary>
    public CommitResult Commit(IReadOnlyList<QueuedProposal> proposals)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return CommitMaker.Make(this, proposals);
    }

    /// <summary>
    /// The epoch after another member's commit, an MLSMessage (RFC 9420 §12.4.2). <paramref name="proposals"/> are those
    /// it may refer to. Our own commit is <see cref="MlsError.OwnCommit"/>: adopt <see cref="CommitResult.NextState"/>.
    /// </summary>
    public GroupState Apply(ReadOnlySpan<byte> commitMessage, IReadOnlyCollection<QueuedProposal> proposals)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return CommitReceiver.Apply(this, commitMessage, proposals);
    }

    /// <summary>A secret for the application (RFC 9420 §8.5): depends on this epoch, the label and the context.</summary>
    public byte[] Export(string label, ReadOnlySpan<byte> context, int length)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return Secrets.Export(label, context, length);
    }

    public void Dispose()
    {
        disposed = true;
        Keys.Dispose();
        Secrets.Dispose();
    }

    /// <summary>RFC 9420 §6.1, §6.2: a message of this epoch from a member: tag first, because it costs least.</summary>
    internal void AuthenticateMember(PublicMessage message)
    {
        LeafNode sender = Tree[new LeafIndex(message.Content.Sender.Index)]
            ?? throw new MlsException(MlsError.WrongSender);
        MlsException.ThrowIf(
            !message.VerifyMembershipTag(Secrets.MembershipKey, ContextBytes), MlsError.BadMembershipTag);
        MlsException.ThrowIf(
            !message.Authenticated.VerifySignature(sender.SignatureKey, ContextBytes), MlsError.BadSignature);
    }
}

/// <summary>
/// Our commit and the epoch it leads to. Adopt <see cref="NextState"/> when the delivery service announces exactly
/// <see cref="Commit"/>; dispose it when another commit wins.
/// </summary>
/// <param name="Commit">An MLSMessage.</param>
/// <param name="Welcome">A bare Welcome for everyone the commit adds; null when it adds nobody.</param>
/// <param name="NextState">The next epoch.</param>
public sealed record CommitResult(byte[] Commit, byte[]? Welcome, GroupState NextState);

/// <summary>One member of an epoch.</summary>
/// <param name="LeafIndex">Its place in the tree; stable while it stays, reused after it left.</param>
/// <param name="Identity">The basic credential's identity; 8 bytes under <see cref="GroupPolicy.Dave"/>.</param>
/// <param name="SignatureKey">65 bytes: an uncompressed P-256 point.</param>
public sealed record GroupMember(uint LeafIndex, ReadOnlyMemory<byte> Identity, ReadOnlyMemory<byte> SignatureKey)
{
    /// <summary>The identity as a Discord user id; the policy guarantees its 8 bytes.</summary>
    public ulong UserId => BinaryPrimitives.ReadUInt64BigEndian(Identity.Span);
}
