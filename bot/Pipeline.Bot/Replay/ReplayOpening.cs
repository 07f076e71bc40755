using System.Globalization;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;

namespace Pipeline.Bot.Replay;

/// <summary>
/// Starts the recording of a replay, or finds the one that an earlier run left: by its id, by the note in the spool, or by the
/// fingerprint in a manifest of the temp container when the spool is gone. A call that is longer than a recording may be goes on in
/// the next one.
/// </summary>
/// <param name="call">Length of the call and of the longest recording.</param>
internal sealed class ReplayOpening(ActiveRecordings recordings, UnownedRecordings unowned, RecordingCloser closer, SegmentSpool spool,
    ReplayOptions options, ReplayLengths call, TimeProvider time)
{
    private const string FingerprintProperty = "replay";
    private const string FromProperty = "replayFrom"; // seconds

    // A bot that was killed holds its lease for up to 60 s when its spool, which has the lease's id, is gone.
    private static readonly TimeSpan LeasePatience = TempStorage.LeaseDuration + TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FrameDuration = TimeSpan.FromMilliseconds(20);

    private readonly string fingerprint = options.Fingerprint();
    private ReplayMark? mark;

    /// <exception cref="ReplayLostException">Another bot has the recording.</exception>
    public async Task<ReplayStart> OpenAsync(CancellationToken cancel)
    {
        RecordingId? wanted = options.ContinueId is { } text ? RecordingId.Parse(text) : null;
        if (!options.Continue) return await StartAsync(TimeSpan.Zero, cancel);
        mark = ReplayMark.Load(spool.Root, fingerprint);
        wanted ??= mark?.RecordingId;
        if (wanted is { } ended && (mark is { Closed: true } && mark.RecordingId == ended || spool.Folder(ended).IsStopped))
        {
            await closer.WhenClosed(ended).WaitAsync(cancel);
            return await GoOnBehindAsync(ended, cancel);
        }
        return await ContinueAsync(wanted, cancel);
    }

    /// <summary>Starts the recording of the call's next part.</summary>
    /// <param name="from">Since the start of the call.</param>
    public async Task<ReplayStart> StartAsync(TimeSpan from, CancellationToken cancel)
    {
        ReplayClock clock = new(time.GetUtcNow());
        ActiveRecording host = await recordings.StartAsync(new StartRecordingRequest
        {
            GuildId = options.GuildId,
            GuildName = options.GuildName,
            ChannelId = options.ChannelId,
            StartedBy = options.Speakers[0].UserId,
            Title = options.Title,
            Properties = new Dictionary<string, string>
            {
                [FingerprintProperty] = fingerprint,
                [FromProperty] = from.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            },
            CaptureTime = clock,
            TicksByCaller = true,
        }, cancel);
        new ReplayMark(host.Session.RecordingId, Closed: false, from).Save(spool.Root, fingerprint);
        return new ReplayStart(host.Session.RecordingId, host, clock, TimeSpan.Zero, from);
    }

    // An earlier run may have come to the end of a part and no further.
    private async Task<ReplayStart> GoOnBehindAsync(RecordingId ended, CancellationToken cancel)
    {
        TimeSpan? from = mark?.RecordingId == ended ? mark.From : null;
        TimeSpan? next = from + call.Part;
        return next < call.Whole ? await StartAsync(next.Value, cancel)
            : new ReplayStart(ended, null, new ReplayClock(time.GetUtcNow()), TimeSpan.Zero, from ?? TimeSpan.Zero);
    }

    private async Task<ReplayStart> ContinueAsync(RecordingId? wanted, CancellationToken cancel)
    {
        long since = time.GetTimestamp();
        while (true)
        {
            IReadOnlyList<RecordingCandidate> candidates = await unowned.FindAsync(cancel);
            RecordingCandidate? found = candidates.LastOrDefault(candidate =>
                wanted is { } id ? candidate.Session.RecordingId == id : IsOurs(candidate));
            if (found is null && wanted is null) return await StartAsync(TimeSpan.Zero, cancel);
            // It was closed, here or elsewhere.
            if (found is null) return await GoOnBehindAsync(wanted!.Value, cancel);
            if (!found.IsLeased && await TakeOverAsync(found, cancel) is { } start) return start;
            if (time.GetElapsedTime(since) > LeasePatience) throw new ReplayLostException(found.Session.RecordingId);
            await Task.Delay(Poll, time, cancel);
        }
    }

    private async Task<ReplayStart?> TakeOverAsync(RecordingCandidate found, CancellationToken cancel)
    {
        found = await unowned.CompleteAsync(found, cancel);
        // The audio goes on where it is known to have come to: on the next frame behind it.
        TimeSpan last = SampleClock.ToTime(found.LastSample);
        TimeSpan spoken = (time.GetUtcNow() - found.Session.StartedAt) * options.Speed;
        if (options.OnAir && spoken > last) last = spoken;
        TimeSpan origin = (Math.Floor(last / FrameDuration) + 1) * FrameDuration;
        ReplayClock clock = new(found.Session.StartedAt + origin);
        ActiveRecording? host = await unowned.TakeOverAsync(found, clock, ticksByCaller: true, cancel);
        if (host is null) return null;
        TimeSpan from = FromOf(found);
        new ReplayMark(host.Session.RecordingId, Closed: false, from).Save(spool.Root, fingerprint);
        // The stored manifest may know of more than the spool does, and the recording goes on behind that.
        return new ReplayStart(host.Session.RecordingId, host, clock, SampleClock.ToTime(host.Recording.SampleCount), from);
    }

    private bool IsOurs(RecordingCandidate candidate) =>
        candidate.Manifest.Properties.TryGetValue(FingerprintProperty, out string? value) && value == fingerprint;

    private static TimeSpan FromOf(RecordingCandidate candidate) =>
        candidate.Manifest.Properties.TryGetValue(FromProperty, out string? text)
        && double.TryParse(text, CultureInfo.InvariantCulture, out double seconds) ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;
}

/// <summary>Where a replay begins. <paramref name="Host"/> null: the recording had ended already and is closed now.</summary>
/// <param name="Origin">Position in the recording at which the clock starts.</param>
/// <param name="From">Where in the call the recording begins.</param>
internal sealed record ReplayStart(RecordingId Recording, ActiveRecording? Host, ReplayClock Clock, TimeSpan Origin, TimeSpan From);

/// <summary>Length of the call, and of the longest recording of a part of it.</summary>
internal sealed record ReplayLengths(TimeSpan Whole, TimeSpan Part)
{
    /// <param name="maximum">RECORDING_MAX_DURATION: a recording that comes so far ends by itself.</param>
    public static ReplayLengths Of(TimeSpan whole, TimeSpan maximum)
    {
        TimeSpan tick = ActiveRecording.TickInterval;
        return new ReplayLengths(whole, Math.Floor((maximum - tick) / tick) * tick);
    }
}

/// <summary>The recording cannot be gone on with, because another bot holds it.</summary>
internal sealed class ReplayLostException(RecordingId recording)
    : Exception($"recording {recording} is held by another bot; stop that one first");
