using System.Collections.Concurrent;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// The account of one recording: which segments exist, how far they are durable, which indexes the stored manifest has set apart for us.
/// Survives the process: <c>session.json</c> and the journal in the recording's folder are enough to load it again.
/// </summary>
/// <remarks>
/// An index is used in the temp container only after a stored manifest has reserved it (<see cref="ReservedAsync"/>), so that an owner
/// who knows nothing but that manifest never meets ours. Capture never waits for this: only uploads do.
/// </remarks>
internal sealed class LiveManifest
{
    /// <summary>Indexes that every stored manifest sets apart beyond those in use: 64 segments of 10 s are more than ten minutes of speech.</summary>
    public const int IndexesAhead = 64;

    /// <summary>Where the leftovers of an owner go whose recording went on elsewhere: nobody counts up to here.</summary>
    public const int LeftoverIndexes = 1_000_000;

    // Three threads meet here a few times per second: the tick (closed), uploads (announced, uploaded) and the heartbeat (compose).
    private readonly Lock gate = new();
    private readonly Dictionary<ulong, TrackManifest> tracks = [];
    private readonly Dictionary<ulong, int> refusedBelow = []; // segments of people who have opted out: below this index none leaves
    private readonly SegmentJournal journal;
    private SessionManifest baseline;
    private SessionManifest stored;
    private Func<RecordingSnapshot?> live = static () => null;
    private Consent? consent;
    private TaskCompletionSource storedChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private LiveManifest(RecordingFolder folder, SessionManifest baseline)
    {
        Folder = folder;
        journal = new SegmentJournal(folder.JournalPath);
        this.baseline = stored = baseline;
        foreach (TrackSummary track in baseline.Tracks) tracks[track.UserId] = new TrackManifest(track);
        Recall(journal.Read());
        foreach (ulong userId in baseline.OptedOut ?? []) refusedBelow[userId] = int.MaxValue; // a crash may have been faster than the deletion
        foreach ((string name, string value) in baseline.Properties) Properties[name] = value;
    }

    /// <summary>Counts from outside the recording, by user.</summary>
    public Func<ulong, IReadOnlyDictionary<string, long>>? MoreHealth { get; set; }

    public RecordingFolder Folder { get; }
    public SessionInfo Session => baseline.Session;
    public int Incarnation => baseline.Incarnation;

    /// <summary>What the owner of the recording wants back after a takeover (text channel, panel message).</summary>
    public ConcurrentDictionary<string, string> Properties { get; } = new();

    /// <summary>Who does not want to be recorded.</summary>
    public IReadOnlyList<ulong> OptedOut
    {
        get
        {
            lock (gate) return consent?.OptedOut ?? baseline.OptedOut ?? [];
        }
    }

    /// <summary>A <see cref="ActiveRecording"/> of this process runs the recording and writes its manifest.</summary>
    public bool IsHosted { get; private set; }

    /// <summary>Some manifest of ours has reached the temp container: it reserved indexes.</summary>
    public bool WasStored
    {
        get
        {
            lock (gate) return stored.Tracks.Any(track => track.NextFreeIndex > 0);
        }
    }

    /// <summary>End of the last segment that the journal knows; 0 when it knows none.</summary>
    public long LastJournaledSample { get; private set; }

    /// <summary>Another bot goes on with the recording.</summary>
    public bool IsLost { get; private set; }

    /// <summary>This process has sent the start message.</summary>
    public bool IsStartSent { get; set; }

    /// <summary>An upload waits for a manifest that reserves its index.</summary>
    public bool WantsRefresh { get; private set; }

    /// <summary>Called when <see cref="WantsRefresh"/> becomes true; must not block.</summary>
    public Action? RefreshWanted { get; set; }

    /// <summary>A recording that starts, or that is known from the temp container only. Its folder is written by <see cref="SaveLocally"/>.</summary>
    public static LiveManifest Start(RecordingFolder folder, SessionManifest first) => new(folder, first);

    /// <summary>What an earlier process left, or null when the folder does not say whose it is.</summary>
    public static LiveManifest? Load(RecordingFolder folder) =>
        folder.LoadManifest() is { } manifest ? new LiveManifest(folder, manifest) : null;

    /// <summary>Makes the recording that was loaded ours: next incarnation, with the time that nobody listened as a gap.</summary>
    /// <param name="elsewhere">What the temp container tells, when our spool does not know better; its account then goes before ours.</param>
    public void TakeOver(SessionManifest? elsewhere, IReadOnlyList<RecordingGap> gaps)
    {
        lock (gate)
        {
            SessionManifest past = elsewhere ?? Compose(baseline.UpdatedAt);
            ulong[] optedOut = [.. OptedOut.Union(past.OptedOut ?? [])];
            TrackManifest[] before = [.. tracks.Values];
            tracks.Clear();
            foreach (TrackSummary track in past.Tracks) tracks[track.UserId] = new TrackManifest(track);
            foreach (TrackManifest track in before) Track(track.UserId).Skip(track.NextIndex - 1);
            (live, MoreHealth, consent) = (static () => null, null, null); // What they counted is in the sums already.
            foreach (ulong userId in optedOut) refusedBelow[userId] = int.MaxValue;
            baseline = past with
            {
                Incarnation = past.Incarnation + 1,
                Gaps = [.. past.Gaps, .. gaps],
                OptedOut = optedOut,
            };
            stored = elsewhere ?? stored;
        }
        IsLost = false;
    }

    /// <summary>The tracks' next indexes once for a new owner; an owner without the spool starts at what the manifest set apart.</summary>
    public Dictionary<ulong, int> FirstIndexes(IReadOnlyDictionary<ulong, int> nextInSpool, bool beyondReserved)
    {
        lock (gate)
        {
            foreach (ulong userId in nextInSpool.Keys) Track(userId);
            Dictionary<ulong, int> first = [];
            foreach (TrackManifest track in tracks.Values)
            {
                int next = Math.Max(track.NextIndex, nextInSpool.GetValueOrDefault(track.UserId));
                if (beyondReserved) next = Math.Max(next, baseline.Tracks.FirstOrDefault(known => known.UserId == track.UserId)?.NextFreeIndex ?? 0);
                first[track.UserId] = next;
            }
            return first;
        }
    }

    /// <summary>The recording runs in this process; <paramref name="snapshot"/> may be read from any thread.</summary>
    public void Host(Func<RecordingSnapshot?> snapshot, Consent asked)
    {
        lock (gate) (live, consent) = (snapshot, asked);
        IsHosted = true;
    }

    /// <summary>Keeps others of this process away from the recording. False: somebody has it.</summary>
    public bool TryClaim()
    {
        lock (gate)
        {
            if (IsHosted) return false;
            return IsHosted = true;
        }
    }

    /// <summary>The host is gone; what it last knew stays part of the account.</summary>
    public void Unhost()
    {
        lock (gate)
        {
            RecordingSnapshot? last = live();
            live = () => last;
        }
        IsHosted = false;
    }

    /// <summary>The recording has ended: from here on the manifest says so.</summary>
    public void Stopped(RecordingStopped stop)
    {
        lock (gate)
        {
            baseline = baseline with
            {
                State = ManifestState.Stopped,
                EndedAt = stop.EndedAt,
                EndReason = stop.EndReason,
                SampleCount = stop.SampleCount,
            };
        }
    }

    /// <summary>Another bot has the lease: uploads that wait for a reservation learn it.</summary>
    public void Lost()
    {
        lock (gate) (IsLost, WantsRefresh) = (true, false);
        WakeWaiting();
    }

    /// <summary>A segment was closed; tick thread.</summary>
    public void Closed(SegmentKey key, long startSample)
    {
        lock (gate) Track(key.UserId).Closed(key.Index, startSample);
    }

    /// <summary>The segment's bytes are known and go on their way: written to the journal, unless it is there already.</summary>
    public void Announce(JournalEntry entry)
    {
        bool isNew;
        lock (gate)
        {
            isNew = entry.Index < LeftoverIndexes && entry.Index >= refusedBelow.GetValueOrDefault(entry.UserId) && Track(entry.UserId).Announce(entry);
            LastJournaledSample = Math.Max(LastJournaledSample, entry.EndSample);
        }
        if (isNew) journal.Append(entry);
    }

    /// <summary>The segment is durable in the temp container and its message in the queue.</summary>
    public void Uploaded(SegmentKey key)
    {
        lock (gate) Track(key.UserId).Uploaded(key.Index);
    }

    /// <summary>The user has opted out: segments below the index neither are announced nor leave. Uploads that wait learn it.</summary>
    public void Refuse(ulong userId, int below)
    {
        lock (gate) refusedBelow[userId] = below;
        WakeWaiting();
    }

    /// <summary>The segment belongs to somebody who does not want it, and is not yet with the storage for good.</summary>
    public bool IsRefused(SegmentKey key)
    {
        lock (gate) return key.Index < refusedBelow.GetValueOrDefault(key.UserId) && !(tracks.TryGetValue(key.UserId, out TrackManifest? track) && track.HasDeparted(key.Index));
    }

    /// <summary>From here on the segment belongs to the storage. False: its speaker has opted out.</summary>
    public bool TryDepart(SegmentKey key)
    {
        lock (gate)
        {
            if (IsRefused(key)) return false;
            Track(key.UserId).Depart(key.Index);
            return true;
        }
    }

    /// <summary>The refused segment is gone from the spool: it never was.</summary>
    public void Erased(SegmentKey key)
    {
        bool wasAnnounced;
        lock (gate) wasAnnounced = Track(key.UserId).Erase(key.Index);
        if (wasAnnounced) journal.Append(JournalEntry.ErasureOf(key));
    }

    /// <summary>Position up to which every sample heard so far is durable in the temp container.</summary>
    public long SafeSample()
    {
        lock (gate)
        {
            RecordingSnapshot? now = live();
            long safe = now?.SampleCount ?? baseline.SampleCount;
            foreach (TrackManifest track in tracks.Values)
            {
                if (track.WaitsSince is { } waiting) safe = Math.Min(safe, waiting);
            }
            foreach (TrackSnapshot track in now?.Tracks ?? [])
            {
                if (track.OpenSince is { } open) safe = Math.Min(safe, open);
            }
            return safe;
        }
    }

    /// <summary>The manifest of this moment. It reserves <see cref="IndexesAhead"/> indexes per track.</summary>
    public SessionManifest Compose(DateTimeOffset now)
    {
        lock (gate)
        {
            RecordingSnapshot? snapshot = live();
            Dictionary<ulong, TrackSnapshot> speakers = [];
            foreach (TrackSnapshot track in snapshot?.Tracks ?? [])
            {
                speakers[track.UserId] = track;
                if (track.NextFreeIndex > 0 || track.OpenSince is not null || track.Health.Received > 0) Track(track.UserId);
            }
            long position = Math.Max(baseline.SampleCount, snapshot?.SampleCount ?? 0);
            return baseline with
            {
                UpdatedAt = now,
                SampleCount = position,
                Tracks = [.. tracks.Values.OrderBy(track => track.UserId).Select(track => Summarize(track, speakers.GetValueOrDefault(track.UserId), position))],
                Gaps = [.. baseline.Gaps, .. snapshot?.Gaps ?? []],
                Notes = [.. baseline.Notes, .. snapshot?.Notes ?? []],
                Unencrypted = [.. baseline.Unencrypted, .. snapshot?.Unencrypted ?? []],
                Properties = new Dictionary<string, string>(Properties),
                OptedOut = OptedOut,
            };
        }
    }

    /// <summary>The manifest was stored in the temp container: its reservations hold, and the folder gets the same text.</summary>
    public void Stored(SessionManifest manifest)
    {
        lock (gate) (stored, WantsRefresh) = (manifest, false);
        WakeWaiting(); // Uploads go on even when the disk has no room for our copy: they make room.
        Folder.Save(manifest);
    }

    /// <summary>The temp container is away: the folder remembers the moment, with no more reserved than what was stored.</summary>
    public void SaveLocally(SessionManifest manifest) => Folder.Save(manifest with
    {
        Tracks = [.. manifest.Tracks.Select(track => track with { NextFreeIndex = Reserved(track.UserId) })],
    });

    /// <summary>Waits until a stored manifest reserves the index, or nobody wants the segment any more. False: another bot has the recording, the index is not ours.</summary>
    public async Task<bool> ReservedAsync(SegmentKey key, CancellationToken cancel)
    {
        while (key.Index < LeftoverIndexes)
        {
            Task changed;
            lock (gate)
            {
                changed = storedChanged.Task;
                if (key.Index < Reserved(key.UserId) || IsRefused(key)) return true;
                if (IsLost) return false;
                WantsRefresh = true;
            }
            RefreshWanted?.Invoke();
            await changed.WaitAsync(cancel);
        }
        return true;
    }

    private void WakeWaiting()
    {
        TaskCompletionSource changed;
        lock (gate)
        {
            changed = storedChanged;
            storedChanged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        changed.TrySetResult();
    }

    private void Recall(IReadOnlyList<JournalEntry> entries)
    {
        HashSet<(ulong, int)> erased = [.. entries.Where(entry => entry.Erased).Select(entry => (entry.UserId, entry.Index))];
        foreach (JournalEntry entry in entries)
        {
            if (erased.Contains((entry.UserId, entry.Index))) Track(entry.UserId).Skip(entry.Index);
            else Track(entry.UserId).Announce(entry);
            LastJournaledSample = Math.Max(LastJournaledSample, entry.EndSample);
        }
    }

    private int Reserved(ulong userId) => stored.Tracks.FirstOrDefault(track => track.UserId == userId)?.NextFreeIndex ?? 0;

    private TrackSummary Summarize(TrackManifest track, TrackSnapshot? speaker, long position)
    {
        int inUse = Math.Max(track.NextIndex, speaker is null ? 0 : speaker.NextFreeIndex + 1); // + 1: the one that is open
        int ahead = baseline.State == ManifestState.Stopped ? 0 : IndexesAhead;
        return track.Summarize(speaker, position, Math.Max(Reserved(track.UserId), inUse + ahead), MoreHealth?.Invoke(track.UserId));
    }

    private TrackManifest Track(ulong userId)
    {
        if (!tracks.TryGetValue(userId, out TrackManifest? track)) tracks[userId] = track = new TrackManifest(userId);
        return track;
    }
}
