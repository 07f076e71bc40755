using System.Collections.Concurrent;

namespace Pipeline.Bot.Calls;

/// <summary>
/// Who has been told that the call is recorded, and of whom the others were told that they are not: everybody once, and those who join
/// together in one message, or in as many as Discord needs. One owner, but for <see cref="OptedOut"/>, which any thread may call.
/// </summary>
/// <param name="tellOfOptOuts">Tells the call of people who are not recorded.</param>
/// <param name="tellLate">Tells people who have joined that the call is recorded.</param>
internal sealed class CallNotices(Func<ulong, bool> isOptedOut, Action<ulong[]> tellOfOptOuts, Action<ulong[]> tellLate, TimeProvider time)
{
    private static readonly TimeSpan LateNoticeDelay = TimeSpan.FromSeconds(3);

    /// <summary>However often somebody changes their mind, the others hear of it once in so long; the panel shows how it is.</summary>
    private static readonly TimeSpan OptOutInterval = TimeSpan.FromMinutes(10);

    /// <summary>Discord takes 2,000 characters, which is some 80 of them, and lets a message ping 100.</summary>
    private const int MostInOneMessage = 50;

    private readonly HashSet<ulong> told = [];
    private readonly List<ulong> late = [];
    private readonly ConcurrentDictionary<ulong, long> announced = new();
    private long lateSince;

    /// <summary>These were in the call when it was announced, or when the recording was taken over.</summary>
    public void Begin(IReadOnlyList<ulong> people)
    {
        told.UnionWith(people);
        OptedOut([.. people.Where(isOptedOut)]);
    }

    public void Joined(ulong userId)
    {
        if (!told.Add(userId)) return;
        if (late.Count == 0) lateSince = time.GetTimestamp();
        late.Add(userId);
    }

    public void Tick()
    {
        if (late.Count == 0 || time.GetElapsedTime(lateSince) < LateNoticeDelay) return;
        ulong[] optedOut = [.. late.Where(isOptedOut)];
        ulong[] others = [.. late.Except(optedOut)];
        late.Clear();
        foreach (ulong[] some in others.Chunk(MostInOneMessage)) tellLate(some);
        OptedOut(optedOut);
    }

    public void OptedOut(ulong[] users)
    {
        foreach (ulong[] some in users.Where(MayTell).Chunk(MostInOneMessage)) tellOfOptOuts(some);
    }

    private bool MayTell(ulong userId)
    {
        long now = time.GetTimestamp();
        while (!announced.TryAdd(userId, now))
        {
            long before = announced[userId]; // nothing is ever taken out
            if (time.GetElapsedTime(before, now) < OptOutInterval) return false;
            if (announced.TryUpdate(userId, now, before)) return true;
        }
        return true;
    }
}
