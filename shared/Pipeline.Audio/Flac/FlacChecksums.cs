namespace Pipeline.Audio.Flac;

/// <summary>
/// The two checksums of a FLAC frame, neither reflected, both starting at 0: CRC-8 with x^8+x^2+x+1 over the frame's header
/// (RFC 9639 §9.1.8), CRC-16 with x^16+x^15+x^2+1 over the whole frame (§9.3).
/// </summary>
internal static class FlacChecksums
{
    private static readonly byte[] Table8 = [.. Enumerable.Range(0, 256).Select(value => (byte)Remainder((uint)value, 0x07, 8))];
    private static readonly ushort[] Table16 = [.. Enumerable.Range(0, 256)
        .Select(value => (ushort)Remainder((uint)value << 8, 0x8005, 16))];

    public static byte Crc8(ReadOnlySpan<byte> bytes)
    {
        byte crc = 0;
        foreach (byte value in bytes) crc = Table8[crc ^ value];
        return crc;
    }

    public static ushort Crc16(ReadOnlySpan<byte> bytes)
    {
        ushort crc = 0;
        foreach (byte value in bytes) crc = (ushort)((crc << 8) ^ Table16[(crc >> 8) ^ value]);
        return crc;
    }

    private static uint Remainder(uint value, uint polynomial, int width)
    {
        uint top = 1u << (width - 1);
        for (int bit = 0; bit < 8; bit++) value = (value & top) != 0 ? (value << 1) ^ polynomial : value << 1;
        return value & ((top << 1) - 1);
    }
}
