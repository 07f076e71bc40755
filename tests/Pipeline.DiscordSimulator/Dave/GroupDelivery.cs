namespace Pipeline.DiscordSimulator.Dave;

/// <summary>
/// The MLS delivery service of one call: proposes adds and removes for who comes and goes, lets one commit win per epoch,
/// narrows Welcomes, and announces and executes transitions. Knows nothing of sockets; one thread.
/// </summary>
/// <remarks>
/// Before a group exists every client with a key package is the only member of a group of its own at epoch 0, and is told
/// to add all others; the first complete commit founds the call's group, and the other groups are forgotten.
/// </remarks>
public sealed class GroupDelivery : IDisposable
{
    private readonly DeliveryOptions options;
    private readonly ulong channelId;
    private readonly Action<DeliveryMessage> send;
    private readonly TransitionBoard transitions;
    private readonly GatewayKey key;
    private readonly Roster roster = new();
    private readonly List<SignedProposal> inFlight = [];
    private int nextTransition;

    /// <param name="channelId">Names the group.</param>
    /// <param name="options">Variations.</param>
    /// <param name="send">Takes every outgoing message, in order.</param>
    /// <param name="schedule">Runs an action later, on the same thread.</param>
    public GroupDelivery(ulong channelId, DeliveryOptions options, Action<DeliveryMessage> send, Action<TimeSpan, Action> schedule)
    {
        this.channelId = channelId;
        this.options = options;
        this.send = send;
        key = new GatewayKey(channelId);
        nextTransition = options.FirstTransitionId;
        transitions = new TransitionBoard((userId, id) =>
            Send(new DeliveryMessage(userId, 22, [], id)), options.TransitionTimeout, schedule);
    }

    public GatewayKey Key => key;

    public bool IsEstablished => roster.IsEstablished;

    public ulong Epoch { get; private set; }

    /// <summary>Members of the group, by leaf.</summary>
    public IReadOnlyList<ulong> Members => roster.Members;

    /// <summary>Commits that came too late or did not cover everything.</summary>
    public int DroppedCommits { get; private set; }

    /// <summary>What clients sent that cannot be parsed or is not allowed.</summary>
    public List<string> Refused { get; } = [];

    /// <summary>Commits accepted so far.</summary>
    public int AcceptedCommits { get; private set; }

    /// <summary>Op 25 to one client.</summary>
    public void Announce(ulong userId) => Send(new DeliveryMessage(userId, 25, key.Announcement));

    /// <summary>Op 26.</summary>
    public void KeyPackage(ulong userId, ReadOnlyMemory<byte> body)
    {
        PeerKeyPackage keyPackage;
        try
        {
            keyPackage = PeerKeyPackage.Parse(body);
            if (keyPackage.UserId != userId) throw new InvalidDataException("somebody else's key package");
        }
        catch (InvalidDataException refusal)
        {
            Refused.Add($"op 26 of {userId}: {refusal.Message}");
            return;
        }
        Withdraw(userId);
        if (roster.IsEstablished && roster.LeafOf(userId) is uint leaf) ProposeRemove(userId, leaf);
        roster.Wait(userId, keyPackage);
        if (RestartIfNobodyFollows()) return;
        SignedProposal add = key.Add(Epoch, keyPackage);
        if (!roster.IsEstablished && inFlight.Count > 0) Send(new DeliveryMessage(userId, 27, SignedProposal.Append(inFlight)));
        Propose(add, roster.IsEstablished ? roster.Listeners : roster.Waiting.Where(other => other != userId));
    }

    /// <summary>Op 28.</summary>
    public void Commit(ulong userId, ReadOnlyMemory<byte> body)
    {
        PeerCommit commit;
        try
        {
            commit = PeerCommit.Parse(body, channelId);
        }
        catch (InvalidDataException refusal)
        {
            Refused.Add($"op 28 of {userId}: {refusal.Message}");
            return;
        }
        List<SignedProposal> due = roster.IsEstablished ? inFlight : inFlight.FindAll(proposal => proposal.UserId != userId);
        uint? leaf = roster.IsEstablished ? roster.LeafOf(userId) : roster.IsWaiting(userId) ? 0 : null;
        bool complete = due.Count > 0 && commit.References.Count == due.Count
            && due.TrueForAll(proposal => commit.References.Any(reference => reference.AsSpan().SequenceEqual(proposal.Reference)));
        if (!complete || commit.Epoch != Epoch || commit.SenderLeaf != leaf || !Welcomes(commit, due))
        {
            DroppedCommits++;
            return;
        }
        Accept(userId, commit, due);
    }

    /// <summary>Op 23.</summary>
    public void TransitionReady(ulong userId, int transitionId) => transitions.Ready(userId, transitionId);

    /// <summary>Op 31: the client is out of step; it is removed, and added again with its next key package.</summary>
    public void Invalid(ulong userId)
    {
        if (!roster.IsEstablished || roster.LeafOf(userId) is not uint leaf) return;
        roster.Evict(userId);
        if (!RestartIfNobodyFollows()) ProposeRemove(userId, leaf);
    }

    /// <summary>Somebody left the call; the others know already (op 13).</summary>
    public void Left(ulong userId)
    {
        transitions.Left(userId);
        Withdraw(userId);
        roster.StopWaiting(userId);
        if (!roster.IsEstablished || roster.LeafOf(userId) is not uint leaf) return;
        roster.Evict(userId);
        ulong[] others = [.. roster.Listeners.Union(roster.Waiting)];
        if (others.Length > 1)
        {
            ProposeRemove(userId, leaf);
            return;
        }
        Reset();
        foreach (ulong other in others)
        {
            Send(new DeliveryMessage(other, 24, [], ProtocolVersion: 1, Epoch: 1));
            Send(new DeliveryMessage(other, 21, [], 0, options.SoleMemberVersion));
        }
    }

    /// <summary>Somebody who cannot encrypt came: everybody stops.</summary>
    public void Downgrade(IEnumerable<ulong> everybody)
    {
        ulong[] users = [.. everybody];
        Reset();
        int id = NextTransition();
        foreach (ulong userId in users) Send(new DeliveryMessage(userId, 21, [], id));
        if (id != 0) transitions.Start(id, users);
    }

    /// <summary>Everybody can encrypt again: a new group begins.</summary>
    public void Upgrade(IEnumerable<ulong> everybody)
    {
        Reset();
        foreach (ulong userId in everybody.ToArray()) Send(new DeliveryMessage(userId, 24, [], ProtocolVersion: 1, Epoch: 1));
    }

    /// <summary>Puts a proposal of any kind in flight, for hostile cases.</summary>
    public void Propose(SignedProposal proposal) => Propose(proposal, roster.Listeners);

    /// <summary>Takes back the add of somebody who is not in the group yet.</summary>
    public void Withdraw(ulong userId)
    {
        SignedProposal[] revoked = [.. inFlight.Where(proposal => proposal.IsAdd && proposal.UserId == userId)];
        if (revoked.Length == 0) return;
        inFlight.RemoveAll(revoked.Contains);
        foreach (ulong member in (roster.IsEstablished ? roster.Listeners : roster.Waiting).Where(member => member != userId).ToArray())
        {
            Send(new DeliveryMessage(member, 27, SignedProposal.Revoke(revoked)));
        }
    }

    /// <summary>Sends straight to a client, past every rule but <see cref="DeliveryOptions.Tamper"/>.</summary>
    public void Send(DeliveryMessage message)
    {
        if (options.Tamper is null) send(message);
        else foreach (DeliveryMessage sent in options.Tamper(message).ToArray()) send(sent);
    }

    public void Dispose() => key.Dispose();

    // davey's answer to a revoke covers the adds that are left, but welcomes nobody: such a commit must not win.
    private bool Welcomes(PeerCommit commit, List<SignedProposal> due) => due.TrueForAll(proposal =>
        !proposal.IsAdd || !roster.IsWaiting(proposal.UserId)
            || commit.Welcome?.NarrowedTo(roster.KeyPackageOf(proposal.UserId).Reference) is not null);

    private void ProposeRemove(ulong userId, uint leaf)
    {
        if (inFlight.Exists(proposal => proposal.RemovedLeaf == leaf)) return;
        Propose(key.Remove(Epoch, leaf, userId), roster.Listeners.Where(member => member != userId));
    }

    private void Propose(SignedProposal proposal, IEnumerable<ulong> receivers)
    {
        inFlight.Add(proposal);
        foreach (ulong receiver in receivers.ToArray()) Send(new DeliveryMessage(receiver, 27, SignedProposal.Append([proposal])));
    }

    private void Accept(ulong committer, PeerCommit commit, List<SignedProposal> covered)
    {
        SignedProposal[] inOrder = [.. commit.References.Select(reference =>
            covered.Find(proposal => proposal.Reference.AsSpan().SequenceEqual(reference))!)];
        Dictionary<ulong,
            PeerKeyPackage> added = inOrder.Where(proposal => proposal.IsAdd && roster.IsWaiting(proposal.UserId))
            .ToDictionary(proposal => proposal.UserId, proposal => roster.KeyPackageOf(proposal.UserId));
        if (!roster.IsEstablished) roster.Found(committer);
        ulong[] existing = [.. roster.Listeners];
        roster.Apply(inOrder);
        inFlight.Clear();
        Epoch++;
        AcceptedCommits++;

        int id = NextTransition();
        byte[] prefix = [(byte)(id >> 8), (byte)id];
        foreach (ulong member in existing.Where(roster.Listeners.Contains))
            Send(new DeliveryMessage(member, 29, [.. prefix, .. commit.Message], id));
        foreach ((ulong userId, PeerKeyPackage keyPackage) in added)
        {
            byte[]? welcome = commit.Welcome?.NarrowedTo(keyPackage.Reference);
            if (welcome is not null) Send(new DeliveryMessage(userId, 30, [.. prefix, .. welcome], id));
        }
        if (id != 0) transitions.Start(id, [.. roster.Listeners]);
        ProposeWaiting();
    }

    // A client whose key package came but whose add was not in flight for this epoch (it was refused or withdrawn).
    private void ProposeWaiting()
    {
        foreach (ulong userId in roster.Waiting.ToArray()) Propose(key.Add(Epoch, roster.KeyPackageOf(userId)), roster.Listeners);
    }

    /// <summary>Every member is out of step: those who wait found a new group.</summary>
    private bool RestartIfNobodyFollows()
    {
        if (!roster.IsEstablished || roster.Listeners.Count > 0) return false;
        roster.Disband();
        inFlight.Clear();
        Epoch = 0;
        ulong[] waiting = [.. roster.Waiting];
        inFlight.AddRange(waiting.Select(userId => key.Add(Epoch, roster.KeyPackageOf(userId))));
        foreach (ulong userId in waiting)
        {
            SignedProposal[] others = [.. inFlight.Where(proposal => proposal.UserId != userId)];
            if (others.Length > 0) Send(new DeliveryMessage(userId, 27, SignedProposal.Append(others)));
        }
        return true;
    }

    private int NextTransition()
    {
        int id = nextTransition;
        nextTransition = nextTransition == ushort.MaxValue ? 1 : nextTransition + 1;
        return id;
    }

    private void Reset()
    {
        roster.Reset();
        inFlight.Clear();
        Epoch = 0;
    }
}
