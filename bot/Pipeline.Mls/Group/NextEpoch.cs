using System.Security.Cryptography;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Schedule;
using Pipeline.Mls.Tree;

namespace Pipeline.Mls.Group;

/// <summary>
/// The key schedule of the epoch that a commit leads to (RFC 9420 §8, §12.4), the same for who makes and who receives it.
/// Disposing wipes its secrets, but for those that a state took over.
/// </summary>
internal sealed class NextEpoch : IDisposable
{
    private bool isTaken;

    private NextEpoch(GroupContext context, byte[] joinerSecret, byte[] memberSecret, EpochSecrets secrets)
    {
        Context = context;
        JoinerSecret = joinerSecret;
        MemberSecret = memberSecret;
        Secrets = secrets;
        ConfirmationTag = secrets.ComputeConfirmationTag(context.ConfirmedTranscriptHash);
    }

    public GroupContext Context { get; }

    public byte[] JoinerSecret { get; }

    public byte[] MemberSecret { get; }

    public EpochSecrets Secrets { get; }

    public byte[] ConfirmationTag { get; }

    /// <summary>
    /// RFC 9420 §12.4.1: what a path is encrypted with: the next epoch and the new tree, but the transcript so far.
    /// </summary>
    public static GroupContext ProvisionalContext(GroupState group, RatchetTree tree, ProposalList proposals) => new(
        group.Context.GroupId,
        group.Epoch + 1,
        TreeHasher.HashRoot(tree),
        group.Context.ConfirmedTranscriptHash,
        proposals.Extensions ?? group.Context.Extensions);

    /// <summary>Wipes the commit secret.</summary>
    public static NextEpoch Compute(
        GroupState group, GroupContext provisional, AuthenticatedContent commit, byte[] commitSecret, ProposalList proposals)
    {
        using Wiped pskSecret = new(group.Psks.ComputeSecret(proposals.Psks));
        byte[] confirmed = TranscriptHash.Confirmed(group.InterimTranscriptHash, commit);
        GroupContext context = provisional with { ConfirmedTranscriptHash = confirmed };
        byte[] encoded = context.Encode();
        byte[] joiner = KeySchedule.JoinerSecret(group.Secrets.Init, commitSecret, encoded);
        byte[] member = KeySchedule.MemberSecret(joiner, pskSecret.Bytes);
        CryptographicOperations.ZeroMemory(commitSecret);
        return new NextEpoch(context, joiner, member, EpochSecrets.Derive(member, encoded));
    }

    /// <summary>The state of this epoch; takes keys and secrets over.</summary>
    public GroupState ToState(GroupState before, RatchetTree tree, TreePrivateKeys keys)
    {
        isTaken = true;
        return new(before.Identity, new GroupRules(before.Policy, before.Psks), Context, tree, keys, Secrets, ConfirmationTag);
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(JoinerSecret);
        CryptographicOperations.ZeroMemory(MemberSecret);
        if (!isTaken) Secrets.Dispose();
    }
}
