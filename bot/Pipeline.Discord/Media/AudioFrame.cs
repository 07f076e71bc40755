using Pipeline.Dave.Receive;

namespace Pipeline.Discord.Media;

/// <summary>
/// One Opus frame of one user, as it leaves the voice session: decrypted, unpadded, not yet reordered.
/// Lives only while the ring slot it was read from is not released.
/// </summary>
public readonly ref struct AudioFrame
{
    public required AudioFrameKind Kind { get; init; }
    public required ulong UserId { get; init; }

    /// <summary>RTP source (RFC 3550 §5.1). A new value for the same user is a new epoch of the same track.</summary>
    public required uint Ssrc { get; init; }

    /// <summary>RTP order, wraps at 2^16.</summary>
    public required ushort SequenceNumber { get; init; }

    /// <summary>RTP sample clock, 48 kHz, wraps at 2^32.</summary>
    public required uint Timestamp { get; init; }

    /// <summary>Arrival of the datagram as <see cref="TimeProvider.GetTimestamp"/> of the session's clock.</summary>
    public required long ReceivedAt { get; init; }

    /// <summary>One Opus packet (RFC 6716 §3), or empty when the kind says that there is none.</summary>
    public required ReadOnlySpan<byte> Opus { get; init; }

    /// <summary>A frame at the place of the packet that brought it.</summary>
    internal static AudioFrame At(scoped in DaveFrameOrigin origin, AudioFrameKind kind, ulong userId, ReadOnlySpan<byte> opus) => new()
    {
        Kind = kind,
        UserId = userId,
        Ssrc = origin.Ssrc,
        SequenceNumber = origin.SequenceNumber,
        Timestamp = origin.Timestamp,
        ReceivedAt = origin.ReceivedAt,
        Opus = opus,
    };

    internal DaveFrameOrigin Origin => new(Ssrc, SequenceNumber, Timestamp, ReceivedAt);

    /// <summary>The same place, with other content.</summary>
    internal AudioFrame With(AudioFrameKind kind, ulong userId, ReadOnlySpan<byte> opus) => At(Origin, kind, userId, opus);
}

/// <summary>What a frame's bytes are worth.</summary>
public enum AudioFrameKind : byte
{
    /// <summary>An Opus packet, the silence marker F8 FF FE included.</summary>
    Opus = 0,

    /// <summary>The packet came, but its end-to-end encryption could not be opened. Its place in time is known.</summary>
    Undecryptable = 1,

    /// <summary>The packet came and carries no audio (padding, zeros): only its sequence number means something.</summary>
    Empty = 2,
}
