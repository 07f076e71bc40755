namespace Pipeline.Dave.Receive;

/// <summary>
/// Takes a frame whose waiting is over, on the media thread, in the order in which the user's frames came.
/// </summary>
/// <param name="userId">Sender.</param>
/// <param name="origin">Its place in the RTP stream, as it was given to <see cref="DaveReceiver.Open"/>.</param>
/// <param name="result">
/// <see cref="DaveOpenResult.Opened"/> with the plain frame, or why it was given up
/// (<see cref="DaveOpenResult.Undecryptable"/>, <see cref="DaveOpenResult.NoKey"/>, <see cref="DaveOpenResult.JoinGap"/>) without bytes.
/// </param>
/// <param name="frame">The plain frame; valid during the call.</param>
public delegate void DaveHeldFrameSink(ulong userId, in DaveFrameOrigin origin, DaveOpenResult result, ReadOnlySpan<byte> frame);
