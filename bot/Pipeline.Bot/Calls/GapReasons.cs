using Pipeline.Bot.Capture;

namespace Pipeline.Bot.Calls;

/// <summary>
/// Several things can keep audio away at once; the recording has one gap from the first to the end of the last. One owner.
/// </summary>
internal sealed class GapReasons(Func<RecordingAction, bool> post)
{
    private readonly HashSet<string> reasons = [];
    private RecordingAction? owed; // the recording had no room for it

    public bool IsOpen => reasons.Count > 0;

    public bool Has(string reason) => reasons.Contains(reason);

    /// <summary>False: this reason was there already.</summary>
    /// <param name="reason">One word.</param>
    /// <param name="ago">Since when it lasts.</param>
    public bool Begin(string reason, TimeSpan ago = default)
    {
        if (!reasons.Add(reason)) return false;
        if (reasons.Count == 1) Tell(new RecordingAction.GapStarted(reason, ago));
        return true;
    }

    public void End(string reason)
    {
        if (reasons.Remove(reason) && reasons.Count == 0) Tell(new RecordingAction.GapEnded());
    }

    /// <summary>Says again what the recording had no room for.</summary>
    public void Retry()
    {
        if (owed is { } command) Tell(command);
    }

    private void Tell(RecordingAction command) => owed = post(command) ? null : command;
}
