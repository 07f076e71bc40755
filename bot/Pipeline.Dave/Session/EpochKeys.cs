using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Pipeline.Dave.Session;

/// <summary>
/// The sender keys of one epoch of one group: 16 bytes per user id, from which the media thread builds its decryptors
/// when a user's first frame comes.
/// </summary>
/// <remarks>
/// Read by the media thread, replaced by the control loop. <see cref="Wipe"/> may only be called long after
/// <see cref="ExpiresAt"/>, when no snapshot in use refers to the object any more.
/// </remarks>
public sealed class EpochKeys
{
    /// <summary>
    /// Keys of an epoch that was followed by another open late frames for this long (DAVE protocol, "Epoch transitions").
    /// </summary>
    public static readonly TimeSpan Lateness = TimeSpan.FromSeconds(10);

    private readonly FrozenDictionary<ulong, byte[]> baseSecrets;

    internal EpochKeys(int serial, ulong epoch, long establishedAt, FrozenDictionary<ulong, byte[]> baseSecrets)
        : this(serial, epoch, establishedAt, long.MaxValue, baseSecrets)
    {
    }

    private EpochKeys(int serial, ulong epoch, long establishedAt, long expiresAt, FrozenDictionary<ulong, byte[]> baseSecrets)
    {
        Serial = serial;
        Epoch = epoch;
        EstablishedAt = establishedAt;
        ExpiresAt = expiresAt;
        this.baseSecrets = baseSecrets;
    }

    /// <summary>Counts key sets within one voice session; epochs start again with each group, serials do not.</summary>
    public int Serial { get; }

    /// <summary>MLS epoch.</summary>
    public ulong Epoch { get; }

    /// <summary>Timestamp at which the commit or Welcome was adopted.</summary>
    public long EstablishedAt { get; }

    /// <summary>Timestamp from which the keys open nothing any more; <see cref="long.MaxValue"/> while they are current.</summary>
    public long ExpiresAt { get; }

    /// <summary>Members of that epoch.</summary>
    public IReadOnlyList<ulong> Users => baseSecrets.Keys;

    /// <summary>The user's 16-byte base secret, or false when the user is not a member of that epoch.</summary>
    public bool TryGetBaseSecret(ulong userId, out ReadOnlySpan<byte> baseSecret)
    {
        bool found = baseSecrets.TryGetValue(userId, out byte[]? secret);
        baseSecret = secret;
        return found;
    }

    internal EpochKeys ExpiringAt(long timestamp) =>
        new(Serial, Epoch, EstablishedAt, Math.Min(ExpiresAt, timestamp), baseSecrets);

    /// <summary>Always true: they are zeros.</summary>
    internal bool Wipe()
    {
        foreach (byte[] secret in baseSecrets.Values) CryptographicOperations.ZeroMemory(secret);
        return true;
    }
}
