namespace Pipeline.Audio.Ogg;

/// <summary>The input is no Ogg Opus, or is damaged or cut off.</summary>
/// <param name="offset">Byte of the input at which that shows.</param>
public sealed class OggFormatException(long offset, string problem) : Exception($"{problem} at byte {offset}")
{
    public long Offset { get; } = offset;
}
