using System.Buffers.Binary;

namespace Pipeline.Mls.Group;

/// <summary>One member of an epoch.</summary>
/// <param name="LeafIndex">Its place in the tree; stable while it stays, reused after it left.</param>
/// <param name="Identity">The basic credential's identity; 8 bytes under <see cref="GroupPolicy.Dave"/>.</param>
/// <param name="SignatureKey">65 bytes: an uncompressed P-256 point.</param>
public sealed record GroupMember(uint LeafIndex, ReadOnlyMemory<byte> Identity, ReadOnlyMemory<byte> SignatureKey)
{
    /// <summary>The identity as a Discord user id; the policy guarantees its 8 bytes.</summary>
    public ulong UserId => BinaryPrimitives.ReadUInt64BigEndian(Identity.Span);
}
