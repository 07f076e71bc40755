using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tree;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Peers;

/// <summary>Our implementation as one member of a call: what a DAVE session does with it, without its timing.</summary>
internal sealed class OwnMember : IDisposable
{
    private readonly DeliveryService _service;
    private readonly List<QueuedProposal> _queue = [];
    private CommitResult? _commit;

    public OwnMember(ulong userId, DeliveryService service)
    {
        _service = service;
        Identity = MlsIdentity.Create(userId);
        UserId = userId;
    }

    public ulong UserId { get; }

    public MlsIdentity Identity { get; }

    public KeyPackageBundle? KeyPackage { get; private set; }

    public GroupState? Group { get; private set; }

    /// <summary>What has come by op 27 in this epoch.</summary>
    public IReadOnlyList<QueuedProposal> Queue => _queue;

    /// <summary>Begins again: a pending group of one, and a fresh key package to be added by.</summary>
    public byte[] Begin()
    {
        Reset();
        KeyPackage = KeyPackageBundle.Create(Identity);
        using HpkeKeyPair leafKeys = HpkeKeyPair.Generate();
        ExternalSender sender = ExternalSender.Parse(_service.ExternalSender);
        Group = GroupState.Create(_service.GroupId, Identity, leafKeys, sender);
        return KeyPackage.KeyPackage.ToArray();
    }

    /// <summary>Takes an op 27 vector and answers with a commit over everything queued.</summary>
    public CommitResult Propose(byte[] proposals)
    {
        TlsReader reader = new(proposals);
        _queue.AddRange(Group!.ValidateProposals(reader.ReadVector()));
        _commit?.NextState.Dispose();
        _commit = Group.Commit(_queue);
        return _commit;
    }

    public void Follow(byte[] commit)
    {
        bool own = _commit is not null && _commit.Commit.AsSpan().SequenceEqual(commit);
        Enter(own ? _commit!.NextState : Group!.Apply(commit, _queue), keepCommit: own);
    }

    public JoinExpectations Expect(Func<ulong, bool> isRecognised) => new()
    {
        GroupId = _service.GroupId,
        ExternalSender = ExternalSender.Parse(_service.ExternalSender),
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
        if (!keepCommit) _commit?.NextState.Dispose();
        _commit = null;
        _queue.Clear();
        Group?.Dispose();
        Group = next;
    }

    private void Reset()
    {
        _commit?.NextState.Dispose();
        _commit = null;
        _queue.Clear();
        Group?.Dispose();
        Group = null;
        KeyPackage?.Dispose();
        KeyPackage = null;
    }
}
