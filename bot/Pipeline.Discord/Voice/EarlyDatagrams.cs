namespace Pipeline.Discord.Voice;

/// <summary>
/// Keeps whole audio datagrams that came before the session description: a server may send as soon as the protocol is selected. Bounded
/// in bytes and in age; the first ones are kept. Media thread only.
/// </summary>
internal sealed class EarlyDatagrams(TimeProvider time)
{
    private const int Bytes = 64 * 1024;

    private readonly long maxAge = (long)(UnknownSsrcHold.MaxAge.TotalSeconds * time.TimestampFrequency);
    private AudioFrameRing? ring;

    public delegate void Take(ReadOnlySpan<byte> datagram, long receivedAt, bool isTooOld);

    /// <summary>False when there is no room.</summary>
    public bool TryHold(ReadOnlySpan<byte> datagram, long receivedAt)
    {
        ring ??= new AudioFrameRing(Bytes);
        return ring.TryWrite(new AudioFrame { Kind = AudioFrameKind.Opus, UserId = 0, Ssrc = 0, SequenceNumber = 0, Timestamp = 0, ReceivedAt = receivedAt, Opus = datagram });
    }

    /// <summary>Hands over everything in arrival order and gives the memory back.</summary>
    public void Release(Take take)
    {
        if (ring is not { } held) return;
        ring = null;
        long now = time.GetTimestamp();
        while (held.TryRead(out AudioFrame whole))
        {
            take(whole.Opus, whole.ReceivedAt, now - whole.ReceivedAt > maxAge);
            held.Release();
        }
    }
}
