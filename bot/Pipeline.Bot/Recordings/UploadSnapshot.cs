using Pipeline.Bot.Spool;

namespace Pipeline.Bot.Recordings;

/// <summary>How safe a recording is.</summary>
/// <param name="Safe">Every sample heard before this position is durable in the temp container.</param>
/// <param name="StorageAwayFor">How long the storage has been failing; zero while all is well.</param>
/// <param name="AwaitsOptOuts">Nothing leaves the spool: who does not want to be recorded is not known yet.</param>
internal sealed record UploadSnapshot(SafePosition Safe, SpoolSnapshot Spool, UploadState State, TimeSpan StorageAwayFor,
    bool AwaitsOptOuts);

/// <summary>What the uploads are doing, in one word.</summary>
internal enum UploadState
{
    Ok,

    /// <summary>The storage does not answer; segments wait in the spool.</summary>
    Delayed,

    /// <summary>The spool is full; new audio becomes a gap.</summary>
    Full,
}
