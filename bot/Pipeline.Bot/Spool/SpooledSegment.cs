using Pipeline.Contracts;

namespace Pipeline.Bot.Spool;

/// <summary>A closed segment on disk: the WAV file and beside it the sidecar that says what it is.</summary>
public sealed record SpooledSegment(SegmentKey Key, string WavPath, long FileSize, DateTimeOffset ClosedAt)
{
    public string SidecarPath => Path.ChangeExtension(WavPath, ".json");
}
