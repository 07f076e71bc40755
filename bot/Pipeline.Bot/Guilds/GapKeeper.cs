using Pipeline.Bot.Capture;

namespace Pipeline.Bot.Guilds;

/// <summary>Several things can keep audio away at once; the recording has one gap from the first to the end of the last. One owner.</summary>
internal sealed class GapKeeper(Func<RecordingCommand, bool> post)
{
    private readonly HashSet<string> reasons = [];

    public bool IsOpen => reasons.Count > 0;

    /// <summary>False: this reason was there already.</summary>
    public bool Begin(string reason)
    {
        if (!reasons.Add(reason)) return false;
        if (reasons.Count == 1) post(new RecordingCommand.GapStarted(reason));
        return true;
    }

    public void End(string reason)
    {
        if (reasons.Remove(reason) && reasons.Count == 0) post(new RecordingCommand.GapEnded());
    }
}
