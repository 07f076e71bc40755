using System.Collections.Immutable;

namespace Pipeline.Bot.Capture;

/// <summary>
/// Who does not want to be recorded: what a recording asks before it takes a frame of anybody, and the only thing that it asks. It is
/// there before the first frame, and no queue stands in front of it: what one thread says holds for the next frame. Any thread.
/// </summary>
/// <remarks>
/// A frame is judged by its arrival: one from before somebody came back is still not taken, however late it is looked at.
/// </remarks>
internal sealed class Consent
{
    private ImmutableDictionary<ulong, Refusal> refusals;
    private ImmutableDictionary<ulong, long> agreements; // since when, a timestamp; only where agreement is demanded

    /// <param name="agreed">Who has agreed before; of those who have opted out it no longer counts. Null: nobody has to.</param>
    public Consent(IReadOnlyCollection<ulong> optedOut, IEnumerable<ulong>? agreed = null)
    {
        refusals = optedOut.Distinct().ToImmutableDictionary(user => user, _ => new Refusal(long.MaxValue, 1));
        DemandsAgreement = agreed is not null;
        agreements = (agreed ?? []).Except(optedOut).ToImmutableDictionary(user => user, _ => long.MinValue);
    }

    /// <summary>Nobody is taken who has not agreed.</summary>
    public bool DemandsAgreement { get; }

    /// <summary>How many have agreed.</summary>
    public int AgreedCount => Volatile.Read(ref agreements).Count;

    /// <summary>User ids, ascending.</summary>
    public IReadOnlyList<ulong> OptedOut => [.. refusals.Where(one => one.Value.Holds).Select(one => one.Key).Order()];

    /// <summary>Another object after every change.</summary>
    internal (object, object) Version => (Volatile.Read(ref refusals), Volatile.Read(ref agreements));

    /// <summary>Whether what the user says at this moment is kept.</summary>
    public bool IsTaken(ulong userId) => !IsOptedOut(userId) && HasAgreed(userId);

    /// <summary>True of everybody where no agreement is demanded.</summary>
    public bool HasAgreed(ulong userId) => !DemandsAgreement || Volatile.Read(ref agreements).ContainsKey(userId);

    /// <summary>What arrives from now on is taken. False: the user had agreed before, or nobody has to.</summary>
    /// <param name="now">A timestamp of the recording's clock.</param>
    public bool Agree(ulong userId, long now) => DemandsAgreement && ImmutableInterlocked.TryAdd(ref agreements, userId, now);

    /// <summary>The user said no.</summary>
    public bool IsOptedOut(ulong userId) => Volatile.Read(ref refusals).TryGetValue(userId, out Refusal known) && known.Holds;

    /// <summary>From now on nothing of this user is taken, and what is held of it goes. False: it was so already.</summary>
    public bool OptOut(ulong userId) => OptOut([userId]);

    /// <summary>The same for many. False: it was so already for all of them.</summary>
    public bool OptOut(IReadOnlyCollection<ulong> userIds)
    {
        bool changed = Refuse(userIds);
        // An agreement that was taken back has to be given again.
        foreach (ulong user in userIds) changed |= ImmutableInterlocked.TryRemove(ref agreements, user, out _);
        return changed;
    }

    private bool Refuse(IReadOnlyCollection<ulong> userIds) => ImmutableInterlocked.Update(ref refusals, static (known, users) =>
    {
        ImmutableDictionary<ulong, Refusal>.Builder next = known.ToBuilder();
        foreach (ulong user in users)
        {
            if (!next.TryGetValue(user, out Refusal before) || !before.Holds) next[user] = new Refusal(long.MaxValue, before.Times + 1);
        }
        return next.ToImmutable();
    }, userIds);

    /// <summary>What arrives from now on is taken again. False: the user was not opted out.</summary>
    /// <param name="now">A timestamp of the recording's clock.</param>
    public bool OptIn(ulong userId, long now) => ImmutableInterlocked.Update(ref refusals, static (known, back) =>
        known.TryGetValue(back.User, out Refusal before) && before.Holds ? known.SetItem(back.User, before with { Until = back.Now })
            : known, (User: userId, Now: now));

    /// <summary>Whether a frame of this user that arrived at this moment must not be taken.</summary>
    internal bool Refuses(ulong userId, long receivedAt) =>
        (Volatile.Read(ref refusals).TryGetValue(userId, out Refusal known) && receivedAt < known.Until)
        || (DemandsAgreement && !(Volatile.Read(ref agreements).TryGetValue(userId, out long since) && receivedAt >= since));

    /// <summary>How often the user has opted out; each time what is held of it goes.</summary>
    internal int RefusalsOf(ulong userId) => Volatile.Read(ref refusals).TryGetValue(userId, out Refusal known) ? known.Times : 0;

    private readonly record struct Refusal(long Until, int Times)
    {
        public bool Holds => Until == long.MaxValue;
    }
}

/// <summary>Names of those in the call, and who of them is a bot; listeners too, who have no track. Any thread.</summary>
internal sealed class KnownPeople
{
    /// <summary>Far above what one call holds; who comes later is recorded under its id.</summary>
    private const int Capacity = 100_000;

    private ImmutableDictionary<ulong, KnownPerson> people = ImmutableDictionary<ulong, KnownPerson>.Empty;

    /// <summary>Another object after every change.</summary>
    public IReadOnlyDictionary<ulong, KnownPerson> All => Volatile.Read(ref people);

    public void Introduce(ulong userId, KnownPerson person) => ImmutableInterlocked.Update(ref people, static (known, one) =>
        known.Count < Capacity || known.ContainsKey(one.User) ? known.SetItem(one.User, one.Person)
            : known, (User: userId, Person: person));
}

internal sealed record KnownPerson(string Name, bool IsBot);
