namespace Pipeline.Bot.Replay;

/// <summary>Opus packets of one file, in order: as they stand in it, or encoded from what it holds.</summary>
internal interface IReplaySource : IDisposable
{
    /// <summary>The next packet; its bytes stay valid until the next call. False at the end.</summary>
    bool TryRead(out ReplayPacket packet);
}

/// <summary>One Opus packet of a file. Samples are per channel at 48 kHz.</summary>
internal readonly ref struct ReplayPacket
{
    public required ReadOnlySpan<byte> Opus { get; init; }
    public required int Samples { get; init; }

    /// <summary>Of its first sample, counted from the file's first audible one; may be negative by what the codec looks ahead.</summary>
    public required long Position { get; init; }

    /// <summary>Samples directly before it that the file has lost.</summary>
    public required long Missing { get; init; }
}
