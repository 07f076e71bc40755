namespace Pipeline.Bot.Replay;

/// <summary>One Opus frame on its way. Times since the start of the recording; the buffer is rented.</summary>
internal readonly record struct ReplayFrame(ulong UserId, uint Ssrc, ushort SequenceNumber, uint Timestamp, TimeSpan ArrivesAt, byte[] Buffer, int Length);
