using System.Buffers.Binary;

namespace Pipeline.Discord.Rtp;

/// <summary>
/// One RTP packet as it travels between the SFU and us (RFC 3550 §5.1; Discord: Voice Connections, "rtpsize" modes). A view on the
/// datagram.
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |V=2|P|X|  CC   |M|     PT      |       sequence number         |  clear, authenticated
/// |                           timestamp                           |  clear, authenticated
/// |           synchronization source (SSRC) identifier            |  clear, authenticated
/// |       contributing source (CSRC) identifiers, 0 to 15         |  clear, authenticated
/// |  if X: profile                |  if X: length in words        |  clear, authenticated
/// |  if X: extension body, then payload, then if P: padding       |  sealed
/// |                     tag, 16 bytes                             |
/// |                     nonce suffix, 4 bytes                     |  clear
/// +---------------------------------------------------------------+
/// </code>
/// </summary>
public readonly ref struct RtpPacket
{
    /// <summary>Bytes behind the ciphertext: tag and nonce suffix.</summary>
    public const int TrailerLength = TagLength + SuffixLength;

    public const int TagLength = 16;
    public const int SuffixLength = 4;

    private const int FixedHeaderLength = 12;
    private const int PreambleLength = 4;
    private const int PaddingBit = 0x20;
    private const int ExtensionBit = 0x10;
    private const int CsrcCountMask = 0x0F;
    private const int MarkerBit = 0x80;

    public bool Marker { get; private init; }
    public bool HasPadding { get; private init; }
    public byte CsrcCount { get; private init; }
    public byte PayloadType { get; private init; }

    /// <summary>Wraps at 2^16.</summary>
    public ushort SequenceNumber { get; private init; }

    /// <summary>Wraps at 2^32; 48 kHz for audio.</summary>
    public uint Timestamp { get; private init; }

    public uint Ssrc { get; private init; }

    /// <summary>Length of the sealed extension body in 32-bit words; 0 without an extension.</summary>
    public ushort ExtensionWords { get; private init; }

    /// <summary>The clear bytes, which the tag covers too.</summary>
    public ReadOnlySpan<byte> Header { get; private init; }

    /// <summary>Ciphertext followed by the 16-byte tag.</summary>
    public ReadOnlySpan<byte> Sealed { get; private init; }

    /// <summary>The sender's 4 nonce bytes, verbatim: their byte order is the sender's own affair.</summary>
    public ReadOnlySpan<byte> NonceSuffix { get; private init; }

    /// <summary>Length of the plaintext: extension body, payload and padding.</summary>
    public int PlaintextLength => Sealed.Length - TagLength;

    /// <summary>
    /// Reads the clear part. Expects a datagram that <see cref="DatagramKinds.Classify"/> called RTP; checks again what its own reads need.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> datagram, out RtpPacket packet, out DropReason reason)
    {
        packet = default;
        if (datagram.Length < FixedHeaderLength + TrailerLength) return Refuse(DropReason.TooShort, out reason);
        byte flags = datagram[0];
        if (flags >> 6 != 2) return Refuse(DropReason.NotRtp, out reason);

        int headerLength = FixedHeaderLength + 4 * (flags & CsrcCountMask);
        bool hasExtension = (flags & ExtensionBit) != 0;
        if (hasExtension) headerLength += PreambleLength;
        if (datagram.Length < headerLength + TrailerLength) return Refuse(DropReason.TruncatedHeader, out reason);

        packet = new RtpPacket
        {
            Marker = (datagram[1] & MarkerBit) != 0,
            HasPadding = (flags & PaddingBit) != 0,
            CsrcCount = (byte)(flags & CsrcCountMask),
            PayloadType = (byte)(datagram[1] & ~MarkerBit),
            SequenceNumber = BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]),
            Timestamp = BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]),
            Ssrc = BinaryPrimitives.ReadUInt32BigEndian(datagram[8..]),
            ExtensionWords = hasExtension ? BinaryPrimitives.ReadUInt16BigEndian(datagram[(headerLength - 2)..]) : (ushort)0,
            Header = datagram[..headerLength],
            Sealed = datagram[headerLength..^SuffixLength],
            NonceSuffix = datagram[^SuffixLength..],
        };
        reason = DropReason.None;
        return true;
    }

    private static bool Refuse(DropReason why, out DropReason reason)
    {
        reason = why;
        return false;
    }
}
