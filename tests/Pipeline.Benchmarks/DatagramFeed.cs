using System.Buffers.Binary;
using Pipeline.Discord.Rtp;

namespace Pipeline.Benchmarks;

/// <summary>Datagrams as an SFU sends them: one extension word, 4 bytes of padding on every other packet.</summary>
internal static class DatagramFeed
{
    private const int HeaderLength = 16;

    /// <summary>Seals one frame.</summary>
    public static byte[] Seal(ITransportCipher cipher, uint ssrc, ushort sequenceNumber, uint timestamp, ReadOnlySpan<byte> frame,
        uint suffix)
    {
        bool padded = sequenceNumber % 2 == 0;
        byte[] plaintext = [0x10, 0xFF, 0x90, 0x02, .. frame, .. padded ? new byte[] { 0, 0, 0, 4 } : []];
        byte[] datagram = new byte[HeaderLength + plaintext.Length + RtpPacket.TrailerLength];
        Span<byte> header = datagram.AsSpan(0, HeaderLength);
        header[0] = (byte)(padded ? 0xB0 : 0x90);
        header[1] = DatagramKinds.AudioPayloadType;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], sequenceNumber);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(header[8..], ssrc);
        BinaryPrimitives.WriteUInt32BigEndian(header[12..], 0xBEDE0001);
        BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(datagram.Length - RtpPacket.SuffixLength), suffix);
        cipher.Seal(header, plaintext, datagram.AsSpan(datagram.Length - RtpPacket.SuffixLength),
            datagram.AsSpan(HeaderLength, plaintext.Length + RtpPacket.TagLength));
        return datagram;
    }
}
