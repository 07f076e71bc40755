namespace Pipeline.Bot.Replay;

/// <summary>Sound of one file at 48 kHz, stretch by stretch.</summary>
internal interface IPcmInput : IDisposable
{
    /// <summary>1 or 2.</summary>
    int Channels { get; }

    /// <summary>The next stretch; it stays valid until the next call. False at the end.</summary>
    bool TryRead(out PcmStretch stretch);
}

/// <summary>Sound without a hole in it.</summary>
/// <param name="Pcm"><c>[samples, channels]</c>.</param>
/// <param name="Position">Of its first sample, counted from the file's first audible one.</param>
/// <param name="Missing">Samples directly before it that the file has lost.</param>
internal readonly record struct PcmStretch(ReadOnlyMemory<short> Pcm, long Position, long Missing);
