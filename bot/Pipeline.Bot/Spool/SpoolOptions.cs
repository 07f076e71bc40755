namespace Pipeline.Bot.Spool;

/// <summary>Where closed segments wait, and how much of the disk they may take.</summary>
public sealed record SpoolOptions
{
    public required string Folder { get; init; }

    /// <summary>Bytes of closed segments.</summary>
    public long LimitBytes { get; init; } = 4096L << 20;

    /// <summary>Bytes that stay free on the disk whatever the limit says.</summary>
    public long MinimumFreeBytes { get; init; } = 512L << 20;
}
