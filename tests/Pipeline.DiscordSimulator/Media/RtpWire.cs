using System.Buffers.Binary;

namespace Pipeline.DiscordSimulator.Media;

/// <summary>
/// Reads and writes RTP as it stands on Discord's UDP path (RFC 3550 §5.1, with the header extension's body encrypted):
/// <code>
/// V=2 P X CC | M PT | sequence | timestamp | SSRC | CSRC * CC | BE DE, words   clear, additional data
/// extension body | payload | padding                                          encrypted
/// tag (16) | nonce suffix (4)
/// </code>
/// </summary>
internal static class RtpWire
{
    private const int FixedHeader = 12;

    // One-byte elements: id 1 (audio level, voice) and id 9 (speaking flags); further words are their padding.
    private static ReadOnlySpan<byte> ExtensionElements => [0x10, 0xFF, 0x90, 0x02];

    /// <summary>Writes a sealed packet and returns its length.</summary>
    public static int Write(Span<byte> datagram, MediaPacket packet, PacketShape shape, TransportCipher cipher, uint nonce)
    {
        int header = WriteHeader(datagram, packet, shape);
        Span<byte> plain = new byte[shape.ExtensionWords * 4 + packet.Payload.Length + shape.Padding];
        if (shape.ExtensionWords > 0)
            ExtensionElements.CopyTo(plain);
        packet.Payload.Span.CopyTo(plain[(shape.ExtensionWords * 4)..]);
        if (shape.Padding > 0)
            plain[^1] = (byte)shape.Padding;
        return Seal(datagram, header, plain, cipher, nonce);
    }

    /// <summary>Writes a sealed RTCP sender report (RFC 3550 §6.4.1); its first eight bytes are clear.</summary>
    public static int WriteSenderReport(Span<byte> datagram, uint ssrc, uint timestamp, TransportCipher cipher, uint nonce)
    {
        datagram[0] = 0x80;
        datagram[1] = 200;
        BinaryPrimitives.WriteUInt16BigEndian(datagram[2..], 6);
        BinaryPrimitives.WriteUInt32BigEndian(datagram[4..], ssrc);
        Span<byte> plain = stackalloc byte[20];
        plain.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(plain[8..], timestamp);
        return Seal(datagram, 8, plain, cipher, nonce);
    }

    /// <summary>Opens a client's packet; false for anything that is not an RTP packet under this cipher.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, TransportCipher cipher, TimeSpan now, out MediaPacket? packet)
    {
        packet = null;
        if (datagram.Length < FixedHeader + TransportCipher.Overhead || datagram[0] >> 6 != 2)
            return false;
        bool hasExtension = (datagram[0] & 0x10) != 0;
        int header = FixedHeader + 4 * (datagram[0] & 0x0F) + (hasExtension ? 4 : 0);
        if (datagram.Length < header + TransportCipher.Overhead)
            return false;
        byte[] plain = new byte[datagram.Length - header - TransportCipher.Overhead];
        if (!cipher.TryOpen(datagram[..header], datagram[header..], plain))
            return false;
        int start = hasExtension ? 4 * BinaryPrimitives.ReadUInt16BigEndian(datagram[(header - 2)..]) : 0;
        int padding = (datagram[0] & 0x20) != 0 && plain.Length > 0 ? plain[^1] : 0;
        if (start + padding > plain.Length)
            return false;
        packet = new MediaPacket
        {
            Ssrc = SsrcOf(datagram),
            Sequence = BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]),
            Timestamp = BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]),
            PayloadType = (byte)(datagram[1] & 0x7F),
            Marker = (datagram[1] & 0x80) != 0,
            Payload = plain.AsMemory(start, plain.Length - start - padding),
            SpokenAt = now,
        };
        return true;
    }

    public static uint SsrcOf(ReadOnlySpan<byte> datagram) => BinaryPrimitives.ReadUInt32BigEndian(datagram[8..]);

    private static int WriteHeader(Span<byte> datagram, MediaPacket packet, PacketShape shape)
    {
        bool hasExtension = shape.ExtensionWords > 0;
        datagram[0] = (byte)(0x80 | (shape.Padding > 0 ? 0x20 : 0) | (hasExtension ? 0x10 : 0) | shape.CsrcCount);
        datagram[1] = (byte)((packet.Marker ? 0x80 : 0) | packet.PayloadType);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[2..], packet.Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(datagram[4..], packet.Timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(datagram[8..], packet.Ssrc);
        int position = FixedHeader;
        for (int i = 0; i < shape.CsrcCount; i++, position += 4)
            BinaryPrimitives.WriteUInt32BigEndian(datagram[position..], 0xC5C50000u + (uint)i);
        if (!hasExtension)
            return position;
        BinaryPrimitives.WriteUInt16BigEndian(datagram[position..], 0xBEDE);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[(position + 2)..], (ushort)shape.ExtensionWords);
        return position + 4;
    }

    private static int Seal(Span<byte> datagram, int header, ReadOnlySpan<byte> plain, TransportCipher cipher, uint nonce)
    {
        Span<byte> suffix = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(suffix, nonce);
        int length = header + plain.Length + TransportCipher.Overhead;
        cipher.Seal(suffix, datagram[..header], plain, datagram[header..length]);
        return length;
    }
}
