namespace Pipeline.Bot.Spool;

/// <summary>What lies in a recording's spool folder.</summary>
/// <param name="Segments">Closed segments, by user and index.</param>
/// <param name="NextIndexes">First free index per user, as far as this folder knows.</param>
/// <param name="Unreadable">Paths that could not be understood; they are left where they are.</param>
public sealed record SpoolContents(
    IReadOnlyList<ClosedSegment> Segments,
    IReadOnlyDictionary<ulong, int> NextIndexes,
    IReadOnlyList<string> Unreadable);
