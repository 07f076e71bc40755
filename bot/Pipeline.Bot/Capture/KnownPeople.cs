using System.Collections.Immutable;

namespace Pipeline.Bot.Capture;

/// <summary>Names of those in the call, and who of them is a bot; listeners too, who have no track. Any thread.</summary>
internal sealed class KnownPeople
{
    /// <summary>Far above what one call holds; who comes later is recorded under its id.</summary>
    private const int Capacity = 100_000;

    private ImmutableDictionary<ulong, KnownPerson> people = ImmutableDictionary<ulong, KnownPerson>.Empty;

    /// <summary>Another object after every change.</summary>
    public IReadOnlyDictionary<ulong, KnownPerson> All => Volatile.Read(ref people);

    public void Introduce(ulong userId, KnownPerson person) => ImmutableInterlocked.Update(ref people, static (known, one) =>
        known.Count < Capacity || known.ContainsKey(one.User) ? known.SetItem(one.User, one.Person) : known, (User: userId, Person: person));
}

internal sealed record KnownPerson(string Name, bool IsBot);
