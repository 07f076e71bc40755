using System.Security.Cryptography;
using Pipeline.Dave.Frames;
using Pipeline.Mls.Crypto;

namespace Pipeline.Dave.Keys;

/// <summary>
/// Opens one sender's frames of one epoch: picks the key generation, keeps its cipher, refuses replays, and forgets a
/// generation 10 s after a newer one opened a frame (DAVE protocol, "Receiver Key Handling").
/// </summary>
/// <remarks>Owned by the media thread. Times are timestamps of the receiver's <see cref="TimeProvider"/>.</remarks>
internal sealed class SenderDecryptor : IDisposable
{
    /// <summary>Furthest generation ahead of the newest that opened a frame.</summary>
    public const uint MaxGenerationGap = 250;

    /// <summary>No sender makes more frames per second, audio and video together; bounds the generation by the chain's age.</summary>
    public const long MaxFramesPerSecond = 170;

    /// <summary>Late frames of an older generation or epoch are still opened for this long.</summary>
    public static readonly TimeSpan Lateness = TimeSpan.FromSeconds(10);

    private const int GenerationBits = 24;
    private const uint GenerationWrap = 256;

    private readonly SenderRatchet ratchet;
    private readonly ReplayWindow replay = new();
    private readonly long createdAt;
    private readonly long frequency;
    private readonly List<Generation> generations = [];
    private uint newestGeneration;
    private long olderExpireAt = long.MaxValue;

    /// <param name="baseSecret">16 bytes; copied.</param>
    /// <param name="createdAt">When the epoch's keys came into being.</param>
    /// <param name="frequency">Timestamps per second.</param>
    public SenderDecryptor(ReadOnlySpan<byte> baseSecret, long createdAt, long frequency)
    {
        ratchet = new SenderRatchet(baseSecret);
        this.createdAt = createdAt;
        this.frequency = frequency;
    }

    /// <summary>Writes <c>frame.Body.Length</c> bytes when the outcome is <see cref="OpenOutcome.Opened"/>, zeros otherwise.</summary>
    public OpenOutcome TryOpen(in DaveFrame frame, Span<byte> destination, FrameScratch scratch, long now)
    {
        ExpireGenerations(now);
        uint generation = Extend(frame.Generation);
        if (!IsPlausible(generation, now) || !CipherOf(generation).TryOpen(in frame, destination, scratch)) return OpenOutcome.Refused;

        ulong nonce = ((ulong)generation << GenerationBits) | (frame.Nonce & ((1u << GenerationBits) - 1));
        if (!replay.MayUse(nonce))
        {
            CryptographicOperations.ZeroMemory(destination[..frame.Body.Length]);
            return OpenOutcome.Replayed;
        }
        replay.Use(nonce);
        if (generation > newestGeneration) Advance(generation, now);
        return OpenOutcome.Opened;
    }

    public void Dispose()
    {
        foreach (Generation generation in generations) generation.Cipher.Dispose();
        generations.Clear();
        ratchet.Dispose();
    }

    /// <summary>The 8 bits that travel continue where the oldest kept generation stands.</summary>
    private uint Extend(byte sent)
    {
        uint oldest = ratchet.OldestGeneration;
        uint wraps = oldest / GenerationWrap + (sent < oldest % GenerationWrap ? 1u : 0u);
        return wraps * GenerationWrap + sent;
    }

    private bool IsPlausible(uint generation, long now)
    {
        long ageSeconds = Math.Max(0, now - createdAt) / frequency;
        return generation <= newestGeneration + MaxGenerationGap && generation <= (MaxFramesPerSecond * ageSeconds) >> GenerationBits;
    }

    private FrameCipher CipherOf(uint generation)
    {
        foreach (Generation kept in generations)
        {
            if (kept.Number == generation) return kept.Cipher;
        }
        using Wiped key = new(stackalloc byte[SenderRatchet.KeyLength]);
        ratchet.DeriveKey(generation, key.Bytes);
        FrameCipher cipher = new(key.Bytes);
        generations.Add(new Generation(generation, cipher));
        return cipher;
    }

    private void Advance(uint generation, long now)
    {
        newestGeneration = generation;
        olderExpireAt = now + (long)(Lateness.TotalSeconds * frequency);
    }

    private void ExpireGenerations(long now)
    {
        if (now < olderExpireAt) return;
        ratchet.ForgetBefore(newestGeneration);
        for (int i = generations.Count - 1; i >= 0; i--)
        {
            if (generations[i].Number >= newestGeneration) continue;
            generations[i].Cipher.Dispose();
            generations.RemoveAt(i);
        }
    }

    private readonly record struct Generation(uint Number, FrameCipher Cipher);
}
