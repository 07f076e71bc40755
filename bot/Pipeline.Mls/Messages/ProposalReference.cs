using Pipeline.Mls.Crypto;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>The 32-byte hash by which a commit names a proposal (RFC 9420 §5.2). Compares by value.</summary>
public readonly struct ProposalReference : IEquatable<ProposalReference>
{
    private readonly byte[]? _hash;

    /// <summary>Takes 32 bytes; throws <see cref="MlsException"/> for another length.</summary>
    public ProposalReference(ReadOnlySpan<byte> hash)
    {
        MlsException.ThrowIf(hash.Length != CipherSuite.HashSize, MlsError.Malformed);
        _hash = hash.ToArray();
    }

    public ReadOnlySpan<byte> Hash => _hash;

    public static bool operator ==(ProposalReference left, ProposalReference right) => left.Equals(right);

    public static bool operator !=(ProposalReference left, ProposalReference right) => !left.Equals(right);

    public bool Equals(ProposalReference other) => Hash.SequenceEqual(other.Hash);

    public override bool Equals(object? obj) => obj is ProposalReference other && Equals(other);

    // The hash of a hash: its first bytes are as good as any.
    public override int GetHashCode() => _hash is null ? 0 : BitConverter.ToInt32(_hash, 0);

    public override string ToString() => Convert.ToHexStringLower(Hash);
}
