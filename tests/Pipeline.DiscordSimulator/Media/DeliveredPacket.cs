namespace Pipeline.DiscordSimulator.Media;

/// <summary>One line of the ledger: a packet, its receiver and its fate.</summary>
/// <param name="ReceiverId">Who should hear it.</param>
/// <param name="UserId">Who spoke.</param>
/// <param name="Ssrc">The stream.</param>
/// <param name="Sequence">RTP sequence number.</param>
/// <param name="Timestamp">RTP timestamp.</param>
/// <param name="Payload">What the receiver must recover, byte for byte.</param>
/// <param name="SpokenAt">Virtual time at which it came from the speaker's client.</param>
/// <param name="At">Virtual time of the fate; of a delivered packet, the moment before it was handed to the socket.</param>
/// <param name="Outcome">The fate.</param>
public sealed record DeliveredPacket(
    ulong ReceiverId,
    ulong UserId,
    uint Ssrc,
    ushort Sequence,
    uint Timestamp,
    ReadOnlyMemory<byte> Payload,
    TimeSpan SpokenAt,
    TimeSpan At,
    DeliveryOutcome Outcome)
{
    /// <summary>True for the frame <c>F8 FF FE</c>.</summary>
    public bool IsSilence => Payload.Span.SequenceEqual(MediaPacket.SilenceFrame.Span);
}
