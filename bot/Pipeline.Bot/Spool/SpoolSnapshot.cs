namespace Pipeline.Bot.Spool;

/// <summary>What waits in the spool for upload, in bytes and files, and what the disk has left.</summary>
public sealed record SpoolSnapshot(long Bytes, long Files, long FreeBytes, SpoolLevel Level);
