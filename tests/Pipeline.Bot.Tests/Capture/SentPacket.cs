namespace Pipeline.Bot.Tests.Capture;

/// <summary>One packet on its way: when it arrives, and what it is.</summary>
internal sealed record SentPacket(double ArrivalMilliseconds, uint Ssrc, ushort Sequence, uint Timestamp, byte[] Opus);
