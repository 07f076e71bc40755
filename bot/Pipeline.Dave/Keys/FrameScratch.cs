namespace Pipeline.Dave.Keys;

/// <summary>
/// Working memory for opening frames, one per media thread, so that no frame allocates. Grows to the longest frame
/// that a datagram can carry and not further.
/// </summary>
internal sealed class FrameScratch
{
    /// <summary>A UDP datagram's largest payload; longer frames are refused before they come here.</summary>
    public const int MaxFrameLength = 65507;

    private byte[] bytes = new byte[4 * 2048];

    /// <summary>Four buffers of <paramref name="length"/> bytes each.</summary>
    public void Rent(int length, out Span<byte> first, out Span<byte> second, out Span<byte> third, out Span<byte> fourth)
    {
        if (bytes.Length < 4 * length) bytes = new byte[4 * Math.Min(length * 2, MaxFrameLength)];
        int part = bytes.Length / 4;
        first = bytes.AsSpan(0, length);
        second = bytes.AsSpan(part, length);
        third = bytes.AsSpan(2 * part, length);
        fourth = bytes.AsSpan(3 * part, length);
    }
}
