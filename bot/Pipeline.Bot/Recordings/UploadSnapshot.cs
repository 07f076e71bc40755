using Pipeline.Bot.Spool;

namespace Pipeline.Bot.Recordings;

/// <summary>How safe a recording is.</summary>
/// <param name="SafeSample">Every sample heard before this position is durable in the temp container.</param>
/// <param name="StorageAwayFor">How long the storage has been failing; zero while all is well.</param>
public sealed record UploadSnapshot(long SafeSample, SpoolSnapshot Spool, UploadState State, TimeSpan StorageAwayFor);
