using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Pipeline.Contracts;

/// <summary>
/// A hash chain over a track's segments in index order: link = SHA-256(previous link || u32 index, big-endian || 16-byte MD5).
/// Bot and functions compute it apart; equal ends mean equal segments.
/// </summary>
public static class SegmentChain
{
    /// <summary>64 zeros in hex: the chain of no segment.</summary>
    public static string Empty { get; } = new('0', 64);

    /// <summary>The chain after one more segment.</summary>
    /// <param name="chain">64 lower-case hex digits.</param>
    /// <param name="contentMd5">Base64 of 16 bytes, as in Content-MD5.</param>
    /// <exception cref="FormatException">The chain is no 64 hex digits or the MD5 no 16 bytes.</exception>
    public static string Append(string chain, int index, string contentMd5)
    {
        Span<byte> link = stackalloc byte[32 + 4 + 16];
        byte[] previous = Convert.FromHexString(chain);
        byte[] md5 = Convert.FromBase64String(contentMd5);
        if (previous.Length != 32 || md5.Length != 16)
            throw new FormatException($"a link needs 32 + 16 bytes, not {previous.Length} + {md5.Length}");
        previous.CopyTo(link);
        BinaryPrimitives.WriteInt32BigEndian(link[32..], index);
        md5.CopyTo(link[36..]);
        return Convert.ToHexStringLower(SHA256.HashData(link));
    }
}
