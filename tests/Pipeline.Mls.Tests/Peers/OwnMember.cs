using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Tests.Peers;

/// <summary>Our implementation as one member of a call: what a DAVE session does with it, without its timing.</summary>
internal sealed class OwnMember : IDisposable
{
    private readonly DeliveryService _service;
    private readonly MlsIdentity _identity;
    private readonly List<QueuedProposal> _queue = [];
    private KeyPackageBundle? _keyPackage;
    private CommitResult? _commit;

    public OwnMember(ulong userId, DeliveryService service)
    {
        _service = service;
        _identity = MlsIdentity.Create(userId);
        UserId = userId;
    }

    public ulong UserId { get; }

    public GroupState? Group { get; private set; }

    /// <summary>Begins anew: a pending group of one, and a fresh key package to be added by.</summary>
    public byte[] Begin()
    {
        Reset();
        _keyPackage = KeyPackageBundle.Create(_identity);
        using HpkeKeyPair leafKeys = HpkeKeyPair.Generate();
        ExternalSender sender = ExternalSender.Parse(_service.ExternalSender);
        Group = GroupState.Create(_service.GroupId, _identity, leafKeys, sender);
        return _keyPackage.KeyPackage.ToArray();
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

    public void Join(byte[] welcome, IReadOnlySet<ulong> recognised) => Enter(
        GroupState.Join(welcome, _keyPackage!, new JoinExpectations
        {
            GroupId = _service.GroupId,
            ExternalSender = ExternalSender.Parse(_service.ExternalSender),
            IsRecognised = recognised.Contains,
        }),
        keepCommit: false);

    public void Dispose()
    {
        Reset();
        _identity.Dispose();
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
        _keyPackage?.Dispose();
        _keyPackage = null;
    }
}
