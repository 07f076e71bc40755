using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Ogg;

/// <summary>
/// The last packets of a stream: a file that begins within talk repeats them, so that its decoder has heard what it needs. 320 ms leave
/// 85 dB (CELT) and 48 dB (SILK) between the first 200 ms and continuous decoding; the 80 ms of RFC 7845 §4.6 leave 22 and 1.
/// </summary>
internal sealed class OpusPreRoll
{
    /// <summary>Samples per channel that are kept at least, once so many were heard: 16 packets of 20 ms.</summary>
    public const int Samples = 16 * 960;

    private const int MostPackets = 256; // 128 packets of 2.5 ms, and as many again before they are moved to the front

    private readonly int[] ends = new int[MostPackets];
    private byte[] bytes = new byte[4096];
    private int first;
    private int behind;
    private int start;
    private int samples;

    /// <summary>Forgets everything.</summary>
    public void Clear() => (first, behind, start, samples) = (0, 0, 0, 0);

    public void Add(ReadOnlySpan<byte> packet, int packetSamples)
    {
        int end = behind == first ? start : ends[behind - 1];
        if (behind == MostPackets || end + packet.Length > bytes.Length) end = MoveToFront(packet.Length);
        packet.CopyTo(bytes.AsSpan(end));
        ends[behind++] = end + packet.Length;
        samples += packetSamples;
        while (samples - Duration(first) >= Samples) Drop();
    }

    /// <summary>The packets that are kept, oldest first.</summary>
    public Enumerator GetEnumerator() => new(this);

    private ReadOnlySpan<byte> Packet(int at) =>
        bytes.AsSpan(at == first ? start : ends[at - 1], ends[at] - (at == first ? start : ends[at - 1]));

    private int Duration(int at) => OpusPacket.TryGetDuration(Packet(at), out int length) ? length : 0;

    private void Drop()
    {
        samples -= Duration(first);
        start = ends[first++];
    }

    private int MoveToFront(int needed)
    {
        int count = behind - first;
        int length = count == 0 ? 0 : ends[behind - 1] - start;
        byte[] target = length + needed > bytes.Length / 2 ? new byte[2 * (length + needed + 1024)] : bytes;
        bytes.AsSpan(start, length).CopyTo(target);
        for (int i = 0; i < count; i++) ends[i] = ends[first + i] - start;
        (bytes, first, behind, start) = (target, 0, count, 0);
        return length;
    }

    /// <summary>Goes through the packets; nothing may be added meanwhile.</summary>
    internal ref struct Enumerator(OpusPreRoll preRoll)
    {
        private int at = preRoll.first - 1;

        public readonly ReadOnlySpan<byte> Current => preRoll.Packet(at);

        public bool MoveNext() => ++at < preRoll.behind;
    }
}
