using Pipeline.Mls.Group;
using Pipeline.Mls.Tests.Peers;

namespace Pipeline.Mls.Tests.Group;

/// <summary>
/// A call of nothing but our own members: users 1, 2, 3, ... on leaves 0, 1, 2, .... For what must be refused; that the good
/// is right is shown by the vectors and by davey.
/// </summary>
internal sealed class OwnCall : IDisposable
{
    private readonly List<OwnMember> members = [];

    /// <summary>Everyone joins by one commit of user 1.</summary>
    public OwnCall(int members)
    {
        OwnMember first = Prepare(1);
        first.Begin();
        this.members.Add(first);
        Service.Begin(1);
        if (members > 1) Welcome([.. Enumerable.Range(2, members - 1).Select(user => Prepare((ulong)user))]);
    }

    public DeliveryService Service { get; } = new(940_000_000_000_000_001);

    public IReadOnlyList<OwnMember> Members => members;

    public OwnMember this[int leaf] => members[leaf];

    public GroupState Group(int leaf) => members[leaf].Group!;

    /// <summary>A member that is not in the call yet; the caller disposes it unless it is welcomed.</summary>
    public OwnMember Prepare(ulong user) => new(user, Service);

    /// <summary>User 1 adds these and everyone follows. Returns the commit and the Welcome.</summary>
    public CommitResult Welcome(params IReadOnlyList<OwnMember> joining)
    {
        List<byte[]> packages = [.. joining.Select(member => member.Begin())];
        byte[] proposals = Service.Proposals(packages.Select(package => DeliveryService.Add(package)));
        CommitResult result = Commit(proposals);
        HashSet<ulong> everyone = [.. members.Concat(joining).Select(member => member.UserId)];
        for (int i = 0; i < joining.Count; i++) joining[i].Join(DeliveryService.Narrow(result.Welcome!, packages[i]), everyone);
        members.AddRange(joining);
        Service.Advance(joining.Select(member => member.UserId), []);
        return result;
    }

    /// <summary>User 1 commits these and everyone who is there follows; the delivery service is not told.</summary>
    public CommitResult Commit(byte[] proposals)
    {
        CommitResult? result = null;
        foreach (OwnMember member in members)
        {
            CommitResult answer = member.Propose(proposals);
            result ??= answer;
        }

        foreach (OwnMember member in members) member.Follow(result!.Commit);
        return result!;
    }

    /// <summary>The op 27 message of one proposal.</summary>
    public byte[] Sign(ReadOnlySpan<byte> proposal) => Service.Sign(proposal);

    public void Dispose()
    {
        foreach (OwnMember member in members) member.Dispose();
        Service.Dispose();
    }
}
