using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>A recording that may be gone on with: from our own spool, or from the temp container.</summary>
/// <param name="Manifest">The best account of it that was found.</param>
/// <param name="LastSample">Up to here it is known to have been running.</param>
/// <param name="IsLeased">A bot holds its lease, or held it less than 60 s ago. In our own spool: never.</param>
public sealed record RecordingCandidate(SessionManifest Manifest, bool InSpool, long LastSample, bool IsLeased)
{
    public SessionInfo Session => Manifest.Session;
}
