using BenchmarkDotNet.Attributes;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;

namespace Pipeline.Benchmarks;

/// <summary>
/// One datagram from the media socket's buffer to a released <see cref="AudioFrame"/>: parse, open, extension, padding, user, ring.
/// 160 B of Opus, one extension word, 4 bytes of padding. A forged datagram has to cost no more than a good one with its decoding.
/// </summary>
[MemoryDiagnoser]
[InProcess]
public class DatagramBenchmarks : IDisposable
{
    private const uint Ssrc = 9876;
    private const int Packets = 1024;
    private static readonly byte[] Payload = [.. Enumerable.Repeat((byte)0x78, 160)];

    private readonly AudioFrameRing ring = new();
    private readonly byte[][] good = new byte[Packets][];
    private readonly byte[][] forged = new byte[Packets][];
    private MediaPath path = null!;
    private TransportKey transportKey = null!;
    private int next;

    [Params(TransportKey.AesGcmMode, TransportKey.XChaCha20Mode)]
    public string Mode { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        byte[] secret = new byte[TransportKey.Length];
        new Random(7).NextBytes(secret);
        transportKey = new TransportKey(Mode, secret);
        using ITransportCipher cipher = transportKey.CreateCipher();
        for (int i = 0; i < Packets; i++)
        {
            good[i] = DatagramFeed.Seal(cipher, Ssrc, (ushort)i, (uint)(960 * i), Payload, suffix: (uint)i);
            forged[i] = [.. good[i]];
            forged[i][40] ^= 1;
        }
        path = new MediaPath(ring, TimeProvider.System);
        Renew();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        path.Dispose();
        transportKey.Dispose();
    }

    [Benchmark(Baseline = true)]
    public DropReason Good() => Take(good);

    [Benchmark]
    public DropReason Forged() => Take(forged);

    private void Renew()
    {
        byte[] secret = new byte[TransportKey.Length];
        new Random(7).NextBytes(secret);
        transportKey = new TransportKey(Mode, secret);
        path.Apply(new MediaSnapshot(1, transportKey, new Dictionary<uint, ulong> { [Ssrc] = 1 }));
    }

    private DropReason Take(byte[][] datagrams)
    {
        if ((next & (Packets - 1)) == 0) Renew(); // the same packets again: under the same key they would be refused
        DropReason reason = path.Receive(datagrams[next++ & (Packets - 1)], next);
        if (ring.TryRead(out _)) ring.Release();
        return reason;
    }
}
