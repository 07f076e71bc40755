using System.Buffers.Binary;

namespace Pipeline.Discord.Rtp;

/// <summary>
/// Refuses authentic packets that came before: a sender never uses a nonce twice under one transport key, so one that comes again
/// was copied off the wire. One window per source; belongs to one key and one thread. Allocates only for a new source.
/// </summary>
/// <remarks>
/// The four nonce bytes are the sender's counter in a byte order of its own choice. It is read off the first packets: in one order
/// they lie close together, in the other they do not. A sender that counts in neither is not guarded.
/// </remarks>
internal sealed class ReplayGuard
{
    /// <summary>More sources than a call can have; those of a hostile server beyond it are not guarded.</summary>
    public const int MaxSources = 1024;

    // So many other packets may lie between two of ours: video of the same key counts too.
    private const uint Close = 1 << 14;
    private const int PacketsToJudge = 32;

    private readonly Dictionary<uint, NonceWindow> windows = [];
    private readonly List<(uint Ssrc, uint BigEndian)> unjudged = new(PacketsToJudge);
    private Order order = Order.Unknown;

    private enum Order
    {
        Unknown,
        BigEndian,
        LittleEndian,
        None,
    }

    /// <summary>False: this packet was here before. To be asked once per packet, after its tag was found right.</summary>
    public bool TryUse(in RtpPacket packet)
    {
        uint nonce = BinaryPrimitives.ReadUInt32BigEndian(packet.NonceSuffix);
        return order == Order.Unknown ? TryJudge(packet.Ssrc, nonce) : TryUse(packet.Ssrc, nonce);
    }

    private bool TryUse(uint ssrc, uint bigEndian)
    {
        if (order == Order.None) return true;
        if (!windows.TryGetValue(ssrc, out NonceWindow? window))
        {
            if (windows.Count == MaxSources) return true;
            windows.Add(ssrc, window = new NonceWindow());
        }
        return window.TryUse(order == Order.BigEndian ? bigEndian : BinaryPrimitives.ReverseEndianness(bigEndian));
    }

    private bool TryJudge(uint ssrc, uint nonce)
    {
        if (unjudged.Contains((ssrc, nonce))) return false;
        foreach ((_, uint earlier) in unjudged)
        {
            bool isBig = Distance(nonce, earlier) < Close;
            bool isLittle = Distance(BinaryPrimitives.ReverseEndianness(nonce), BinaryPrimitives.ReverseEndianness(earlier)) < Close;
            if (isBig != isLittle) order = isBig ? Order.BigEndian : Order.LittleEndian;
        }
        unjudged.Add((ssrc, nonce));
        if (order == Order.Unknown && unjudged.Count == PacketsToJudge) order = Order.None;
        if (order == Order.Unknown) return true;
        foreach ((uint source, uint earlier) in unjudged) TryUse(source, earlier);
        unjudged.Clear();
        return true;
    }

    private static uint Distance(uint left, uint right) => Math.Min(left - right, right - left);
}
