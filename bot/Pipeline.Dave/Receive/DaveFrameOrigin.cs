namespace Pipeline.Dave.Receive;

/// <summary>Where a frame stood in its RTP stream; kept beside a frame that has to wait for its key.</summary>
/// <param name="Ssrc">RTP source.</param>
/// <param name="SequenceNumber">RTP order, wraps at 2^16.</param>
/// <param name="Timestamp">RTP sample clock, 48 kHz, wraps at 2^32.</param>
/// <param name="ReceivedAt">Arrival of the datagram as a timestamp of the session's <see cref="TimeProvider"/>.</param>
public readonly record struct DaveFrameOrigin(uint Ssrc, ushort SequenceNumber, uint Timestamp, long ReceivedAt);
