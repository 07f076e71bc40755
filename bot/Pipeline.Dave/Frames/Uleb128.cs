namespace Pipeline.Dave.Frames;

/// <summary>
/// Unsigned little-endian base 128: seven bits per byte, least significant group first, top bit set on all but the last byte.
/// DAVE's trailer holds values of at most 32 bits, so one to five bytes.
/// </summary>
internal static class Uleb128
{
    public const int MaxLength = 5;

    /// <summary>
    /// Cuts one value off the front of <paramref name="bytes"/>. False: truncated, longer than five bytes or beyond 32 bits.
    /// </summary>
    public static bool TryRead(ref ReadOnlySpan<byte> bytes, out uint value)
    {
        ulong sum = 0;
        int limit = Math.Min(bytes.Length, MaxLength);
        for (int i = 0; i < limit; i++)
        {
            sum |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if ((bytes[i] & 0x80) != 0) continue;
            bytes = bytes[(i + 1)..];
            value = (uint)sum;
            return sum <= uint.MaxValue;
        }
        value = 0;
        return false;
    }
}
