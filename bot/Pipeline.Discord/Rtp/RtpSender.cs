using System.Buffers.Binary;

namespace Pipeline.Discord.Rtp;

/// <summary>
/// Makes the few packets that we send: silence frames that open the way for receiving. Owns our sequence number, timestamp and nonce
/// counter; the counter never starts again under one transport key, so one instance lives as long as its key.
/// </summary>
public sealed class RtpSender(TransportKey transportKey, uint ssrc, ushort firstSequenceNumber, uint firstTimestamp) : IDisposable
{
    /// <summary>Bytes of one silence packet: header 12, marker 3, tag 16, suffix 4.</summary>
    public const int SilencePacketLength = HeaderLength + 3 + RtpPacket.TrailerLength;

    private const int HeaderLength = 12;
    private const uint SamplesPerFrame = 960;

    private readonly ITransportCipher cipher = transportKey.CreateCipher();
    private ushort sequenceNumber = firstSequenceNumber;
    private uint timestamp = firstTimestamp;
    private uint packets;

    /// <summary>
    /// Writes the next silence packet; <paramref name="datagram"/> holds at least <see cref="SilencePacketLength"/> bytes.
    /// </summary>
    public void WriteSilence(Span<byte> datagram)
    {
        Span<byte> header = datagram[..HeaderLength];
        header[0] = 0x80;
        header[1] = DatagramKinds.AudioPayloadType;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], sequenceNumber);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(header[8..], ssrc);
        Span<byte> suffix = datagram.Slice(SilencePacketLength - RtpPacket.SuffixLength, RtpPacket.SuffixLength);
        BinaryPrimitives.WriteUInt32BigEndian(suffix, packets);
        cipher.Seal(header, RtpPayload.SilenceMarker, suffix, datagram[HeaderLength..(SilencePacketLength - RtpPacket.SuffixLength)]);
        packets = checked(packets + 1);
        sequenceNumber++;
        timestamp += SamplesPerFrame;
    }

    public void Dispose() => cipher.Dispose();
}
