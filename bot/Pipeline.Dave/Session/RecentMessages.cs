using System.Security.Cryptography;

namespace Pipeline.Dave.Session;

/// <summary>
/// The commits and Welcomes that were adopted last, or left to a Welcome, by hash: after a resume the gateway may send them again, and
/// an epoch that was adopted must not be taken for a broken one.
/// </summary>
internal sealed class RecentMessages
{
    /// <summary>More epochs than one lost connection spans.</summary>
    private const int Capacity = 64;

    private readonly Queue<byte[]> hashes = new();

    public bool Contains(ReadOnlySpan<byte> message)
    {
        byte[] hash = SHA256.HashData(message);
        return hashes.Any(known => known.AsSpan().SequenceEqual(hash));
    }

    public void Add(ReadOnlySpan<byte> message)
    {
        if (hashes.Count == Capacity) hashes.Dequeue();
        hashes.Enqueue(SHA256.HashData(message));
    }
}
