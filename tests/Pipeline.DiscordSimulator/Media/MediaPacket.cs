namespace Pipeline.DiscordSimulator.Media;

/// <summary>One RTP packet inside the SFU: clear, without what the hop adds.</summary>
internal sealed record MediaPacket
{
    public const byte Opus = 120;

    public static readonly ReadOnlyMemory<byte> SilenceFrame = new byte[] { 0xF8, 0xFF, 0xFE };

    public required uint Ssrc { get; init; }

    public required ushort Sequence { get; init; }

    public required uint Timestamp { get; init; }

    public required ReadOnlyMemory<byte> Payload { get; init; }

    public byte PayloadType { get; init; } = Opus;

    public bool Marker { get; init; }

    /// <summary>Goes out without extension, CSRC and padding (first byte 0x80), as packets that the SFU makes itself.</summary>
    public bool IsBare { get; init; }

    /// <summary>Virtual time at which the speaker's client sent it.</summary>
    public TimeSpan SpokenAt { get; init; }
}
