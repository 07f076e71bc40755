using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;

namespace Pipeline.Bot.Replay;

/// <summary>
/// Starts the recording of a replay, or finds the one that an earlier run left: by its id, by the note in the spool, or by the
/// fingerprint in a manifest of the temp container when the spool is gone.
/// </summary>
internal sealed class ReplayOpening(ActiveRecordings recordings, UnownedRecordings unowned, RecordingCloser closer, SegmentSpool spool,
    ReplayOptions options, TimeProvider time)
{
    private const string FingerprintProperty = "replay";

    // A bot that was killed holds its lease for up to 60 s when its spool, which has the lease's id, is gone.
    private static readonly TimeSpan LeasePatience = TempStorage.LeaseDuration + TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FrameDuration = TimeSpan.FromMilliseconds(20);

    private readonly string fingerprint = options.Fingerprint();

    /// <exception cref="ReplayLostException">Another bot has the recording.</exception>
    public async Task<ReplayStart> OpenAsync(CancellationToken cancel)
    {
        RecordingId? wanted = options.ContinueId is { } text ? RecordingId.Parse(text) : null;
        if (!options.Continue) return await StartAsync(cancel);
        ReplayMark? mark = ReplayMark.Load(spool.Root, fingerprint);
        wanted ??= mark?.RecordingId;
        if (wanted is { } ended && (mark is { Closed: true } && mark.RecordingId == ended || spool.Folder(ended).IsStopped))
        {
            await closer.WhenClosed(ended).WaitAsync(cancel);
            return new ReplayStart(ended, null, new ReplayClock(time.GetUtcNow()), TimeSpan.Zero);
        }
        return await ContinueAsync(wanted, cancel);
    }

    private async Task<ReplayStart> ContinueAsync(RecordingId? wanted, CancellationToken cancel)
    {
        long since = time.GetTimestamp();
        while (true)
        {
            IReadOnlyList<RecordingCandidate> candidates = await unowned.FindAsync(cancel);
            RecordingCandidate? found = candidates.LastOrDefault(candidate =>
                wanted is { } id ? candidate.Session.RecordingId == id : IsOurs(candidate));
            if (found is null && wanted is null) return await StartAsync(cancel);
            // It was closed, here or elsewhere.
            if (found is null) return new ReplayStart(wanted!.Value, null, new ReplayClock(time.GetUtcNow()), TimeSpan.Zero);
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
        new ReplayMark(host.Session.RecordingId, Closed: false).Save(spool.Root, fingerprint);
        return new ReplayStart(host.Session.RecordingId, host, clock, origin);
    }

    private async Task<ReplayStart> StartAsync(CancellationToken cancel)
    {
        ReplayClock clock = new(time.GetUtcNow());
        ActiveRecording host = await recordings.StartAsync(new StartRecordingRequest
        {
            GuildId = options.GuildId,
            GuildName = options.GuildName,
            ChannelId = options.ChannelId,
            StartedBy = options.Speakers[0].UserId,
            Title = options.Title,
            Properties = new Dictionary<string, string> { [FingerprintProperty] = fingerprint },
            CaptureTime = clock,
            TicksByCaller = true,
        }, cancel);
        new ReplayMark(host.Session.RecordingId, Closed: false).Save(spool.Root, fingerprint);
        return new ReplayStart(host.Session.RecordingId, host, clock, TimeSpan.Zero);
    }

    private bool IsOurs(RecordingCandidate candidate) =>
        candidate.Manifest.Properties.TryGetValue(FingerprintProperty, out string? value) && value == fingerprint;
}
