using Pipeline.Dave.Receive;

namespace Pipeline.Discord.Media;

/// <summary>
/// Keeps whole audio datagrams whose transport key is not there yet: a server may send as soon as the protocol is selected, and as soon as
/// it has renewed the key. Bounded in bytes and in age; the oldest go first. As <see cref="MediaPath"/>, one thread at a time.
/// </summary>
internal sealed class EarlyDatagrams(TimeProvider time)
{
    // 2 s of 25 people at 64 kbit/s, with what a record of the ring costs. It is there only while a key is awaited.
    private const int Bytes = 1024 * 1024;

    private readonly long maxAge = (long)(UnknownSsrcHold.MaxAge.TotalSeconds * time.TimestampFrequency);
    private AudioFrameRing? ring;

    public delegate void Take(ReadOnlySpan<byte> datagram, long receivedAt);

    public void Hold(ReadOnlySpan<byte> datagram, long receivedAt)
    {
        ring ??= new AudioFrameRing(Bytes);
        AudioFrame whole = AudioFrame.At(new DaveFrameOrigin(0, 0, 0, receivedAt), AudioFrameKind.Opus, userId: 0, datagram);
        while (!ring.TryWrite(whole) && ring.TryRead(out _)) ring.Release();
    }

    /// <summary>Hands over what is not too old, in arrival order, and gives the memory back.</summary>
    public void Release(Take take)
    {
        if (ring is not { } held) return;
        ring = null;
        long now = time.GetTimestamp();
        while (held.TryRead(out AudioFrame whole))
        {
            if (now - whole.ReceivedAt <= maxAge) take(whole.Opus, whole.ReceivedAt);
            held.Release();
        }
    }
}
