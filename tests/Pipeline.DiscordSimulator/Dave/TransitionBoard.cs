namespace Pipeline.DiscordSimulator.Dave;

/// <summary>Transitions that were announced and wait for everybody's op 23, or for time to be up; several may.</summary>
public sealed class TransitionBoard(Action<ulong, int> execute, TimeSpan timeout, Action<TimeSpan, Action> schedule)
{
    private readonly Dictionary<int, (HashSet<ulong> Waiting, ulong[] Everybody)> running = [];

    public void Start(int id, ulong[] users)
    {
        running[id] = ([.. users], users);
        schedule(timeout, () => Finish(id));
    }

    public void Ready(ulong userId, int id)
    {
        if (!running.TryGetValue(id, out (HashSet<ulong> Waiting, ulong[] Everybody) transition)) return;
        transition.Waiting.Remove(userId);
        if (transition.Waiting.Count == 0) Finish(id);
    }

    public void Left(ulong userId)
    {
        foreach (int id in running.Keys.ToArray()) Ready(userId, id);
    }

    private void Finish(int id)
    {
        if (!running.Remove(id, out (HashSet<ulong> Waiting, ulong[] Everybody) transition)) return;
        foreach (ulong userId in transition.Everybody) execute(userId, id);
    }
}
