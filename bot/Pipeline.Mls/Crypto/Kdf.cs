using System.Security.Cryptography;
using System.Text;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Crypto;

/// <summary>HKDF-SHA256 with the labels of MLS (RFC 9420 §8, §9.1). Who receives a secret wipes it.</summary>
public static class Kdf
{
    private const string LabelPrefix = "MLS 1.0 ";

    /// <summary>
    /// <c>Expand(secret, u16 length || "MLS 1.0 " label || context, length)</c> (RFC 9420 §8).
    /// A secret shorter than a hash is legal: DAVE's sender base secret has 16 bytes.
    /// </summary>
    public static byte[] ExpandWithLabel(ReadOnlySpan<byte> secret, string label, ReadOnlySpan<byte> context, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, 255 * CipherSuite.HashSize);
        using TlsWriter info = new();
        info.WriteUInt16((ushort)length);
        WriteLabel(info, label);
        info.WriteVector(context);
        return Expand(secret, info.Written, length);
    }

    /// <summary>32 bytes for <paramref name="label"/> with an empty context (RFC 9420 §8).</summary>
    public static byte[] DeriveSecret(ReadOnlySpan<byte> secret, string label) =>
        ExpandWithLabel(secret, label, [], CipherSuite.HashSize);

    /// <summary>A secret of one generation of a ratchet: the context is the generation as u32 (RFC 9420 §9.1).</summary>
    public static byte[] DeriveTreeSecret(ReadOnlySpan<byte> secret, string label, uint generation, int length)
    {
        Span<byte> context = stackalloc byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(context, generation);
        return ExpandWithLabel(secret, label, context, length);
    }

    internal static byte[] Extract(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> inputKey)
    {
        byte[] secret = new byte[CipherSuite.HashSize];
        HKDF.Extract(HashAlgorithmName.SHA256, inputKey, salt, secret);
        return secret;
    }

    /// <summary>
    /// HKDF-Expand (RFC 5869 §2.3). The BCL refuses a key shorter than the hash; HMAC pads keys with zeros to its block
    /// anyway (RFC 2104 §2), so padding gives the same output.
    /// </summary>
    internal static byte[] Expand(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> info, int length)
    {
        byte[] output = new byte[length];
        using Wiped padded = new(new byte[Math.Max(secret.Length, CipherSuite.HashSize)]);
        secret.CopyTo(padded.Bytes);
        HKDF.Expand(HashAlgorithmName.SHA256, padded.Bytes, output, info);
        return output;
    }

    /// <summary>The vector <c>"MLS 1.0 " label</c> that separates every use of a key (RFC 9420 §5.1.2, §5.1.3, §8).</summary>
    internal static void WriteLabel(TlsWriter writer, string label)
    {
        int start = writer.BeginVector();
        writer.WriteBytes(Encoding.UTF8.GetBytes(LabelPrefix));
        writer.WriteBytes(Encoding.UTF8.GetBytes(label));
        writer.EndVector(start);
    }
}
