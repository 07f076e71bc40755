using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Peers;

/// <summary>Our implementation as one member of a call: what a DAVE session does with it, without its timing.</summary>
internal sealed class OwnMember : IDisposable
{
    private readonly DeliveryService service;
    private readonly List<QueuedProposal> queue = [];
    private CommitResult? commit;

    public OwnMember(ulong userId, DeliveryService service)
    {
        this.service = service;
        Identity = MlsIdentity.Create(userId);
        UserId = userId;
    }

    public ulong UserId { get; }

    public MlsIdentity Identity { get; }

    public KeyPackageBundle? KeyPackage { get; private set; }

    public GroupState? Group { get; private set; }

    /// <summary>What has come by op 27 in this epoch.</summary>
    public IReadOnlyList<QueuedProposal> Queue => queue;

    /// <summary>Begins again: a pending group of one, and a fresh key package to be added by.</summary>
    public byte[] Begin()
    {
        Reset();
        KeyPackage = KeyPackageBundle.Create(Identity);
        using HpkeKeyPair leafKeys = HpkeKeyPair.Generate();
        ExternalSender sender = ExternalSender.Parse(service.ExternalSender);
        Group = GroupState.Create(service.GroupId, Identity, leafKeys, sender);
        return KeyPackage.KeyPackage.ToArray();
    }

    /// <summary>Takes an op 27 vector and answers with a commit over everything queued.</summary>
    public CommitResult Propose(byte[] proposals)
    {
        TlsReader reader = new(proposals);
        queue.AddRange(Group!.ValidateProposals(reader.ReadVector()));
        commit?.NextState.Dispose();
        commit = Group.Commit(queue);
        return commit;
    }

    public void Follow(byte[] commit)
    {
        bool own = this.commit is not null && this.commit.Commit.AsSpan().SequenceEqual(commit);
        Enter(own ? this.commit!.NextState : Group!.Apply(commit, queue), keepCommit: own);
    }

    public JoinExpectations Expect(Func<ulong, bool> isRecognised) => new()
    {
        GroupId = service.GroupId,
        ExternalSender = ExternalSender.Parse(service.ExternalSender),
        IsRecognised = isRecognised,
    };

    public void Join(byte[] welcome, IReadOnlySet<ulong> recognised) =>
        Enter(GroupState.Join(welcome, KeyPackage!, Expect(recognised.Contains)), keepCommit: false);

    public void Dispose()
    {
        Reset();
        Identity.Dispose();
    }

    private void Enter(GroupState next, bool keepCommit)
    {
        if (!keepCommit) commit?.NextState.Dispose();
        commit = null;
        queue.Clear();
        Group?.Dispose();
        Group = next;
    }

    private void Reset()
    {
        commit?.NextState.Dispose();
        commit = null;
        queue.Clear();
        Group?.Dispose();
        Group = null;
        KeyPackage?.Dispose();
        KeyPackage = null;
    }
}
