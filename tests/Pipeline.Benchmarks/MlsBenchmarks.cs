using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Pipeline.Mls.Crypto;
using Pipeline.Mls.Group;
using Pipeline.Mls.Messages;
using Pipeline.Mls.Tree;

namespace Pipeline.Benchmarks;

/// <summary>
/// What a change of members costs in a call of 25: joining by a Welcome, and one epoch as the bot lives it (authenticate the
/// gateway's proposal, make the commit that it must offer, follow the commit that won).
/// </summary>
[MemoryDiagnoser]
public class MlsBenchmarks
{
    private const int MemberCount = 25;
    private const uint Leaving = 13;

    private static readonly byte[] GroupId = [1, 2, 3, 4, 5, 6, 7, 8];

    private readonly ECDsa _gateway = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly MlsIdentity _creator = MlsIdentity.Create(1);
    private readonly MlsIdentity _bot = MlsIdentity.Create(9);
    private KeyPackageBundle _bundle = null!;
    private JoinExpectations _expectations = null!;
    private GroupState _group = null!;
    private byte[] _welcome = [];
    private byte[] _add = [];
    private byte[] _remove = [];
    private byte[] _addCommit = [];
    private byte[] _removeCommit = [];

    [GlobalSetup]
    public void Fill()
    {
        ExternalSender sender = Sender();
        _expectations = new JoinExpectations { GroupId = GroupId, ExternalSender = sender, IsRecognised = _ => true };
        _bundle = KeyPackageBundle.Create(_bot);
        using HpkeKeyPair leafKeys = HpkeKeyPair.Generate();
        GroupState alone = GroupState.Create(GroupId, _creator, leafKeys, sender);
        GroupState crowd = alone.Commit(Adds(alone, 10, MemberCount - 2)).NextState;
        CommitResult ours = crowd.Commit([crowd.ValidateProposal(SignAdd(crowd.Epoch, _bundle.KeyPackage.Span))]);
        _welcome = ours.Welcome!;
        _group = Join();
        using MlsIdentity newcomer = MlsIdentity.Create(100);
        using KeyPackageBundle newPackage = KeyPackageBundle.Create(newcomer);
        _add = SignAdd(_group.Epoch, newPackage.KeyPackage.Span);
        _remove = Sign(_group.Epoch, new RemoveProposal(new LeafIndex(Leaving)));
        _addCommit = ours.NextState.Commit([ours.NextState.ValidateProposal(_add)]).Commit;
        _removeCommit = ours.NextState.Commit([ours.NextState.ValidateProposal(_remove)]).Commit;
    }

    [Benchmark]
    public GroupState Join() => GroupState.Join(_welcome, _bundle, _expectations);

    [Benchmark]
    public GroupState SomebodyJoins() => Change(_add, _addCommit);

    [Benchmark]
    public GroupState SomebodyLeaves() => Change(_remove, _removeCommit);

    [Benchmark]
    public GroupState FollowOnlyAdd() => _group.Apply(_addCommit, [_group.ValidateProposal(_add)]);

    [Benchmark]
    public GroupState FollowOnlyRemove() => _group.Apply(_removeCommit, [_group.ValidateProposal(_remove)]);

    private GroupState Change(byte[] proposal, byte[] commit)
    {
        QueuedProposal queued = _group.ValidateProposal(proposal);
        _group.Commit([queued]).NextState.Dispose();
        return _group.Apply(commit, [queued]);
    }

    private ExternalSender Sender()
    {
        ECPoint point = _gateway.ExportParameters(includePrivateParameters: false).Q;
        return ExternalSender.Parse([0x40, 0x41, 4, .. point.X!, .. point.Y!, 0, 1, 1, 0]);
    }

    private List<QueuedProposal> Adds(GroupState group, ulong firstUser, int count)
    {
        List<QueuedProposal> adds = [];
        for (int i = 0; i < count; i++)
        {
            using MlsIdentity identity = MlsIdentity.Create(firstUser + (ulong)i);
            using KeyPackageBundle bundle = KeyPackageBundle.Create(identity);
            adds.Add(group.ValidateProposal(SignAdd(group.Epoch, bundle.KeyPackage.Span)));
        }

        return adds;
    }

    private byte[] SignAdd(ulong epoch, ReadOnlySpan<byte> keyPackage)
    {
        Mls.Wire.TlsReader reader = new(keyPackage);
        return Sign(epoch, new AddProposal(KeyPackage.Read(ref reader)));
    }

    private byte[] Sign(ulong epoch, Proposal proposal)
    {
        FramedContent content = new(
            GroupId, epoch, new Sender(SenderType.External, 0), [], ContentType.Proposal, proposal, null, null);
        return new PublicMessage(AuthenticatedContent.Sign(content, [], _gateway), null).EncodeMessage();
    }
}
