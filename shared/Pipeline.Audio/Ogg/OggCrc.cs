namespace Pipeline.Audio.Ogg;

/// <summary>The checksum of Ogg pages: CRC-32 with polynomial 0x04C11DB7, not reflected, start and final value 0 (RFC 3533 §6).</summary>
internal static class OggCrc
{
    private const uint Polynomial = 0x04C11DB7;
    private static readonly uint[] Table = BuildTable();

    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes) crc = (crc << 8) ^ Table[(crc >> 24) ^ value];
        return crc;
    }

    private static uint[] BuildTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint remainder = i << 24;
            for (int bit = 0; bit < 8; bit++) remainder = (remainder & 0x80000000) != 0 ? (remainder << 1) ^ Polynomial : remainder << 1;
            table[i] = remainder;
        }
        return table;
    }
}
