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
public class MlsBenchmarks : IDisposable
{
    private const int MemberCount = 25;
    private const uint Leaving = 13;

    private readonly MlsGateway gateway = new();
    private readonly MlsIdentity creator = MlsIdentity.Create(1);
    private readonly MlsIdentity bot = MlsIdentity.Create(9);
    private KeyPackageBundle bundle = null!;
    private JoinExpectations expectations = null!;
    private GroupState group = null!;
    private byte[] welcome = [];
    private byte[] add = [];
    private byte[] remove = [];
    private byte[] addCommit = [];
    private byte[] removeCommit = [];

    [GlobalSetup]
    public void Fill()
    {
        ExternalSender sender = gateway.Sender;
        expectations = new JoinExpectations { GroupId = MlsGateway.GroupId, ExternalSender = sender, IsRecognised = _ => true };
        bundle = KeyPackageBundle.Create(bot);
        using HpkeKeyPair leafKeys = HpkeKeyPair.Generate();
        GroupState alone = GroupState.Create(MlsGateway.GroupId, creator, leafKeys, sender);
        GroupState crowd = alone.Commit(gateway.Adds(alone, 10, MemberCount - 2)).NextState;
        CommitResult ours = crowd.Commit([crowd.ValidateProposal(gateway.SignAdd(crowd.Epoch, bundle.KeyPackage.Span))]);
        welcome = ours.Welcome!;
        group = Join();
        using MlsIdentity newcomer = MlsIdentity.Create(100);
        using KeyPackageBundle newPackage = KeyPackageBundle.Create(newcomer);
        add = gateway.SignAdd(group.Epoch, newPackage.KeyPackage.Span);
        remove = gateway.Sign(group.Epoch, new RemoveProposal(new LeafIndex(Leaving)));
        addCommit = ours.NextState.Commit([ours.NextState.ValidateProposal(add)]).Commit;
        removeCommit = ours.NextState.Commit([ours.NextState.ValidateProposal(remove)]).Commit;
    }

    [Benchmark]
    public GroupState Join() => GroupState.Join(welcome, bundle, expectations);

    [Benchmark]
    public GroupState SomebodyJoins() => Change(add, addCommit);

    [Benchmark]
    public GroupState SomebodyLeaves() => Change(remove, removeCommit);

    [Benchmark]
    public GroupState FollowOnlyAdd() => group.Apply(addCommit, [group.ValidateProposal(add)]);

    [Benchmark]
    public GroupState FollowOnlyRemove() => group.Apply(removeCommit, [group.ValidateProposal(remove)]);

    public void Dispose()
    {
        gateway.Dispose();
        GC.SuppressFinalize(this);
    }

    private GroupState Change(byte[] proposal, byte[] commit)
    {
        QueuedProposal queued = group.ValidateProposal(proposal);
        group.Commit([queued]).NextState.Dispose();
        return group.Apply(commit, [queued]);
    }
}
