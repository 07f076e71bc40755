using System.IO.Hashing;
using System.Security.Cryptography;

namespace Pipeline.RecordingApi.Render;

/// <summary>One window of one file as it lies in the storage.</summary>
/// <param name="Block">The block's id before base64; all of a file are of one length.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Crc">CRC-32 as ZIP uses it.</param>
/// <param name="Sha256">Hex.</param>
/// <param name="Frames">MP3 frames; 0 of other formats.</param>
public sealed record RenderedPart(string Block, long Length, uint Crc, string Sha256, int Frames)
{
    private const int HashLength = 32;

    public static RenderedPart Of(string block, ReadOnlySpan<byte> bytes, int frames = 0) =>
        new(block, bytes.Length, Crc32.HashToUInt32(bytes), Convert.ToHexStringLower(SHA256.HashData(bytes)), frames);

    /// <summary>An id that another content, or another window, does not have.</summary>
    public static string BlockName(string place, string hash) => $"{place,-8}-{hash[..HashLength]}";
}
