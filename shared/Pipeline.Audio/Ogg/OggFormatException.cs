namespace Pipeline.Audio.Ogg;

/// <summary>The input holds no Opus stream that can be read.</summary>
/// <param name="offset">Byte of the input at which that shows.</param>
public sealed class OggFormatException(long offset, string problem) : Exception($"{problem} at byte {offset}")
{
    public long Offset { get; } = offset;

    /// <summary>What is wrong, without the place.</summary>
    public string Problem { get; } = problem;
}
