using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Pipeline.Dave;
using Pipeline.Dave.Keys;

namespace Pipeline.Benchmarks;

/// <summary>
/// Opening one end-to-end encrypted frame as the media thread does (format, key generation, 8-byte tag in two passes, replay
/// window, counters), as a ratio to one AesGcm.Decrypt of the same size; and a frame that nobody's key opens.
/// </summary>
[MemoryDiagnoser]
[InProcess]
public class DaveBenchmarks : IDisposable
{
    private const ulong User = 100;
    private const int Frames = 1 << 14;

    private readonly byte[] destination = new byte[2048];
    private readonly byte[] baseSecret = [.. Enumerable.Range(0, SenderRatchet.BaseSecretLength).Select(i => (byte)(i * 11))];
    private readonly byte[] nonce = new byte[12];
    private readonly byte[] tag = new byte[16];
    private readonly byte[][] sealedFrames = new byte[Frames][];
    private AesGcm aes = null!;
    private byte[] ciphertext = [];
    private DaveReceiver receiver = null!;
    private DaveSnapshot snapshot = DaveSnapshot.Plain;
    private int next;
    private int serial;

    [Params(160)]
    public int FrameLength { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        byte[] key = new byte[SenderRatchet.KeyLength];
        using (SenderRatchet ratchet = new(baseSecret)) ratchet.DeriveKey(0, key);
        aes = new AesGcm(key, 16);
        byte[] plain = [.. Enumerable.Range(0, FrameLength).Select(i => (byte)i)];
        for (uint i = 0; i < Frames; i++) sealedFrames[i] = Seal(plain, i + 1);
        ciphertext = new byte[FrameLength];
        aes.Encrypt(nonce, plain, ciphertext, tag);
        receiver = new DaveReceiver(TimeProvider.System, static (ulong _, in DaveFrameOrigin _, DaveOpenResult _, ReadOnlySpan<byte> _) => { });
        Rekey();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        receiver.Dispose();
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

    /// <summary>The same keys under a new serial: every nonce may be used once more.</summary>
    private void Rekey()
    {
        next = 0;
        EpochKeys keys = new(++serial, 1, TimeProvider.System.GetTimestamp(), new Dictionary<ulong, byte[]> { [User] = baseSecret }.ToFrozenDictionary());
        snapshot = new DaveSnapshot { State = DaveState.Active, ProtocolVersion = 1, PassthroughUntil = long.MinValue, Keys = [keys], Revision = serial };
    }

    private byte[] Seal(byte[] plain, uint counter)
    {
        byte[] iv = new byte[12];
        BinaryPrimitives.WriteUInt32LittleEndian(iv.AsSpan(8), counter);
        byte[] body = new byte[plain.Length];
        byte[] fullTag = new byte[16];
        aes.Encrypt(iv, plain, body, fullTag);
        List<byte> leb = [];
        for (uint rest = counter; ; rest >>= 7)
        {
            leb.Add((byte)(rest < 0x80 ? rest : rest | 0x80));
            if (rest < 0x80) break;
        }
        return [.. body, .. fullTag[..8], .. leb, (byte)(8 + leb.Count + 3), 0xFA, 0xFA];
    }
}
