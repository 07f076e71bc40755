using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Pipeline.Dave.Tests.Vectors;

/// <summary>
/// Seals frames as a sender does, straight from the format: one-pass AES-GCM with the full tag, cut to 8 bytes.
/// Shares nothing with the product's way of opening them.
/// </summary>
public static class FrameSealer
{
    /// <summary>The key of a generation, by the framework's HKDF.</summary>
    public static byte[] KeyOf(byte[] baseSecret, uint generation)
    {
        byte[] secret = baseSecret;
        for (uint step = 0; step < generation; step++) secret = Derive(secret, "secret", step, 32);
        return Derive(secret, "key", generation, 16);
    }

    public static byte[] Seal(byte[] key, uint nonce, ReadOnlySpan<byte> plain, params (int Offset, int Size)[] clearRanges)
    {
        bool[] isClear = new bool[plain.Length];
        foreach ((int offset, int size) in clearRanges) Array.Fill(isClear, true, offset, size);
        byte[] secretBytes = [.. Pick(plain, isClear, false)];
        byte[] clearBytes = [.. Pick(plain, isClear, true)];

        byte[] iv = new byte[12];
        BinaryPrimitives.WriteUInt32LittleEndian(iv.AsSpan(8), nonce);
        byte[] ciphertext = new byte[secretBytes.Length];
        byte[] tag = new byte[16];
        using AesGcm aes = new(key, 16);
        aes.Encrypt(iv, secretBytes, ciphertext, tag, clearBytes);

        List<byte> frame = [.. plain];
        int next = 0;
        for (int i = 0; i < isClear.Length; i++)
        {
            if (!isClear[i]) frame[i] = ciphertext[next++];
        }
        List<byte> trailer = [.. tag[..8]];
        AddUleb128(trailer, nonce);
        foreach ((int offset, int size) in clearRanges)
        {
            AddUleb128(trailer, (uint)offset);
            AddUleb128(trailer, (uint)size);
        }
        trailer.AddRange([(byte)(trailer.Count + 3), 0xFA, 0xFA]);
        return [.. frame, .. trailer];
    }

    public static void AddUleb128(List<byte> bytes, uint value)
    {
        while (value >= 0x80)
        {
            bytes.Add((byte)(value | 0x80));
            value >>= 7;
        }
        bytes.Add((byte)value);
    }

    private static byte[] Derive(byte[] secret, string label, uint generation, int length)
    {
        byte[] fullLabel = [.. "MLS 1.0 "u8, .. System.Text.Encoding.ASCII.GetBytes(label)];
        byte[] context = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(context, generation);
        byte[] info = [0, (byte)length, (byte)fullLabel.Length, .. fullLabel, 4, .. context];
        // HMAC pads a short key with zeros, so this is the same pseudo-random key at the length that HKDF asks for.
        byte[] padded = [.. secret, .. new byte[32 - secret.Length]];
        return HKDF.Expand(HashAlgorithmName.SHA256, padded, length, info);
    }

    private static List<byte> Pick(ReadOnlySpan<byte> plain, bool[] isClear, bool wanted)
    {
        List<byte> picked = [];
        for (int i = 0; i < plain.Length; i++)
        {
            if (isClear[i] == wanted) picked.Add(plain[i]);
        }
        return picked;
    }
}
