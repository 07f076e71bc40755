using System.Buffers.Binary;
using System.Security.Cryptography;
using Pipeline.Mls.Crypto;

namespace Pipeline.Dave.Keys;

/// <summary>
/// One sender's key chain of one epoch (RFC 9420 §9.1, DAVE protocol "Sender Key Derivation"):
/// <c>key_g = DeriveTreeSecret(secret_g, "key", g, 16)</c>, <c>secret_g+1 = DeriveTreeSecret(secret_g, "secret", g, 32)</c>.
/// The first secret is 16 bytes, all later ones 32. The chain remembers the oldest generation that may still be asked for
/// and wipes what lies before it.
/// </summary>
/// <remarks>The nonce that RFC 9420 derives beside the key is not used by DAVE. Not safe for threads.</remarks>
internal sealed class SenderRatchet : IDisposable
{
    public const int BaseSecretLength = 16;
    public const int KeyLength = 16;

    private const int SecretLength = 32;

    private readonly byte[] secret = new byte[SecretLength];
    private int secretLength = BaseSecretLength;

    /// <param name="baseSecret">Exporter secret of the sender, 16 bytes; copied.</param>
    public SenderRatchet(ReadOnlySpan<byte> baseSecret)
    {
        if (baseSecret.Length != BaseSecretLength) throw new ArgumentException($"must be {BaseSecretLength} bytes", nameof(baseSecret));
        baseSecret.CopyTo(secret);
    }

    /// <summary>The generation at the start of what the chain can still derive.</summary>
    public uint OldestGeneration { get; private set; }

    /// <summary>Writes the 16-byte key of a generation that is not older than <see cref="OldestGeneration"/>.</summary>
    public void DeriveKey(uint generation, Span<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(generation, OldestGeneration);
        Span<byte> current = stackalloc byte[SecretLength];
        using Wiped copy = new(current);
        secret.CopyTo(current);
        int length = secretLength;
        for (uint step = OldestGeneration; step < generation; step++)
        {
            DeriveTreeSecret(current[..length], "MLS 1.0 secret"u8, step, current);
            length = SecretLength;
        }
        DeriveTreeSecret(current[..length], "MLS 1.0 key"u8, generation, key[..KeyLength]);
    }

    /// <summary>Forgets every generation before <paramref name="generation"/>.</summary>
    public void ForgetBefore(uint generation)
    {
        while (OldestGeneration < generation)
        {
            DeriveTreeSecret(secret.AsSpan(0, secretLength), "MLS 1.0 secret"u8, OldestGeneration, secret);
            secretLength = SecretLength;
            OldestGeneration++;
        }
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(secret);

    // RFC 9420 §9, §8: DeriveTreeSecret(S, label, g, L) = HKDF-Expand(S, u16 L || label<V> || 04 || u32 g, L).
    // L never exceeds one hash, so the expansion is one HMAC over info || 01. HMAC pads short keys itself,
    // where HKDF.Expand would refuse the 16-byte first secret.
    private static void DeriveTreeSecret(ReadOnlySpan<byte> from, ReadOnlySpan<byte> label, uint generation, Span<byte> output)
    {
        int at = 3 + label.Length;
        Span<byte> info = stackalloc byte[at + 2 + sizeof(uint)];
        BinaryPrimitives.WriteUInt16BigEndian(info, (ushort)output.Length);
        info[2] = (byte)label.Length;
        label.CopyTo(info[3..]);
        info[at] = sizeof(uint);
        BinaryPrimitives.WriteUInt32BigEndian(info[(at + 1)..], generation);
        info[at + 1 + sizeof(uint)] = 1;

        using Wiped block = new(stackalloc byte[HMACSHA256.HashSizeInBytes]);
        HMACSHA256.HashData(from, info, block.Bytes);
        block.Bytes[..output.Length].CopyTo(output);
    }
}
