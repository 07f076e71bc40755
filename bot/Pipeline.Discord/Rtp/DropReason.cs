namespace Pipeline.Discord.Rtp;

/// <summary>Why a datagram did not become an audio frame. Every value has its own counter; none is an error of ours by itself.</summary>
public enum DropReason
{
    /// <summary>Not dropped.</summary>
    None = 0,

    /// <summary>Shorter than the smallest sealed RTP packet (12 header + 16 tag + 4 suffix).</summary>
    TooShort,

    /// <summary>Longer than the receive buffer, so its tail is lost and it cannot be authenticated.</summary>
    TooLong,

    /// <summary>The version bits are not 2.</summary>
    NotRtp,

    /// <summary>IP discovery reply, read by the handshake or late.</summary>
    Discovery,

    /// <summary>Echo of our own keepalive.</summary>
    KeepaliveEcho,

    /// <summary>RTCP: sender and receiver reports and the like.</summary>
    Rtcp,

    /// <summary>RTP that is not the audio payload type: video, retransmission, probes.</summary>
    OtherPayload,

    /// <summary>Contributing sources or extension preamble reach past the end of the datagram.</summary>
    TruncatedHeader,

    /// <summary>Came before the session description brought the transport key.</summary>
    NoTransportKey,

    /// <summary>The transport tag does not match: forged, damaged, or sealed with another transport key.</summary>
    NotAuthentic,

    /// <summary>Authentic, and its nonce was used before: a copy of a packet that was here.</summary>
    Replayed,

    /// <summary>The extension claims more words than there are bytes.</summary>
    ExtensionTooLong,

    /// <summary>The padding count is zero or exceeds the payload.</summary>
    BadPadding,

    /// <summary>Nothing but padding.</summary>
    PaddingOnly,

    /// <summary>Empty, or zeros in all but at most one byte with the first among them; some servers emit these.</summary>
    ZeroPacket,

    /// <summary>Our own source, reflected.</summary>
    OwnSsrc,

    /// <summary>Held for a source whose user did not become known in time, or held by no slot.</summary>
    UnknownSsrc,

    /// <summary>Sound of a source that nobody has named and that sent no three packets which hang together: no client's.</summary>
    StraySource,

    /// <summary>The end-to-end layer refused it.</summary>
    Refused,

    /// <summary>The frame ring was full: the recording's tick is late.</summary>
    RingFull,
}
