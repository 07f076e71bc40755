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

    private readonly ECDsa gateway = ECDsa.Create(ECCurve.NamedCurves.nistP256);
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
        ExternalSender sender = Sender();
        expectations = new JoinExpectations { GroupId = GroupId, ExternalSender = sender, IsRecognised = _ => true };
        bundle = KeyPackageBundle.Create(bot);
        using HpkeKeyPair leafKeys = HpkeKeyPair.Generate();
        GroupState alone = GroupState.Create(GroupId, creator, leafKeys, sender);
        GroupState crowd = alone.Commit(Adds(alone, 10, MemberCount - 2)).NextState;
        CommitResult ours = crowd.Commit([crowd.ValidateProposal(SignAdd(crowd.Epoch, bundle.KeyPackage.Span))]);
        welcome = ours.Welcome!;
        group = Join();
        using MlsIdentity newcomer = MlsIdentity.Create(100);
        using KeyPackageBundle newPackage = KeyPackageBundle.Create(newcomer);
        add = SignAdd(group.Epoch, newPackage.KeyPackage.Span);
        remove = Sign(group.Epoch, new RemoveProposal(new LeafIndex(Leaving)));
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

    private GroupState Change(byte[] proposal, byte[] commit)
    {
        QueuedProposal queued = group.ValidateProposal(proposal);
        group.Commit([queued]).NextState.Dispose();
        return group.Apply(commit, [queued]);
    }

    private ExternalSender Sender()
    {
        ECPoint point = gateway.ExportParameters(includePrivateParameters: false).Q;
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
        return new PublicMessage(AuthenticatedContent.Sign(content, [], gateway), null).EncodeMessage();
    }
}
