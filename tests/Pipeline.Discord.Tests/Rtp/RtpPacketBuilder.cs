using System.Buffers.Binary;
using System.Security.Cryptography;
using NSec.Cryptography;

namespace Pipeline.Discord.Tests.Rtp;

/// <summary>
/// Writes packets as an SFU would, from the format's description and with the primitives themselves rather than with the product's ciphers.
/// </summary>
public sealed record RtpPacketBuilder
{
    public byte[] TransportKey { get; init; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    public bool UseXChaCha20 { get; init; }
    public ushort SequenceNumber { get; init; } = 10;
    public uint Timestamp { get; init; } = 960;
    public uint Ssrc { get; init; } = 9876;
    public byte PayloadType { get; init; } = 0x78;
    public bool Marker { get; init; }
    public uint[] Csrcs { get; init; } = [];

    /// <summary>Null: no extension. Length is a multiple of 4.</summary>
    public byte[]? Extension { get; init; }

    /// <summary>What the extension's length field says when it shall lie.</summary>
    public ushort? ClaimedWords { get; init; }

    /// <summary>0: no padding.</summary>
    public int Padding { get; init; }

    /// <summary>What the padding's last byte says when it shall lie.</summary>
    public byte? ClaimedPadding { get; init; }

    public byte[] Payload { get; init; } = [0xF8, 0xFF, 0xFE];

    /// <summary>The nonce counter: no two packets of one sender have the same.</summary>
    public uint Suffix { get; init; } = Interlocked.Increment(ref lastSuffix);

    private static uint lastSuffix;

    public byte[] Build()
    {
        byte[] header = BuildHeader();
        byte[] padding = new byte[Padding];
        if (Padding > 0) padding[^1] = ClaimedPadding ?? (byte)Padding;
        byte[] plaintext = [.. Extension ?? [], .. Payload, .. padding];
        byte[] suffix = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(suffix, Suffix);
        return [.. header, .. UseXChaCha20 ? SealXChaCha20(header, plaintext, suffix) : SealAesGcm(header, plaintext, suffix), .. suffix];
    }

    private byte[] BuildHeader()
    {
        byte[] header = new byte[12 + 4 * Csrcs.Length + (Extension is null ? 0 : 4)];
        header[0] = (byte)(0x80 | (Padding > 0 ? 0x20 : 0) | (Extension is null ? 0 : 0x10) | Csrcs.Length);
        header[1] = (byte)((Marker ? 0x80 : 0) | PayloadType);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), SequenceNumber);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), Timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(8), Ssrc);
        for (int i = 0; i < Csrcs.Length; i++) BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(12 + 4 * i), Csrcs[i]);
        if (Extension is null) return header;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(header.Length - 4), 0xBEDE);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(header.Length - 2), ClaimedWords ?? (ushort)(Extension.Length / 4));
        return header;
    }

    private byte[] SealAesGcm(byte[] header, byte[] plaintext, byte[] suffix)
    {
        byte[] ciphertext = new byte[plaintext.Length];
        byte[] tag = new byte[16];
        using AesGcm gcm = new(TransportKey, 16);
        byte[] nonce = [.. suffix, .. new byte[8]];
        gcm.Encrypt(nonce, plaintext, ciphertext, tag, header);
        return [.. ciphertext, .. tag];
    }

    private byte[] SealXChaCha20(byte[] header, byte[] plaintext, byte[] suffix)
    {
        using Key key = Key.Import(AeadAlgorithm.XChaCha20Poly1305, TransportKey, KeyBlobFormat.RawSymmetricKey);
        return AeadAlgorithm.XChaCha20Poly1305.Encrypt(key, [.. suffix, .. new byte[20]], header, plaintext);
    }
}
