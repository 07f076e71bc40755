using System.Collections.Concurrent;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// The account of one recording: which segments exist and how far they are durable. Survives the process: <c>session.json</c> and the
/// journal in the recording's folder are enough to load it again.
/// </summary>
internal sealed class LiveManifest
{
    /// <summary>The property of a manifest whose owner left on purpose; gone with the next owner.</summary>
    public const string HandedOver = "handedOver";

    // Three threads meet here a few times per second: the tick (closed), uploads (announced, uploaded) and the heartbeat (compose).
    private readonly Lock gate = new();
    private readonly Dictionary<ulong, TrackManifest> tracks = [];
    private readonly Dictionary<ulong, int> refusedBelow = []; // segments of people who have opted out: below this index none leaves
    private readonly SegmentJournal journal;
    private SessionManifest baseline;
    private Func<RecordingSnapshot?> live = static () => null;
    private Consent? consent;
    private long lastJournaledSample;
    private volatile Tenure tenure = new(IsHosted: false, IsStartSent: false);
    private readonly TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private LiveManifest(RecordingFolder folder, SessionManifest baseline)
    {
        Folder = folder;
        journal = new SegmentJournal(folder.JournalPath);
        this.baseline = baseline;
        Indexes = new ReservedIndexes(baseline);
        foreach (TrackSummary track in baseline.Tracks) tracks[track.UserId] = new TrackManifest(track);
        Recall(journal.Read());
        foreach (ulong userId in baseline.OptedOut ?? []) refusedBelow[userId] = int.MaxValue; // a crash outran the deletion
        foreach ((string name, string value) in baseline.Properties) Properties[name] = value;
    }

    /// <summary>Counts from outside the recording, by user.</summary>
    public Func<ulong, IReadOnlyDictionary<string, long>>? MoreHealth { get; set; }

    public RecordingFolder Folder { get; }
    public SessionInfo Session => baseline.Session;
    public int Incarnation => baseline.Incarnation;
    public IReadOnlyList<ulong> FurtherChannels => baseline.FurtherChannels ?? [];

    /// <summary>What the owner of the recording wants back after a takeover (text channel, panel message).</summary>
    public ConcurrentDictionary<string, string> Properties { get; } = new();

    /// <summary>The call's privacy code as it is now; null where it has none.</summary>
    public string? PrivacyCode { get; set; }

    /// <summary>Who does not want to be recorded.</summary>
    public IReadOnlyList<ulong> OptedOut
    {
        get
        {
            lock (gate) return consent?.OptedOut ?? baseline.OptedOut ?? [];
        }
    }

    /// <summary>Nobody here knows yet who does not want to be recorded: nothing leaves until <see cref="OptOutsKnown"/>.</summary>
    public bool AwaitsOptOuts
    {
        get
        {
            lock (gate) return baseline.AwaitsOptOuts;
        }
    }

    /// <summary>What people said about being recorded; null where nobody is asked.</summary>
    public ConsentLedger? Ledger
    {
        get
        {
            lock (gate) return baseline.Consent;
        }
    }

    /// <summary>Nobody is recorded before they agree.</summary>
    public bool MustAgree => Ledger is { Mode: ConsentLedger.Required };

    /// <summary>Which indexes are set apart for us, and whether another bot has gone on.</summary>
    public ReservedIndexes Indexes { get; }

    /// <summary>Whether the recording runs here; one state, so that who reads it never sees half of a change.</summary>
    public Tenure Tenure => tenure;

    /// <summary>Nobody runs the recording here, and no other bot has gone on with it.</summary>
    public bool IsFree => tenure is { IsHosted: false } && !Indexes.IsLost && Owed is null;

    /// <summary>The end that this process knows of, also where the disk does not take it; null while there is none.</summary>
    public RecordingStopped? Owed { get; private set => Volatile.Write(ref field, value); }

    /// <summary>End of the last segment that the journal knows; 0 when it knows none.</summary>
    public long LastJournaledSample => Volatile.Read(ref lastJournaledSample);

    /// <summary>Called when the recording runs here no longer; must not block.</summary>
    public Action? Released { get; set; }

    /// <summary>Completes when nothing of the recording is left here: it was closed, or another bot has all of it.</summary>
    public Task Gone => gone.Task;

    /// <summary>One that starts, or that is known from the temp container only; <see cref="SaveLocally"/> writes its folder.</summary>
    public static LiveManifest Start(RecordingFolder folder, SessionManifest first) => new(folder, first);

    /// <summary>What an earlier process left, or null when the folder does not say whose it is.</summary>
    public static LiveManifest? Load(RecordingFolder folder) =>
        folder.LoadManifest() is { } manifest ? new LiveManifest(folder, manifest) : null;

    /// <summary>Makes the recording that was loaded ours: next incarnation, with the time that nobody listened as a gap.</summary>
    /// <param name="elsewhere">What the temp container tells, when our spool does not know better; its account then goes before
    /// ours.</param>
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
            Properties.TryRemove(HandedOver, out _);
            (live, MoreHealth, consent) = (static () => null, null, null); // What they counted is in the sums already.
            foreach (ulong userId in optedOut) refusedBelow[userId] = int.MaxValue;
            baseline = past.GoingOnIn(baseline.FurtherChannels) with
            {
                Incarnation = past.Incarnation + 1,
                Gaps = [.. past.Gaps, .. gaps],
                OptedOut = optedOut,
                // The account that knows more; both begin with the same.
                Consent = past.Consent?.Entries.Count >= (baseline.Consent?.Entries.Count ?? 0) ? past.Consent : baseline.Consent,
            };
            Indexes.TakeOver(elsewhere);
        }
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
                if (beyondReserved)
                    next = Math.Max(next, baseline.Tracks.FirstOrDefault(known => known.UserId == track.UserId)?.NextFreeIndex ?? 0);
                first[track.UserId] = next;
            }
            return first;
        }
    }

    /// <summary>The recording runs in this process; <paramref name="snapshot"/> may be read from any thread.</summary>
    public void Host(Func<RecordingSnapshot?> snapshot, Consent asked)
    {
        lock (gate)
        {
            (live, consent) = (snapshot, asked);
            tenure = tenure with { IsHosted = true };
        }
    }

    /// <summary>Keeps others of this process away from the recording. False: somebody has it.</summary>
    public bool TryClaim()
    {
        lock (gate)
        {
            if (tenure.IsHosted) return false;
            tenure = tenure with { IsHosted = true };
            return true;
        }
    }

    /// <summary>The host is gone; what it last knew stays part of the account.</summary>
    public void Unhost()
    {
        lock (gate)
        {
            RecordingSnapshot? last = live();
            live = () => last;
            tenure = tenure with { IsHosted = false };
        }
        Released?.Invoke();
    }

    /// <summary>The recording has ended: from here on the manifest says so.</summary>
    public void Stopped(RecordingStopped stop)
    {
        Owed = stop;
        lock (gate)
            baseline = baseline with
            { State = ManifestState.Stopped, EndedAt = stop.EndedAt, EndReason = stop.EndReason, SampleCount = stop.SampleCount };
    }

    /// <summary>This process has sent the start message.</summary>
    public void StartSent()
    {
        lock (gate) tenure = tenure with { IsStartSent = true };
    }

    /// <summary>Nothing of it is left here.</summary>
    public void Forgotten() => gone.TrySetResult();

    /// <summary>Somebody said something about being recorded.</summary>
    /// <param name="text">What they were shown.</param>
    public void Note(ConsentEntry entry, string text)
    {
        lock (gate)
            baseline = baseline with { Consent = (baseline.Consent ?? new ConsentLedger { Mode = ConsentLedger.Off }).With(entry, text) };
    }

    /// <summary>The call goes on in this channel.</summary>
    public void GoOnIn(ulong channelId)
    {
        lock (gate) baseline = baseline.GoingOnIn([channelId]);
    }

    /// <summary>A segment was closed; tick thread.</summary>
    public void Closed(SegmentKey key, long startSample)
    {
        lock (gate) Track(key.UserId).Closed(key.Index, startSample);
    }

    /// <summary>The segment's bytes are known and go on their way: once in the journal, or the second time even so.</summary>
    public void Announce(JournalEntry entry)
    {
        bool isNew;
        lock (gate)
        {
            isNew = entry.Index < ReservedIndexes.Leftovers && entry.Index >= refusedBelow.GetValueOrDefault(entry.UserId)
                && Track(entry.UserId).Announce(entry);
            Volatile.Write(ref lastJournaledSample, Math.Max(lastJournaledSample, entry.EndSample));
        }
        if (isNew) journal.Append(entry);
        else journal.CatchUp();
    }

    /// <summary>The segment is durable in the temp container and its message in the queue.</summary>
    public void Uploaded(SegmentKey key)
    {
        lock (gate) Track(key.UserId).Uploaded(key.Index);
        journal.CatchUp(); // its file made room
    }

    /// <summary>The user has opted out: segments below the index neither are announced nor leave. Uploads that wait learn it.</summary>
    public void Refuse(ulong userId, int below)
    {
        lock (gate) refusedBelow[userId] = below;
        Indexes.Wake();
    }

    /// <summary>
    /// The list of who does not want to be recorded is there. The host says so after the tick that has refused them; others only while
    /// nobody has the recording, and every segment of theirs is refused. Decided under the lock: a takeover has the list, or is told it.
    /// </summary>
    /// <param name="isWhole">False: these are only some of the list, and what waits for it goes on waiting.</param>
    /// <returns>False: somebody has the recording now, and is the one to say it.</returns>
    public bool OptOutsKnown(IReadOnlyCollection<ulong> userIds, bool byHost, bool isWhole = true)
    {
        lock (gate)
        {
            if (!byHost && tenure.IsHosted) return false;
            consent?.OptOut(userIds);
            foreach (ulong userId in byHost ? [] : userIds) refusedBelow[userId] = int.MaxValue;
            baseline = baseline with { AwaitsOptOuts = baseline.AwaitsOptOuts && !isWhole, OptedOut = [.. OptedOut.Union(userIds)] };
        }
        Indexes.Wake();
        return true;
    }

    /// <summary>The segment belongs to somebody who does not want it, and is not yet with the storage for good.</summary>
    public bool IsRefused(SegmentKey key)
    {
        lock (gate) return key.Index < refusedBelow.GetValueOrDefault(key.UserId)
            && !(tracks.TryGetValue(key.UserId, out TrackManifest? track) && track.HasDeparted(key.Index));
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

    /// <summary>
    /// The refused segment is about to go from the spool. Written down first: a crash just then leaves no account of a segment that nobody
    /// may have.
    /// </summary>
    public void Erasing(SegmentKey key)
    {
        bool isAnnounced;
        lock (gate) isAnnounced = Track(key.UserId).TakeBack(key.Index);
        if (isAnnounced) journal.Append(JournalEntry.ErasureOf(key));
        else journal.CatchUp();
    }

    /// <summary>The refused segment is gone from the spool: it never was.</summary>
    public void Erased(SegmentKey key)
    {
        lock (gate) Track(key.UserId).Erase(key.Index);
        journal.CatchUp();
    }

    /// <summary>Whose audio has come so far, by the account of the owners before.</summary>
    public IReadOnlySet<ulong> Heard()
    {
        lock (gate)
            return baseline.Tracks.Where(track => track.Health.GetValueOrDefault("received") > 0).Select(track => track.UserId).ToHashSet();
    }

    /// <summary>Of all tracks together.</summary>
    public SafePosition Safe()
    {
        lock (gate)
        {
            RecordingSnapshot? now = live();
            IEnumerable<long?> open = (now?.Tracks ?? []).Select(track => track.OpenSince);
            return SafePosition.Of(now?.SampleCount ?? baseline.SampleCount, tracks.Values.Select(track => track.WaitsSince).Concat(open));
        }
    }

    /// <summary>The manifest of this moment. It reserves <see cref="ReservedIndexes.Ahead"/> indexes per track.</summary>
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
                Tracks = [.. tracks.Values.OrderBy(track => track.UserId)
                    .Select(track => Summarize(track, speakers.GetValueOrDefault(track.UserId), position))],
                Gaps = [.. baseline.Gaps, .. snapshot?.Gaps ?? []],
                Notes = [.. baseline.Notes, .. snapshot?.Notes ?? []],
                Unencrypted = [.. baseline.Unencrypted, .. snapshot?.Unencrypted ?? []],
                Properties = new Dictionary<string, string>(Properties),
                OptedOut = OptedOut,
                PrivacyCode = PrivacyCode,
            };
        }
    }

    /// <summary>The manifest was stored in the temp container: its reservations hold, and the folder gets the same text.</summary>
    public void Stored(SessionManifest manifest)
    {
        Indexes.Stored(manifest); // Uploads go on even when the disk has no room for our copy: they make room.
        Folder.Save(manifest);
    }

    /// <summary>The temp container is away: the folder remembers the moment, with no more reserved than what was stored.</summary>
    public void SaveLocally(SessionManifest manifest) => Folder.Save(manifest with
    {
        Tracks = [.. manifest.Tracks.Select(track => track with { NextFreeIndex = Indexes.Of(track.UserId) })],
    });

    /// <summary>Waits until a stored manifest reserves the index, or nobody wants the segment. False: another bot has it.</summary>
    public Task<bool> ReservedAsync(SegmentKey key, CancellationToken cancel) => Indexes.WaitAsync(key, () => IsRefused(key), cancel);

    private void Recall(IReadOnlyList<JournalEntry> entries)
    {
        HashSet<(ulong, int)> erased = [.. entries.Where(entry => entry.Erased).Select(entry => (entry.UserId, entry.Index))];
        foreach (JournalEntry entry in entries)
        {
            if (erased.Contains((entry.UserId, entry.Index))) Track(entry.UserId).Skip(entry.Index);
            else Track(entry.UserId).Announce(entry);
            lastJournaledSample = Math.Max(lastJournaledSample, entry.EndSample);
        }
    }

    private TrackSummary Summarize(TrackManifest track, TrackSnapshot? speaker, long position)
    {
        int inUse = Math.Max(track.NextIndex, speaker is null ? 0 : speaker.NextFreeIndex + 1); // + 1: the one that is open
        int ahead = baseline.State == ManifestState.Stopped ? 0 : ReservedIndexes.Ahead;
        return track.Summarize(speaker, position, Math.Max(Indexes.Of(track.UserId), inUse + ahead), MoreHealth?.Invoke(track.UserId));
    }

    private TrackManifest Track(ulong userId)
    {
        if (!tracks.TryGetValue(userId, out TrackManifest? track)) tracks[userId] = track = new TrackManifest(userId);
        return track;
    }
}
