using System.Text.Json.Nodes;
using Pipeline.Mls.Group;
using Pipeline.TestKit;

namespace Pipeline.Mls.Tests.Peers;

/// <summary>
/// A call with our member and davey's. Each change is one epoch: proposals to all, every member commits, one commit wins, all
/// follow or join, and all must agree.
/// </summary>
internal sealed class PeerCall : IAsyncDisposable
{
    public const ulong Us = 9;

    private readonly DaveyProcess davey = DaveyProcess.Start();
    private readonly DeliveryService service = new(940_000_000_000_000_001);
    private readonly OwnMember us;
    private readonly HashSet<ulong> recognised = [];

    public PeerCall() => us = new OwnMember(Us, service);

    public GroupState? OurGroup => us.Group;

    public IEnumerable<ulong> Members => service.Leaves.OfType<ulong>();

    public ulong Epoch => service.Epoch;

    /// <summary>Epoch 0 to 1: everyone has a group of one, the creator's commit wins.</summary>
    public async Task BeginAsync(ulong creator, params IReadOnlyList<ulong> others)
    {
        Dictionary<ulong, byte[]> packages = await PrepareAsync([creator, .. others]);
        service.Begin(creator);
        byte[]? commit = null;
        byte[]? welcome = null;
        foreach (ulong user in (IEnumerable<ulong>)[creator, .. others])
        {
            // Each pending member is told of all the others and answers; only the creator's answer counts.
            byte[] proposals = service.Proposals(
                packages.Where(entry => entry.Key != user).Select(entry => DeliveryService.Add(entry.Value)));
            (byte[] answer, byte[]? theirWelcome) = (await ProposeAsync([user], proposals))[user];
            if (user == creator) (commit, welcome) = (answer, theirWelcome);
        }

        service.Advance(others, []);
        await FollowAsync([creator], commit!);
        await JoinAsync(packages.Where(entry => entry.Key != creator), welcome!);
        await AgreeAsync();
    }

    /// <summary>One epoch: some join, some leave, and <paramref name="committer"/> wins.</summary>
    public async Task ChangeAsync(IReadOnlyList<ulong> joining, IReadOnlyList<ulong> leaving, ulong committer)
    {
        Dictionary<ulong, byte[]> packages = await PrepareAsync(joining);
        byte[] proposals = service.Proposals(
            leaving.Select(service.RemoveUser).Concat(packages.Values.Select(package => DeliveryService.Add(package))));
        List<ulong> staying = [.. Members.Except(leaving)];
        (byte[] commit, byte[]? welcome) = (await ProposeAsync(staying, proposals))[committer];
        service.Advance(joining, leaving);
        await FollowAsync(staying, commit);
        if (welcome is not null) await JoinAsync(packages, welcome);
        foreach (ulong user in leaving) recognised.Remove(user);
        await AgreeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        us.Dispose();
        service.Dispose();
        await davey.DisposeAsync();
    }

    private static ulong[] Theirs(IEnumerable<ulong> users) => [.. users.Where(user => user != Us)];

    private async Task<Dictionary<ulong, byte[]>> PrepareAsync(IReadOnlyList<ulong> users)
    {
        ulong[] theirs = Theirs(users);
        recognised.UnionWith(users);
        await davey.CallEachAsync(theirs, "new", service.ChannelId);
        await davey.CallEachAsync(theirs, "setExternalSender", service.ExternalSender);
        IReadOnlyList<JsonNode?> made = await davey.CallEachAsync(theirs, "getSerializedKeyPackage");
        Dictionary<ulong, byte[]> byUser = [];
        for (int i = 0; i < theirs.Length; i++) byUser[theirs[i]] = DaveyProcess.Bytes(made[i])!;
        if (users.Contains(Us)) byUser[Us] = us.Begin();
        return users.ToDictionary(user => user, user => byUser[user]);
    }

    private async Task<Dictionary<ulong, (byte[] Commit, byte[]? Welcome)>> ProposeAsync(IEnumerable<ulong> users, byte[] proposals)
    {
        ulong[] theirs = Theirs(users);
        IReadOnlyList<JsonNode?> answers = await davey.CallEachAsync(theirs, "processProposals", 0, proposals, recognised);
        Dictionary<ulong, (byte[], byte[]?)> commits = [];
        for (int i = 0; i < theirs.Length; i++)
        {
            commits[theirs[i]] = (DaveyProcess.Bytes(answers[i]?["commit"])!, DaveyProcess.Bytes(answers[i]?["welcome"]));
        }

        if (!users.Contains(Us)) return commits;
        CommitResult ours = us.Propose(proposals);
        commits[Us] = (ours.Commit, ours.Welcome);
        return commits;
    }

    private async Task FollowAsync(IEnumerable<ulong> users, byte[] commit)
    {
        await davey.CallEachAsync(Theirs(users), "processCommit", commit);
        if (users.Contains(Us)) us.Follow(commit);
    }

    private async Task JoinAsync(IEnumerable<KeyValuePair<ulong, byte[]>> packages, byte[] welcome)
    {
        foreach ((ulong user, byte[] package) in packages)
        {
            byte[] narrowed = DeliveryService.Narrow(welcome, package);
            if (user == Us) us.Join(narrowed, recognised);
            else await davey.CallAsync(user, "processWelcome", narrowed);
        }
    }

    /// <summary>Same epoch, authenticator and members everywhere.</summary>
    private async Task AgreeAsync()
    {
        ulong[] theirs = Theirs(Members);
        IReadOnlyList<JsonNode?> authenticators = await davey.CallEachAsync(theirs, "getEpochAuthenticator");
        List<byte[]> all = [.. authenticators.Select(node => DaveyProcess.Bytes(node)!)];
        if (Members.Contains(Us))
        {
            all.Add(us.Group!.EpochAuthenticator.ToArray());
            Assert.Equal(service.Epoch, us.Group.Epoch);
            Assert.Equal(Members, us.Group.Members.Select(member => member.UserId));
        }

        Assert.NotEmpty(all);
        foreach (byte[] authenticator in all) Assert.Equal(all[0], authenticator);
    }
}
