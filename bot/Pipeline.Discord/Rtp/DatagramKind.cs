using System.Buffers.Binary;

namespace Pipeline.Discord.Rtp;

/// <summary>What a datagram on the media socket is, by its first two clear bytes and its length (RFC 5761 §4).</summary>
public enum DatagramKind
{
    TooShort,
    NotRtp,
    Discovery,
    KeepaliveEcho,
    Rtcp,
    Audio,
    OtherPayload,
}

/// <summary>Tells datagrams apart before anything else looks at them.</summary>
public static class DatagramKinds
{
    /// <summary>12 bytes of header, 16 of tag, 4 of nonce suffix.</summary>
    public const int SmallestPacket = 32;

    /// <summary>Discord's payload type for Opus.</summary>
    public const byte AudioPayloadType = 0x78;

    private const int KeepaliveLength = 8;
    private const int PayloadTypeMask = 0x7F;
    private const int RtpVersion = 2;

    /// <summary>Never fails: what is not known is named so.</summary>
    public static DatagramKind Classify(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length == IpDiscovery.Length && BinaryPrimitives.ReadUInt16BigEndian(datagram) == IpDiscovery.ReplyType)
            return DatagramKind.Discovery;
        if (datagram.Length == KeepaliveLength) return DatagramKind.KeepaliveEcho;
        if (datagram.Length < SmallestPacket) return DatagramKind.TooShort;
        if (datagram[0] >> 6 != RtpVersion) return DatagramKind.NotRtp;

        // RFC 5761 §4: 200..206 in the whole second byte are RTCP packet types; as RTP they would be payload types 72..78 with the marker.
        if (datagram[1] is >= 200 and <= 206) return DatagramKind.Rtcp;
        return (datagram[1] & PayloadTypeMask) == AudioPayloadType ? DatagramKind.Audio : DatagramKind.OtherPayload;
    }

    /// <summary>The reason to count when a datagram of this kind is not audio.</summary>
    public static DropReason ToDropReason(this DatagramKind kind) => kind switch
    {
        DatagramKind.Audio => DropReason.None,
        DatagramKind.TooShort => DropReason.TooShort,
        DatagramKind.NotRtp => DropReason.NotRtp,
        DatagramKind.Discovery => DropReason.Discovery,
        DatagramKind.KeepaliveEcho => DropReason.KeepaliveEcho,
        DatagramKind.Rtcp => DropReason.Rtcp,
        DatagramKind.OtherPayload => DropReason.OtherPayload,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
