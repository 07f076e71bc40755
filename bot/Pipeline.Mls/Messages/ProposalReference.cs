using Pipeline.Mls.Crypto;
using Pipeline.Mls.Wire;

namespace Pipeline.Mls.Messages;

/// <summary>The 32-byte hash by which a commit names a proposal (RFC 9420 §5.2). Compares by value.</summary>
public readonly struct ProposalReference : IEquatable<ProposalReference>
{
    private readonly byte[]? hash;

    /// <summary>Takes 32 bytes; throws <see cref="MlsException"/> for another length.</summary>
    public ProposalReference(ReadOnlySpan<byte> hash)
    {
        MlsException.ThrowIf(hash.Length != CipherSuite.HashSize, MlsError.Malformed);
        this.hash = hash.ToArray();
    }

    public ReadOnlySpan<byte> Hash => hash;

    public static bool operator ==(ProposalReference left, ProposalReference right) => left.Equals(right);

    public static bool operator !=(ProposalReference left, ProposalReference right) => !left.Equals(right);

    public bool Equals(ProposalReference other) => Hash.SequenceEqual(other.Hash);

    public override bool Equals(object? obj) => obj is ProposalReference other && Equals(other);

    public override int GetHashCode()
    {
        HashCode code = new();
        code.AddBytes(Hash);
        return code.ToHashCode();
    }

    public override string ToString() => Convert.ToHexStringLower(Hash);
}
