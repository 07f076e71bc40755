namespace Pipeline.Bot.Spool;

/// <summary>Collects <see cref="SpoolContents"/>.</summary>
internal sealed class SpoolListing
{
    private readonly Dictionary<ulong, int> nextIndexes = [];

    public List<ClosedSegment> Segments { get; } = [];
    public List<string> Unreadable { get; } = [];

    public void NoteIndex(ulong userId, int index) =>
        nextIndexes[userId] = Math.Max(nextIndexes.GetValueOrDefault(userId), index + 1);

    public SpoolContents ToContents() => new(
        [.. Segments.OrderBy(segment => segment.Key.UserId).ThenBy(segment => segment.Key.Index)],
        nextIndexes,
        Unreadable);
}
