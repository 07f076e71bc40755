using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Collections.Immutable;
using Pipeline.Mls.Group;

namespace Pipeline.Dave.Session;

/// <summary>
/// The key sets that may open frames: exported from each adopted epoch, kept 10 s after the next one came, wiped when no
/// media thread can be reading them any more.
/// </summary>
internal sealed class EpochKeyStore(TimeProvider time)
{
    /// <summary>A flood of transitions must not keep more sets than this alive.</summary>
    private const int MaxSets = 64;

    private const string ExporterLabel = "Discord Secure Frames v0";
    private const int BaseSecretLength = 16;

    private readonly List<EpochKeys> expired = [];
    private int serial;

    /// <summary>Newest first.</summary>
    public ImmutableArray<EpochKeys> Live { get; private set; } = [];

    /// <summary>Exports every member's sender key base; older sets expire in 10 s. Returns the new set's serial.</summary>
    public int Adopt(GroupState group)
    {
        Dictionary<ulong, byte[]> secrets = [];
        Span<byte> context = stackalloc byte[sizeof(ulong)];
        foreach (GroupMember member in group.Members)
        {
            // DAVE protocol, "Sender Key Derivation": the context is the user id little-endian, unlike the credential's.
            BinaryPrimitives.WriteUInt64LittleEndian(context, member.UserId);
            secrets[member.UserId] = group.Export(ExporterLabel, context, BaseSecretLength);
        }
        ExpireAll();
        Live = [new EpochKeys(++serial, group.Epoch, time.GetTimestamp(), secrets.ToFrozenDictionary()), .. Live.Take(MaxSets - 1)];
        return serial;
    }

    /// <summary>Every live set opens late frames for 10 s more.</summary>
    public void ExpireAll()
    {
        long expiry = time.GetTimestamp() + Ticks(EpochKeys.Lateness);
        Live = [.. Live.Select(keys => keys.ExpiringAt(expiry))];
    }

    /// <summary>Takes out what has expired and wipes what expired long ago.</summary>
    public void Prune()
    {
        long now = time.GetTimestamp();
        // One more expiry later nobody reads them: the media thread takes a new snapshot at least twice a second.
        expired.RemoveAll(keys => now >= keys.ExpiresAt + Ticks(EpochKeys.Lateness) && keys.Wipe());
        EpochKeys[] gone = [.. Live.Where(keys => now >= keys.ExpiresAt)];
        if (gone.Length == 0) return;
        expired.AddRange(gone);
        Live = [.. Live.Except(gone)];
    }

    /// <summary>At the end of the voice session, when the media thread has stopped.</summary>
    public void WipeAll()
    {
        foreach (EpochKeys keys in Live) keys.Wipe();
        foreach (EpochKeys keys in expired) keys.Wipe();
        Live = [];
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
