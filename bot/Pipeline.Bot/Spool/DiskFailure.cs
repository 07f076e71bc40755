namespace Pipeline.Bot.Spool;

/// <summary>What a disk does to us, as against a bug of ours: full, read-only, gone, not ours.</summary>
internal static class DiskFailure
{
    public static bool Is(Exception? failure) => failure is IOException or UnauthorizedAccessException;
}
