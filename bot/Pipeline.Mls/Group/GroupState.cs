using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;

namespace Pipeline.Mls.Group;

/// <summary>
/// One epoch of one group as one of its members sees it (RFC 9420 §8, §12). Immutable: what changes the group returns the
/// next epoch, or throws <see cref="MlsException"/> and leaves this one as it was. Disposing wipes its secrets; epochs
/// share none. One thread at a time.
/// </summary>
public sealed class GroupState : IDisposable
{
    /// <summary>The group's id.</summary>
    public ReadOnlyMemory<byte> GroupId => throw new NotSupportedException();

    /// <summary>0 for a group just created.</summary>
    public ulong Epoch => throw new NotSupportedException();

    /// <summary>32 bytes (RFC 9420 §7.8).</summary>
    public ReadOnlyMemory<byte> TreeHash => throw new NotSupportedException();

    /// <summary>32 bytes; empty in epoch 0 (RFC 9420 §8.2).</summary>
    public ReadOnlyMemory<byte> ConfirmedTranscriptHash => throw new NotSupportedException();

    /// <summary>32 bytes that every member of this epoch and nobody else has (RFC 9420 §8.7).</summary>
    public ReadOnlyMemory<byte> EpochAuthenticator => throw new NotSupportedException();

    /// <summary>Our place in the tree.</summary>
    public uint OwnLeafIndex => throw new NotSupportedException();

    /// <summary>Every member, by leaf index.</summary>
    public IReadOnlyList<GroupMember> Members => throw new NotSupportedException();

    /// <summary>A new group with nobody but us, epoch 0 (RFC 9420 §11).</summary>
    public static GroupState Create(
        ReadOnlySpan<byte> groupId, MlsIdentity identity, HpkeKeyPair leafKeys, ExternalSender externalSender) =>
        throw new NotSupportedException();

    /// <summary>Joins by a bare Welcome (RFC 9420 §12.4.3.1).</summary>
    public static GroupState Join(
        ReadOnlySpan<byte> welcome, KeyPackageBundle keyPackage, JoinExpectations expectations) =>
        throw new NotSupportedException();

    /// <summary>
    /// Authenticates concatenated MLSMessages, each a proposal for this epoch (RFC 9420 §12.1.8); all of them or
    /// <see cref="MlsException"/>. Whether an added user is recognised is the caller's to ask.
    /// </summary>
    public IReadOnlyList<QueuedProposal> ValidateProposals(ReadOnlySpan<byte> messages) => throw new NotSupportedException();

    /// <summary>Authenticates exactly one proposal.</summary>
    public QueuedProposal ValidateProposal(ReadOnlySpan<byte> message) => throw new NotSupportedException();

    /// <summary>As <see cref="ValidateProposal"/>, with the refusal as a value.</summary>
    public bool TryParseProposal(ReadOnlySpan<byte> message, out QueuedProposal? proposal, out MlsError? error) =>
        throw new NotSupportedException();

    /// <summary>
    /// Commits these proposals, in order (RFC 9420 §12.4.1): without a path when all are adds, with one otherwise.
    /// <see cref="MlsError.RemovesOurselves"/> when one of them removes us: send no commit then.
    /// </summary>
    public CommitResult Commit(IReadOnlyList<QueuedProposal> proposals) => throw new NotSupportedException();

    /// <summary>
    /// The epoch after another member's commit, an MLSMessage (RFC 9420 §12.4.2). <paramref name="proposals"/> are those
    /// it may refer to. Our own commit is <see cref="MlsError.OwnCommit"/>: adopt <see cref="CommitResult.NextState"/>.
    /// </summary>
    public GroupState Apply(ReadOnlySpan<byte> commitMessage, IReadOnlyCollection<QueuedProposal> proposals) =>
        throw new NotSupportedException();

    /// <summary>A secret for the application (RFC 9420 §8.5): depends on this epoch, the label and the context.</summary>
    public byte[] Export(string label, ReadOnlySpan<byte> context, int length) => throw new NotSupportedException();

    public void Dispose()
    {
    }
}
