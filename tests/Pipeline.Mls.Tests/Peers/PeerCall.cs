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

    private readonly DaveyProcess _davey = DaveyProcess.Start();
    private readonly DeliveryService _service = new(940_000_000_000_000_001);
    private readonly OwnMember _us;
    private readonly HashSet<ulong> _recognised = [];

    public PeerCall() => _us = new OwnMember(Us, _service);

    public GroupState? OurGroup => _us.Group;

    public IEnumerable<ulong> Members => _service.Leaves.OfType<ulong>();

    public ulong Epoch => _service.Epoch;

    /// <summary>Epoch 0 to 1: everyone has a group of one, the creator's commit wins.</summary>
    public async Task BeginAsync(ulong creator, params IReadOnlyList<ulong> others)
    {
        Dictionary<ulong, byte[]> packages = await PrepareAsync([creator, .. others]);
        _service.Begin(creator);
        byte[]? commit = null;
        byte[]? welcome = null;
        foreach (ulong user in (IEnumerable<ulong>)[creator, .. others])
        {
            // Each pending member is told of all the others and answers; only the creator's answer counts.
            byte[] proposals = _service.Proposals(
                packages.Where(entry => entry.Key != user).Select(entry => DeliveryService.Add(entry.Value)));
            (byte[] answer, byte[]? theirWelcome) = (await ProposeAsync([user], proposals))[user];
            if (user == creator) (commit, welcome) = (answer, theirWelcome);
        }

        _service.Advance(others, []);
        await FollowAsync([creator], commit!);
        await JoinAsync(packages.Where(entry => entry.Key != creator), welcome!);
        await AgreeAsync();
    }

    /// <summary>One epoch: some join, some leave, and <paramref name="committer"/> wins.</summary>
    public async Task ChangeAsync(IReadOnlyList<ulong> joining, IReadOnlyList<ulong> leaving, ulong committer)
    {
        Dictionary<ulong, byte[]> packages = await PrepareAsync(joining);
        byte[] proposals = _service.Proposals(
            leaving.Select(_service.RemoveUser).Concat(packages.Values.Select(package => DeliveryService.Add(package))));
        List<ulong> staying = [.. Members.Except(leaving)];
        (byte[] commit, byte[]? welcome) = (await ProposeAsync(staying, proposals))[committer];
        _service.Advance(joining, leaving);
        await FollowAsync(staying, commit);
        if (welcome is not null) await JoinAsync(packages, welcome);
        foreach (ulong user in leaving) _recognised.Remove(user);
        await AgreeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _us.Dispose();
        _service.Dispose();
        await _davey.DisposeAsync();
    }

    private static ulong[] Theirs(IEnumerable<ulong> users) => [.. users.Where(user => user != Us)];

    private async Task<Dictionary<ulong, byte[]>> PrepareAsync(IReadOnlyList<ulong> users)
    {
        ulong[] theirs = Theirs(users);
        _recognised.UnionWith(users);
        await _davey.CallEachAsync(theirs, "new", _service.ChannelId);
        await _davey.CallEachAsync(theirs, "setExternalSender", _service.ExternalSender);
        IReadOnlyList<JsonNode?> made = await _davey.CallEachAsync(theirs, "getSerializedKeyPackage");
        Dictionary<ulong, byte[]> byUser = [];
        for (int i = 0; i < theirs.Length; i++) byUser[theirs[i]] = DaveyProcess.Bytes(made[i])!;
        if (users.Contains(Us)) byUser[Us] = _us.Begin();
        return users.ToDictionary(user => user, user => byUser[user]);
    }

    private async Task<Dictionary<ulong, (byte[] Commit, byte[]? Welcome)>> ProposeAsync(IEnumerable<ulong> users, byte[] proposals)
    {
        ulong[] theirs = Theirs(users);
        IReadOnlyList<JsonNode?> answers = await _davey.CallEachAsync(theirs, "processProposals", 0, proposals, _recognised);
        Dictionary<ulong, (byte[], byte[]?)> commits = [];
        for (int i = 0; i < theirs.Length; i++)
        {
            commits[theirs[i]] = (DaveyProcess.Bytes(answers[i]?["commit"])!, DaveyProcess.Bytes(answers[i]?["welcome"]));
        }

        if (!users.Contains(Us)) return commits;
        CommitResult ours = _us.Propose(proposals);
        commits[Us] = (ours.Commit, ours.Welcome);
        return commits;
    }

    private async Task FollowAsync(IEnumerable<ulong> users, byte[] commit)
    {
        await _davey.CallEachAsync(Theirs(users), "processCommit", commit);
        if (users.Contains(Us)) _us.Follow(commit);
    }

    private async Task JoinAsync(IEnumerable<KeyValuePair<ulong, byte[]>> packages, byte[] welcome)
    {
        foreach ((ulong user, byte[] package) in packages)
        {
            byte[] narrowed = DeliveryService.Narrow(welcome, package);
            if (user == Us) _us.Join(narrowed, _recognised);
            else await _davey.CallAsync(user, "processWelcome", narrowed);
        }
    }

    /// <summary>Same epoch, authenticator and members everywhere.</summary>
    private async Task AgreeAsync()
    {
        ulong[] theirs = Theirs(Members);
        IReadOnlyList<JsonNode?> authenticators = await _davey.CallEachAsync(theirs, "getEpochAuthenticator");
        List<byte[]> all = [.. authenticators.Select(node => DaveyProcess.Bytes(node)!)];
        if (Members.Contains(Us))
        {
            all.Add(_us.Group!.EpochAuthenticator.ToArray());
            Assert.Equal(_service.Epoch, _us.Group.Epoch);
            Assert.Equal(Members, _us.Group.Members.Select(member => member.UserId));
        }

        Assert.NotEmpty(all);
        foreach (byte[] authenticator in all) Assert.Equal(all[0], authenticator);
    }
}
