using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;

namespace Pipeline.Benchmarks;

/// <summary>
/// Opening one end-to-end encrypted frame as the media thread does (format, key generation, 8-byte tag in two passes, replay
/// window, counters), as a ratio to one AesGcm.Decrypt of the same size; and the silence frame, which passes.
/// </summary>
[MemoryDiagnoser]
[InProcess]
public class DaveBenchmarks : IDisposable
{
    private const ulong User = 100;
    private const int Frames = 1 << 14;

    private readonly byte[] destination = new byte[2048];
    private readonly byte[] nonce = new byte[12];
    private readonly byte[] tag = new byte[16];
    private readonly byte[][] sealedFrames = new byte[Frames][];
    private readonly DaveFeed feed = new([User]);
    private readonly AesGcm aes = new(new byte[16], 16);
    private readonly DaveReceiver receiver = new(TimeProvider.System,
        static (ulong _, in DaveFrameOrigin _, DaveOpenResult _, ReadOnlySpan<byte> _) => { });
    private DaveSnapshot snapshot = DaveSnapshot.Plain;
    private byte[] ciphertext = [];
    private int next;
    private int serial;

    [Params(160)]
    public int FrameLength { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        byte[] plain = [.. Enumerable.Range(0, FrameLength).Select(i => (byte)i)];
        for (uint i = 0; i < Frames; i++) sealedFrames[i] = feed.Seal(User, i + 1, plain);
        ciphertext = new byte[FrameLength];
        aes.Encrypt(nonce, plain, ciphertext, tag);
        Rekey();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        receiver.Dispose();
        feed.Dispose();
        aes.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void AesGcmDecrypt() => aes.Decrypt(nonce, ciphertext, tag, destination.AsSpan(0, FrameLength));

    [Benchmark]
    public DaveOpenResult OpenFrame()
    {
        if (next == Frames) Rekey();
        DaveOpenResult result = receiver.Open(snapshot, User, default, sealedFrames[next++], destination, out _);
        return result == DaveOpenResult.Opened ? result : throw new InvalidOperationException($"{result}");
    }

    [Benchmark]
    public DaveOpenResult PassSilence() => receiver.Open(snapshot, User, default, [0xF8, 0xFF, 0xFE], destination, out _);

    private void Rekey()
    {
        next = 0;
        snapshot = feed.Snapshot(++serial, TimeProvider.System.GetTimestamp());
    }
}
