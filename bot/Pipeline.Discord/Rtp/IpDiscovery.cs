using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Pipeline.Discord.Rtp;

/// <summary>
/// Asks the SFU which public address our packets come from (Discord: Voice Connections, IP Discovery).
/// <c>u16 type (1 request, 2 reply) || u16 length = 70 || u32 ssrc || char address[64], NUL-terminated || u16 port</c>, big-endian.
/// </summary>
public static class IpDiscovery
{
    /// <summary>Both directions.</summary>
    public const int Length = 74;

    public const ushort RequestType = 1;
    public const ushort ReplyType = 2;

    private const ushort BodyLength = 70;
    private const int AddressOffset = 8;
    private const int AddressLength = 64;
    private const int PortOffset = 72;

    /// <summary>Writes the request; <paramref name="destination"/> holds at least 74 bytes.</summary>
    public static void WriteRequest(uint ssrc, Span<byte> destination)
    {
        destination[..Length].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(destination, RequestType);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], BodyLength);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], ssrc);
    }

    /// <summary>
    /// Reads a reply. False for anything but 74 bytes of type 2 with a literal address and a port. The socket is connected, so only the
    /// server's own datagrams come here; length field and source are its affair.
    /// </summary>
    public static bool TryReadReply(ReadOnlySpan<byte> datagram, out string address, out ushort port)
    {
        address = "";
        port = 0;
        if (datagram.Length != Length || BinaryPrimitives.ReadUInt16BigEndian(datagram) != ReplyType) return false;

        ReadOnlySpan<byte> text = datagram.Slice(AddressOffset, AddressLength);
        int end = text.IndexOf((byte)0);
        if (end < 0 || !Ascii.IsValid(text[..end])) return false;
        string literal = Encoding.ASCII.GetString(text[..end]);
        port = BinaryPrimitives.ReadUInt16BigEndian(datagram[PortOffset..]);
        if (port == 0 || !IPAddress.TryParse(literal, out _)) return false;
        address = literal;
        return true;
    }
}
