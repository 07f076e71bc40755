using Pipeline.Contracts;

namespace Pipeline.Bot.Upload;

/// <summary>A recording that nobody runs: from our own spool, or from the temp container with a free lease.</summary>
/// <param name="Manifest">The best account of it that was found.</param>
/// <param name="LastSample">Up to here it is known to have been running.</param>
public sealed record RecordingCandidate(SessionManifest Manifest, bool InSpool, long LastSample)
{
    public SessionInfo Session => Manifest.Session;
}
