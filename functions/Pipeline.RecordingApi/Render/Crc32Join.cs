namespace Pipeline.RecordingApi.Render;

/// <summary>
/// The CRC-32 of two stretches together from the CRC-32 of each: the first one's is carried over as many zeros as the second is long.
/// One zero bit is a linear map of 32 bits; squaring it carries over 2, 4, 8… bits (polynomial 0xEDB88320, reflected).
/// </summary>
internal static class Crc32Join
{
    private const uint Polynomial = 0xEDB88320;

    /// <param name="length">Bytes of the second stretch.</param>
    public static uint Join(uint first, uint second, long length)
    {
        if (length == 0) return first;
        uint[] odd = new uint[32], even = new uint[32];
        odd[0] = Polynomial;
        for (int bit = 1; bit < 32; bit++) odd[bit] = 1u << (bit - 1);
        Square(even, odd); // two bits
        Square(odd, even); // four bits
        uint crc = first;
        while (true)
        {
            Square(even, odd);
            if ((length & 1) != 0) crc = Apply(even, crc);
            length >>= 1;
            if (length == 0) break;
            (odd, even) = (even, odd);
        }
        return crc ^ second;
    }

    private static uint Apply(uint[] map, uint value)
    {
        uint result = 0;
        for (int bit = 0; value != 0; bit++, value >>= 1)
        {
            if ((value & 1) != 0) result ^= map[bit];
        }
        return result;
    }

    private static void Square(uint[] target, uint[] map)
    {
        for (int bit = 0; bit < 32; bit++) target[bit] = Apply(map, map[bit]);
    }
}
