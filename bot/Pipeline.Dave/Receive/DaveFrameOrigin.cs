namespace Pipeline.Dave.Receive;

/// <summary>Where a frame stood in its RTP stream; kept beside a frame that has to wait for its key.</summary>
/// <param name="Ssrc">RTP source.</param>
/// <param name="SequenceNumber">RTP order, wraps at 2^16.</param>
/// <param name="Timestamp">RTP sample clock, 48 kHz, wraps at 2^32.</param>
/// <param name="ReceivedAt">Arrival of the datagram as a timestamp of the session's <see cref="TimeProvider"/>.</param>
public readonly record struct DaveFrameOrigin(uint Ssrc, ushort SequenceNumber, uint Timestamp, long ReceivedAt)
{
    /// <summary>Of the same source, and sent before.</summary>
    internal bool IsBefore(in DaveFrameOrigin other) =>
        Ssrc == other.Ssrc && (short)(SequenceNumber - other.SequenceNumber) < 0;
}

/// <summary>
/// Takes a frame whose waiting is over, on the receiver's thread, in the order in which the user's frames came.
/// </summary>
/// <param name="userId">Sender.</param>
/// <param name="origin">Its place in the RTP stream, as it was given to <see cref="DaveReceiver.Open"/>.</param>
/// <param name="result">
/// <see cref="DaveOpenResult.Opened"/>, <see cref="DaveOpenResult.Passthrough"/> or <see cref="DaveOpenResult.Silence"/> with the plain
/// frame, or without bytes <see cref="DaveOpenResult.NoAudio"/>, <see cref="DaveOpenResult.Replayed"/>, or why it was given up
/// (<see cref="DaveOpenResult.Undecryptable"/>, <see cref="DaveOpenResult.NoKey"/>, <see cref="DaveOpenResult.PlaintextRejected"/>,
/// <see cref="DaveOpenResult.JoinGap"/>, <see cref="DaveOpenResult.RejoinGap"/>).
/// </param>
/// <param name="frame">The plain frame; valid during the call.</param>
public delegate void DaveHeldFrameSink(ulong userId, in DaveFrameOrigin origin, DaveOpenResult result, ReadOnlySpan<byte> frame);
