using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Pipeline.RecordingApi.Render;

/// <summary>One window of one file as it lies in the storage.</summary>
/// <param name="Block">The block's id before base64; all of a file are of one length. Empty: the part is not stored yet, it waits for the
/// window behind it.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Crc">CRC-32 as ZIP uses it.</param>
/// <param name="Sha256">Hex.</param>
/// <param name="Frames">MP3 frames; 0 of other formats.</param>
public sealed record RenderedPart(string Block, long Length, uint Crc, string Sha256, int Frames)
{
    private const int HashLength = 32;
    private const int PlaceLength = 8;

    /// <summary>It waits for the window behind it, to share a block.</summary>
    [JsonIgnore]
    public bool IsHeld => Block.Length == 0;

    /// <summary>Its block holds the window beside it too.</summary>
    [JsonIgnore]
    public bool IsPaired => Block.Length > PlaceLength && Block.AsSpan(0, PlaceLength).TrimEnd().EndsWith("+");

    public static RenderedPart Of(string block, ReadOnlySpan<byte> bytes, int frames = 0) =>
        new(block, bytes.Length, Crc32.HashToUInt32(bytes), Convert.ToHexStringLower(SHA256.HashData(bytes)), frames);

    /// <summary>The id of a block that begins with this window and holds the next one too.</summary>
    public static string PairName(int window, ReadOnlySpan<byte> bytes) => BlockName($"{window}+", Of("", bytes).Sha256);

    /// <summary>An id that another content, or another window, does not have.</summary>
    public static string BlockName(string place, string hash) => $"{place,-PlaceLength}-{hash[..HashLength]}";
}

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
