using System.Buffers.Binary;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Dave.Session;

/// <summary>
/// The MLS side of a voice session: identity, key package, the group of one that others may be added to, the established
/// group, and the proposals that wait. Knows nothing of transitions and frames. Throws <see cref="Mls.Wire.MlsException"/> for
/// peers' bytes and stays as it was.
/// </summary>
internal sealed class GroupKeeper(ulong channelId, ulong selfUserId) : IDisposable
{
    private const byte AppendProposals = 0;
    private const byte RevokeProposals = 1;

    /// <summary>
    /// An add costs 2 ms, and the control loop makes commits: heartbeats wait meanwhile. A voice channel takes 99 people; where more are
    /// proposed at once, another member's commit decides.
    /// </summary>
    private const int LargestCommit = 100;

    private readonly MlsIdentity identity = MlsIdentity.Create(selfUserId);
    private readonly byte[] groupId = BigEndian(channelId);
    private readonly ProposalQueue queue = new();
    private KeyPackageBundle? keyPackage;
    private ExternalSender? externalSender;
    private GroupState? pending;

    /// <summary>The established group, or null.</summary>
    public GroupState? Group { get; private set; }

    /// <summary>The key package by which we wait to be put into a group; null when none is out.</summary>
    public ReadOnlyMemory<byte>? KeyPackage => keyPackage?.KeyPackage;

    /// <summary>65 bytes, stable for the voice session.</summary>
    public ReadOnlyMemory<byte> SignatureKey { get; private set; }

    /// <summary>Proposals wait for a commit.</summary>
    public bool HasProposals => queue.Proposals.Count > 0;

    /// <summary>Proposals can be applied to something.</summary>
    public bool HasBase => (Group ?? pending) is not null;

    /// <summary>Leaves every group and makes a new key package, which is to be sent.</summary>
    public ReadOnlyMemory<byte> Restart()
    {
        Leave();
        keyPackage = KeyPackageBundle.Create(identity);
        SignatureKey = identity.SignatureKey.ToArray();
        RebuildPending();
        return keyPackage.KeyPackage;
    }

    /// <summary>Out of every group; the external sender stays known.</summary>
    public void Leave()
    {
        DropGroup();
        DropPending();
        keyPackage?.Dispose();
        keyPackage = null;
    }

    /// <summary>Out of the established group only: a pending one may still be called upon.</summary>
    public void DropGroup()
    {
        if (Group is null) return;
        queue.Clear();
        Group.Dispose();
        Group = null;
    }

    /// <summary>Op 25. Not while a group is established, whose external sender is fixed.</summary>
    public void SetExternalSender(ReadOnlySpan<byte> encoded)
    {
        ExternalSender announced = ExternalSender.Parse(encoded);
        if (externalSender is not null && externalSender.IsSameAs(announced)) return;
        externalSender = announced;
        RebuildPending();
    }

    /// <summary>
    /// Op 27. True: what the next commit must cover changed, or was only repeated; false: it holds nothing to commit.
    /// </summary>
    /// <param name="payload"><c>u8 0 || MLSMessage&lt;V&gt;</c> or <c>u8 1 || ProposalRef&lt;V&gt;</c>.</param>
    /// <param name="mayJoin">Whether the gateway has announced a user that is to be added.</param>
    public ProposalsOutcome Take(ReadOnlySpan<byte> payload, Func<ulong, bool> mayJoin)
    {
        TlsReader reader = new(payload);
        byte operation = reader.ReadUInt8();
        ReadOnlySpan<byte> body = reader.ReadVector();
        reader.ExpectEnd();
        return operation switch
        {
            AppendProposals => Append(body, mayJoin),
            RevokeProposals => Revoke(body),
            _ => throw new Mls.Wire.MlsException(Mls.Wire.MlsError.Malformed),
        };
    }

    /// <summary>A commit over all waiting proposals, as op 28 carries it; null when none wait.</summary>
    public byte[]? MakeCommit()
    {
        if (queue.Proposals.Count == 0) return null;
        if (queue.Proposals.Count > LargestCommit) throw new MlsException(MlsError.TooLarge);
        CommitResult made = (Group ?? pending)!.Commit(queue.Proposals);
        queue.Made(made);
        return Op28(made);
    }

    /// <summary>The commit that was sent last, to be sent again.</summary>
    public byte[]? RepeatCommit() => queue.Latest is null ? MakeCommit() : Op28(queue.Latest);

    /// <summary>Op 29. False: another member's first commit, which a pending member cannot follow.</summary>
    public bool FollowCommit(ReadOnlySpan<byte> commit)
    {
        GroupState? next = queue.TakeOwn(commit);
        if (next is null && Group is null) return false;
        next ??= Group!.Apply(commit, queue.Proposals);
        Adopt(next);
        return true;
    }

    /// <summary>Op 30.</summary>
    public void Join(ReadOnlySpan<byte> welcome, Func<ulong, bool> isRecognised)
    {
        // The gateway sends Welcomes to those that wait for one; a member of a group does not (DAVE protocol, "dave_mls_welcome").
        if (Group is not null || keyPackage is null || externalSender is null)
            throw new Mls.Wire.MlsException(Mls.Wire.MlsError.WrongMessageType);
        JoinExpectations expectations = new() { GroupId = groupId, ExternalSender = externalSender, IsRecognised = isRecognised };
        Adopt(GroupState.Join(welcome, keyPackage, expectations));
    }

    public void Dispose()
    {
        Leave();
        identity.Dispose();
    }

    private ProposalsOutcome Append(ReadOnlySpan<byte> messages, Func<ulong, bool> mayJoin)
    {
        // What would not be queued is not checked either: a thousand adds would keep the control loop for most of a second.
        if (!GroupState.ReadAddedUsers(messages, ProposalQueue.MostProposals).All(mayJoin)) return ProposalsOutcome.UnannouncedUser;
        return queue.Append((Group ?? pending)!.ValidateProposals(messages)) ? ProposalsOutcome.Changed : ProposalsOutcome.Repeated;
    }

    private ProposalsOutcome Revoke(ReadOnlySpan<byte> references)
    {
        List<ProposalReference> revoked = [];
        TlsReader reader = new(references);
        while (!reader.IsAtEnd) revoked.Add(new ProposalReference(reader.ReadVector()));
        int known = revoked.Count(queue.Revoke);
        return known == revoked.Count ? ProposalsOutcome.Changed : ProposalsOutcome.UnknownReference;
    }

    private void Adopt(GroupState next)
    {
        DropGroup();
        DropPending();
        keyPackage?.Dispose();
        keyPackage = null;
        Group = next;
    }

    private void RebuildPending()
    {
        DropPending();
        if (keyPackage is null || externalSender is null) return;
        using HpkeKeyPair leafKeys = HpkeKeyPair.Generate();
        pending = GroupState.Create(groupId, identity, leafKeys, externalSender);
    }

    private void DropPending()
    {
        if (pending is null) return;
        queue.Clear();
        pending.Dispose();
        pending = null;
    }

    private static byte[] Op28(CommitResult made) => [.. made.Commit, .. made.Welcome ?? []];

    private static byte[] BigEndian(ulong value)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }
}
