using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Pipeline.Audio.Opus;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Media;

namespace Pipeline.Bot.Capture;

/// <summary>
/// One running recording: turns the frames of all speakers into segments in the spool.
/// Has a single owner, who calls <see cref="Tick"/> about every 60 ms, never on two threads at once; everybody else
/// posts commands or reads <see cref="Snapshot"/>.
/// </summary>
internal sealed class Recording : IDisposable
{
    /// <summary>Orders that wait for the next tick.</summary>
    public const int CommandCapacity = 1024;

    private const int FramesPerTick = 65_536;

    /// <summary>Speakers, not listeners; what any further one says is a counted gap.</summary>
    public const int TrackCapacity = 1000;

    private readonly Channel<(long PostedAt, RecordingAction Command)> commands = Channel.CreateBounded<(long,
        RecordingAction)>(CommandCapacity);
    private readonly Dictionary<ulong, Track> tracks = [];
    private readonly RecordingContext context;
    private readonly TimeProvider time;
    private readonly IReadOnlyDictionary<ulong, int> firstIndexes;
    private readonly OffTheRecord paused = new();
    private readonly StretchLog unencrypted = new();
    private readonly KnownPeople people = new();
    private readonly ConcurrentDictionary<ulong, long> left = new(); // user -> timestamp; at most one entry per person
    private readonly ConcurrentDictionary<ulong, ulong> recognized = new(); // id of a voice without a name -> whose it is
    private readonly TracklessSpeakers trackless;
    private readonly Dictionary<ulong, int> unheard = []; // how often each of them had opted out when it was last heeded
    private ImmutableArray<Track> inOrder = [];
    private ImmutableArray<TrackSnapshot> silent = []; // in the call, opted out, and nothing was ever taken of them
    private ((object, object)? Consent, object? People, int Tracks) attended;
    private RecordingGap? runningGap; // from GapStarted to GapEnded
    private long lastTick;
    private long framesWithoutTrack;
    private long framesRefused;
    private long commandsRefused;
    private bool isStopped;

    /// <param name="folder">The recording's own folder in the spool: <c>{spool}/{recordingId}</c>; created when missing.</param>
    /// <param name="startTimestamp">The timestamp of <paramref name="time"/> that is sample 0; lies before its own start for a recording
    /// that is continued.</param>
    /// <param name="firstIndexes">First free index per user of a recording that is continued; users not named start at 0.</param>
    /// <param name="consent">Complete: the one who is not in it is recorded from the first frame on.</param>
    /// <exception cref="IOException">The folder cannot be created.</exception>
    /// <exception cref="OpusLibraryMissingException">libopus alone is allowed and is not installed.</exception>
    public Recording(SessionInfo session, CaptureOptions options, string folder, TimeProvider time, long startTimestamp,
        IReadOnlyDictionary<ulong, int> firstIndexes, Consent consent)
    {
        (this.time, this.firstIndexes, Consent) = (time, firstIndexes, consent);
        context = new RecordingContext(session, options, folder, time, startTimestamp);
        trackless = new TracklessSpeakers(context.Gaps);
        lastTick = time.GetTimestamp();
        Directory.CreateDirectory(folder);
    }

    /// <summary>What the owners before have listed of a recording that is continued; its limits hold for all of them together.</summary>
    public (IReadOnlyList<RecordingGap> Gaps, IReadOnlyList<RecordingNote> Notes) ListedBefore
    {
        init => context.Gaps.Continue(value.Gaps, value.Notes);
    }

    /// <summary>Somebody who was in the call does not want to be recorded. Any thread.</summary>
    public bool HasPeopleWhoRefuse => people.All.Any(one => !Consent.IsTaken(one.Key));

    /// <summary>The voice session writes here.</summary>
    public AudioFrameRing Frames { get; } = new();

    /// <summary>Who is not recorded. Any thread.</summary>
    public Consent Consent { get; }

    /// <summary>Called on the tick's thread for every finished segment; must not block.</summary>
    public Action<ClosedSegment>? SegmentClosed
    {
        get => context.SegmentClosed;
        set => context.SegmentClosed = value;
    }

    /// <summary>
    /// Called on the tick's thread when somebody has opted out: of this user (first argument) every segment below the index (second) must
    /// go that is still here. Must not block.
    /// </summary>
    public Action<ulong, int>? Refused
    {
        get => context.Refused;
        set => context.Refused = value;
    }

    /// <summary>The position of the last tick. Any thread.</summary>
    public long SampleCount => Sample(context.Position(Volatile.Read(ref lastTick)));

    /// <summary>
    /// The state at the last tick; may be read from any thread. Segment figures of one track belong together, counters may run ahead.
    /// </summary>
    public RecordingSnapshot Snapshot
    {
        get
        {
            double now = context.Position(Volatile.Read(ref lastTick));
            ImmutableArray<Track> present = inOrder;
            return new RecordingSnapshot
            {
                SampleCount = Sample(now),
                Tracks = [.. present.Select(track => track.Read(now, !Consent.IsTaken(track.UserId))).Where(IsShown), .. silent],
                Gaps = [.. context.Gaps.Gaps, .. RunningGaps(present, now)],
                UnlistedGaps = context.Gaps.Unlisted,
                Notes = context.Gaps.Notes,
                Unencrypted = unencrypted.Read(Sample(now)),
                Paused = paused.IsOn,
                SpoolProblem = context.Spool.Problem,
                RingDropped = Frames.Dropped + Volatile.Read(ref framesWithoutTrack),
                Refused = Volatile.Read(ref framesRefused),
                CommandsRefused = Volatile.Read(ref commandsRefused),
                TracklessSpeakers = trackless.Count,
            };
        }
    }

    /// <summary>Any thread. False when 1,024 commands wait already (the owner does not tick): the caller tells, or says it again.</summary>
    public bool Post(RecordingAction command)
    {
        if (commands.Writer.TryWrite((time.GetTimestamp(), command))) return true;
        Interlocked.Increment(ref commandsRefused);
        return false;
    }

    /// <summary>
    /// The display name of a user, and whether it is a bot. Until then a user is recorded under its id. Any thread; nothing is ever full.
    /// </summary>
    public void Introduce(ulong userId, string name, bool isBot) => people.Introduce(userId, new KnownPerson(name, isBot));

    /// <summary>A voice that came without a name is this user's, and its track is called so. Any thread; nothing is ever full.</summary>
    public void Recognize(ulong unnamedId, ulong userId, string name)
    {
        recognized[unnamedId] = userId;
        Introduce(unnamedId, name, isBot: false);
    }

    /// <summary>
    /// The user left the call: its segment closes and its buffers are given back. Coming back continues the same track. Any thread; nothing
    /// is ever full.
    /// </summary>
    public void UserLeft(ulong userId) => left[userId] = time.GetTimestamp();

    /// <summary>A marker at the present position. Any thread; it stands, or the answer says that it does not.</summary>
    public NoteOutcome AddNote(ulong userId, string text) =>
        context.Gaps.AddNote(Sample(context.Position(time.GetTimestamp())), userId, text);

    /// <summary>Takes everything that has come since the last call. A full or broken disk becomes a gap, not an exception.</summary>
    public void Tick()
    {
        if (isStopped) return;
        long now = time.GetTimestamp();
        Attend();
        for (int i = 0; i < FramesPerTick && Frames.TryRead(out AudioFrame frame); i++)
        {
            Obey(frame.ReceivedAt);
            Accept(in frame);
            Frames.Release();
        }
        Obey(now);
        if (!recognized.IsEmpty) Recognize();
        if (!left.IsEmpty) TakeLeave(); // the enumerator is an object, and nearly every tick has nothing to do
        double position = context.Position(now);
        foreach (Track track in inOrder) track.Tick(position);
        trackless.Flush(Sample(position) - SampleClock.SamplesPerSecond);
        Volatile.Write(ref lastTick, now);
    }

    /// <summary>The last tick: closes every segment. Nothing is taken afterwards.</summary>
    public void Stop()
    {
        if (isStopped) return;
        Tick();
        Attend(); // what is closed from here on is kept
        double now = context.Position(lastTick);
        foreach (Track track in inOrder) track.Leave(now);
        trackless.Flush(long.MaxValue);
        EndGap(now);
        if (paused.End(lastTick)) LogPause();
        unencrypted.End(Sample(now));
        isStopped = true;
    }

    /// <summary>Closes files and decoders; segments still open stay behind as <c>.open</c> files for <see cref="SpoolRepair"/>.</summary>
    public void Dispose()
    {
        isStopped = true;
        foreach (Track track in inOrder) track.Dispose();
    }

    // Bots that are not recorded have no track.
    private bool IsShown(TrackSnapshot track) => !track.IsBot || context.Options.IncludeBots || track.Segments.Count > 0;

    private void Recognize()
    {
        foreach ((ulong unnamedId, _) in recognized)
        {
            recognized.TryRemove(unnamedId, out ulong userId);
            if (tracks.TryGetValue(unnamedId, out Track? track)) track.Recognize(userId);
        }
    }

    private void TakeLeave()
    {
        foreach ((ulong userId, long at) in left)
        {
            if (left.TryRemove(userId, out _) && tracks.TryGetValue(userId, out Track? track)) track.Leave(context.Position(at));
        }
    }

    /// <summary>What others have said of people since the last tick: who wants out, who is called what.</summary>
    private void Attend()
    {
        ((object, object)?, object?, int) present = (Consent.Version, people.All, inOrder.Length);
        if (present.Equals(attended)) return;
        foreach (Track track in inOrder) Attend(track);
        foreach (ulong userId in firstIndexes.Keys) AttendUnheard(userId);
        silent = [.. people.All.Where(one => !Consent.IsTaken(one.Key) && !tracks.ContainsKey(one.Key))
            .Select(one => TrackSnapshot.OfNothing(one.Key, one.Value))];
        attended = present;
    }

    // Somebody of whom an earlier owner left segments, and who has not spoken since: they have no track to hear of it.
    private void AttendUnheard(ulong userId)
    {
        int times = Consent.RefusalsOf(userId);
        if (tracks.ContainsKey(userId) || unheard.GetValueOrDefault(userId) == times) return;
        unheard[userId] = times;
        context.Refused?.Invoke(userId, firstIndexes[userId]);
    }

    private void Attend(Track track)
    {
        if (people.All.TryGetValue(track.UserId, out KnownPerson? person)) track.SetUser(person.Name, person.IsBot);
        track.Heed(Consent.RefusalsOf(track.UserId));
    }

    // The one way from a frame to a file, and the one place that asks whether its speaker agrees to be recorded.
    private void Accept(in AudioFrame frame)
    {
        bool isRefused = Consent.Refuses(frame.UserId, frame.ReceivedAt) || (UnnamedSource.Is(frame.UserId) && HasPeopleWhoRefuse);
        if (isRefused)
        {
            // A voice without a name may be anybody's, also of somebody who said no.
            Volatile.Write(ref framesRefused, framesRefused + 1);
            if (tracks.TryGetValue(frame.UserId, out Track? known) && frame.Kind != AudioFrameKind.Empty) known.Withhold();
            return;
        }
        // Padding alone makes nobody a speaker.
        if (frame.Kind == AudioFrameKind.Empty && (paused.Covers(frame.ReceivedAt) || !tracks.ContainsKey(frame.UserId))) return;
        if (!TryFind(frame.UserId, out Track? track))
        {
            Volatile.Write(ref framesWithoutTrack, framesWithoutTrack + 1);
            if (!paused.Covers(frame.ReceivedAt)) trackless.Note(frame.UserId, Sample(context.Position(frame.ReceivedAt)));
            return;
        }
        if (paused.Covers(frame.ReceivedAt)) track.Withhold();
        else track.Accept(in frame, context.Position(frame.ReceivedAt));
    }

    private bool TryFind(ulong userId, [NotNullWhen(true)] out Track? track)
    {
        if (tracks.TryGetValue(userId, out track)) return true;
        if (tracks.Count == TrackCapacity) return false;
        track = new Track(context, userId, firstIndexes.GetValueOrDefault(userId));
        tracks.Add(userId, track);
        inOrder = inOrder.Add(track);
        Attend(track);
        return true;
    }

    /// <summary>Carries out what was posted up to a moment.</summary>
    private void Obey(long until)
    {
        while (commands.Reader.TryPeek(out (long PostedAt, RecordingAction Command) next) && next.PostedAt <= until)
        {
            commands.Reader.TryRead(out next);
            Obey(next.Command, next.PostedAt);
        }
    }

    private void Obey(RecordingAction command, long postedAt)
    {
        double now = context.Position(postedAt);
        switch (command)
        {
            case RecordingAction.Pause when paused.Begin(postedAt): InterruptAll(now); break;
            case RecordingAction.Resume when paused.End(postedAt): LogPause(); break;
            case RecordingAction.GapStarted gap: BeginGap(gap, now); break;
            case RecordingAction.GapEnded: EndGap(now); break;
            case RecordingAction.SpoolFull: context.Spool.SetFull(true); break;
            case RecordingAction.SpoolFree: context.Spool.SetFull(false); break;
            case RecordingAction.UnencryptedStarted: unencrypted.Begin(Sample(now)); break;
            case RecordingAction.UnencryptedEnded: unencrypted.End(Sample(now)); break;
            case RecordingAction.Cut: CutAll(now); break;
        }
    }

    private void InterruptAll(double now)
    {
        foreach (Track track in inOrder) track.Interrupt(padding: 0, now);
    }

    private void CutAll(double now)
    {
        foreach (Track track in inOrder) track.Cut(now);
    }

    private void BeginGap(RecordingAction.GapStarted gap, double now)
    {
        EndGap(now);
        InterruptAll(now);
        double start = now - (gap.Ago.TotalSeconds * SampleClock.SamplesPerSecond);
        runningGap = new RecordingGap { StartSample = Sample(start), SampleCount = 0, Reason = gap.Reason };
    }

    private void EndGap(double now)
    {
        if (runningGap is { } gap) context.Gaps.Add(null, gap.StartSample, Sample(now) - gap.StartSample, gap.Reason);
        runningGap = null;
    }

    private void LogPause()
    {
        long start = Sample(context.Position(paused.Since));
        context.Gaps.Add(null, start, Sample(context.Position(paused.Until)) - start, GapLog.Paused);
    }

    private static long Sample(double position) => Math.Max(0, (long)Math.Round(position));

    private IEnumerable<RecordingGap> RunningGaps(ImmutableArray<Track> present, double now)
    {
        if (runningGap is { } gap) yield return gap with { SampleCount = Math.Max(0, Sample(now) - gap.StartSample) };
        if (paused.IsOn)
        {
            long start = Sample(context.Position(paused.Since));
            yield return new RecordingGap { StartSample = start, SampleCount = Math.Max(0, Sample(now) - start), Reason = GapLog.Paused };
        }
        foreach (RecordingGap lost in trackless.Running) yield return lost;
        foreach (Track track in present)
        {
            if (track.PendingGap() is { } pending) yield return pending;
        }
    }
}
