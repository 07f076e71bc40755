using System.Collections.Concurrent;

namespace Pipeline.Bot.Calls;

/// <summary>
/// Who has been told that the call is recorded, and of whom the others were told that they are not: everybody once, and those who join
/// together in one message, or in as many as Discord needs. One owner, but for <see cref="OptedOut"/> and <see cref="Untold"/>, which any
/// thread may call.
/// </summary>
/// <param name="tellOfOptOuts">Tells the call of people who are not recorded.</param>
/// <param name="tellLate">Tells people who have joined that the call is recorded.</param>
/// <param name="tellAgain">Tells it to people whom a message before did not reach.</param>
internal sealed class CallNotices(Func<ulong, bool> isOptedOut, Action<ulong[]> tellOfOptOuts, Action<ulong[]> tellLate,
    Action<ulong[]> tellAgain, TimeProvider time)
{
    private static readonly TimeSpan LateNoticeDelay = TimeSpan.FromSeconds(3);

    // Discord is away: it may be for an hour, and each attempt is a line in the log.
    private static readonly TimeSpan AgainDelay = TimeSpan.FromSeconds(15);

    /// <summary>However often somebody changes their mind, the others hear of it once in so long; the panel shows how it is.</summary>
    private static readonly TimeSpan OptOutInterval = TimeSpan.FromMinutes(10);

    /// <summary>Discord takes 2,000 characters, which is some 80 of them, and lets a message ping 100.</summary>
    private const int MostInOneMessage = 50;

    private readonly HashSet<ulong> told = [];
    private readonly List<ulong> late = [];
    private readonly ConcurrentDictionary<ulong, long> announced = new();
    private readonly ConcurrentQueue<ulong> untold = new(); // at most those who have been in the call
    private long lateSince;
    private long? untoldSince;

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

    /// <summary>The message that told these has not come out: they are told again.</summary>
    public void Untold(IReadOnlyList<ulong> people)
    {
        foreach (ulong person in people) untold.Enqueue(person);
    }

    public void Tick()
    {
        TellAgain();
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

    private void TellAgain()
    {
        if (untold.IsEmpty) return;
        untoldSince ??= time.GetTimestamp();
        if (time.GetElapsedTime(untoldSince.Value) < AgainDelay) return;
        untoldSince = null;
        List<ulong> people = [];
        while (untold.TryDequeue(out ulong person)) people.Add(person);
        foreach (ulong[] some in people.Where(person => !isOptedOut(person)).Chunk(MostInOneMessage)) tellAgain(some);
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
