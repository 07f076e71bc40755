using Pipeline.Dave.Frames;
using Pipeline.Dave.Keys;
using Pipeline.Dave.Session;

namespace Pipeline.Dave.Receive;

/// <summary>
/// One user's moving parts on the media thread: a decryptor per live epoch, newest first, made when the user's first frame
/// under a new snapshot comes; the frames that wait; the run of failures.
/// </summary>
internal sealed class UserDecryptor(ulong userId, UserCounters counters, long frequency) : IDisposable
{
    /// <summary>Join gaps end with the first frame opened, except for what the network delivers out of order within this time.</summary>
    private static readonly TimeSpan Reordering = TimeSpan.FromMilliseconds(500);

    /// <summary>More live epochs than this are a flood of transitions; the oldest are let go.</summary>
    private const int MaxEpochs = 32;

    private readonly List<Entry> entries = [];
    private readonly long reordering = (long)(Reordering.TotalSeconds * frequency);
    private DaveSnapshot? adopted;
    private bool isDeparted;
    private long joinGapClosedAt = long.MaxValue;
    private bool wasHeardBefore; // the join gap that runs, or ran last

    public ulong UserId => userId;

    public UserCounters Counters => counters;

    public HeldFrames Held { get; } = new();

    /// <summary>Frames given up since one was opened.</summary>
    public int FailureRun { get; set; }

    /// <summary>Arrival of the user's last frame.</summary>
    public long LastFrameAt { get; set; }

    public bool HasKeys => HoldsKeys && !isDeparted;

    /// <summary>There are decryptors, and what they know of used nonces, even if the user has left and they open nothing now.</summary>
    public bool HoldsKeys => entries.Count > 0;

    /// <summary>Serial of the newest epoch that has a key of this user; 0 without any.</summary>
    public int NewestEpoch => HasKeys ? entries[0].Serial : 0;

    /// <summary>How often a key was tried on a frame.</summary>
    public long Trials { get; private set; }

    /// <summary>Brings the decryptors in line with the snapshot and the clock.</summary>
    public void Reconcile(DaveSnapshot snapshot, long now)
    {
        if (!ReferenceEquals(adopted, snapshot)) Adopt(snapshot);
        // Who has left is not heard, and may come back within the epoch: the frames heard before are still not to be heard again.
        isDeparted = snapshot.Departures.TryGetValue(userId, out long departedAt) && now >= departedAt;
        for (int i = entries.Count - 1; i >= 0; i--)
        {
            if (now < entries[i].ExpiresAt) continue;
            entries[i].Decryptor.Dispose();
            entries.RemoveAt(i);
        }
    }

    /// <summary>Tries every live epoch, newest first. A replay found in one epoch ends the search: the frame is authentic there.</summary>
    /// <param name="after">Only epochs after this one: the others were tried on this frame before.</param>
    public OpenOutcome TryOpen(in DaveFrame frame, Span<byte> destination, FrameScratch scratch, long now, int after = 0)
    {
        if (isDeparted) return OpenOutcome.Refused;
        foreach (Entry entry in entries)
        {
            if (entry.Serial <= after) break;
            Trials++;
            OpenOutcome outcome = entry.Decryptor.TryOpen(in frame, destination, scratch, now);
            if (outcome == OpenOutcome.Refused) continue;
            if (entry.Serial >= adopted!.JoinedSerial) joinGapClosedAt = Math.Min(joinGapClosedAt, now);
            return outcome;
        }
        return OpenOutcome.Refused;
    }

    /// <summary>Why a frame that arrived then could not be opened.</summary>
    public DaveOpenResult Verdict(DaveSnapshot snapshot, long receivedAt)
    {
        bool joining = receivedAt < snapshot.JoinGapUntil
            && (joinGapClosedAt == long.MaxValue || receivedAt < joinGapClosedAt + reordering);
        if (joining) return wasHeardBefore ? DaveOpenResult.RejoinGap : DaveOpenResult.JoinGap;
        return HasKeys ? DaveOpenResult.Undecryptable : DaveOpenResult.NoKey;
    }

    public void Dispose()
    {
        foreach (Entry entry in entries) entry.Decryptor.Dispose();
    }

    private void Adopt(DaveSnapshot snapshot)
    {
        bool joins = adopted is null || adopted.JoinedSerial != snapshot.JoinedSerial;
        if (joins) joinGapClosedAt = long.MaxValue;
        if (joins || snapshot.JoinGapUntil > adopted!.JoinGapUntil) wasHeardBefore = counters.HasHeard; // a switch-over only shortens it
        if (adopted is not null && adopted.Revision != snapshot.Revision) FailureRun = 0;
        adopted = snapshot;

        List<Entry> kept = [.. entries];
        entries.Clear();
        foreach (EpochKeys keys in snapshot.Keys)
        {
            if (entries.Count == MaxEpochs || !keys.TryGetBaseSecret(userId, out ReadOnlySpan<byte> baseSecret)) continue;
            int index = kept.FindIndex(entry => entry.Serial == keys.Serial);
            SenderDecryptor decryptor = index >= 0 ? kept[index].Decryptor : new SenderDecryptor(baseSecret, keys.EstablishedAt, frequency);
            if (index >= 0) kept.RemoveAt(index);
            entries.Add(new Entry(keys.Serial, keys.ExpiresAt, decryptor));
        }
        foreach (Entry gone in kept) gone.Decryptor.Dispose();
    }

    private readonly record struct Entry(int Serial, long ExpiresAt, SenderDecryptor Decryptor);
}
