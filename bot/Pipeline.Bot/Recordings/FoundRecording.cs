using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;

namespace Pipeline.Bot.Recordings;

/// <summary>
/// All that a bot without the spool can know of a recording: the manifest that was stored last, and the segments that reached the temp
/// container after it and lie there still. (Those that were moved already are in the functions' ledger and need nothing from us.)
/// </summary>
internal sealed class FoundRecording
{
    private readonly SessionManifest stored;
    private readonly IReadOnlyList<SegmentReady> segments;

    /// <param name="inTemp">The segments in the temp container, in any order.</param>
    public FoundRecording(SessionManifest stored, IEnumerable<SegmentReady> inTemp)
    {
        this.stored = stored;
        // Leftovers of a bot whose recording went on elsewhere are announced by nobody.
        segments = [.. inTemp.Where(segment => segment.SegmentIndex < ReservedIndexes.Leftovers
            && !stored.Refuses(segment.UserId, segment.SegmentIndex)).OrderBy(segment => segment.SegmentIndex)];
        LastSample = segments.Aggregate(stored.SampleCount, (last, segment) => Math.Max(last, segment.StartSample + segment.SampleCount));
        Manifest = stored with { SampleCount = LastSample, Tracks = [.. Users().Select(Announce)] };
    }

    /// <summary>The stored manifest, with the segments announced that came after it.</summary>
    public SessionManifest Manifest { get; }

    /// <summary>Up to here something is known to have been recorded.</summary>
    public long LastSample { get; }

    public static async Task<FoundRecording> LookAsync(TempStorage storage, SessionManifest stored, CancellationToken cancel) =>
        new(stored, await storage.ListSegmentsAsync(stored.Session.RecordingId, cancel));

    /// <summary>
    /// What is missing when the recording goes on at <paramref name="resume"/>: of everybody from <see cref="LastSample"/> on, of single
    /// tracks
    /// from where their audio was last known to be safe. The functions, who know what was moved, narrow it down in the end.
    /// </summary>
    public IReadOnlyList<RecordingGap> GapsUntil(long resume)
    {
        List<RecordingGap> gaps = [];
        foreach (TrackSummary track in stored.Tracks)
        {
            IEnumerable<(int, long, long)> known = segments.Where(segment => segment.UserId == track.UserId)
                .Select(segment => (segment.SegmentIndex, segment.StartSample, segment.SampleCount));
            long safe = Math.Min(track.SafeSample ?? stored.SampleCount, stored.SampleCount);
            gaps.AddRange(MissingStretches.Of(safe, LastSample, known).Select(missing => Gap(track.UserId, missing.Start, missing.End)));
        }
        if (resume > LastSample) gaps.Add(Gap(null, LastSample, resume));
        return MissingStretches.JoinTails(gaps);
    }

    private static RecordingGap Gap(ulong? userId, long start, long end) =>
        new() { UserId = userId, StartSample = start, SampleCount = end - start, Reason = RecordingGap.Takeover };

    private IEnumerable<ulong> Users() =>
        stored.Tracks.Select(track => track.UserId).Union(segments.Select(segment => segment.UserId)).Order();

    private TrackSummary Announce(ulong userId)
    {
        TrackSummary? known = stored.Tracks.FirstOrDefault(track => track.UserId == userId);
        TrackManifest account = known is null ? new TrackManifest(userId) : new TrackManifest(known);
        foreach (SegmentReady segment in segments.Where(segment => segment.UserId == userId)) account.Announce(JournalEntry.From(segment));
        return account.Summarize(null, LastSample, Math.Max(known?.NextFreeIndex ?? 0, account.NextIndex));
    }
}

/// <summary>A recording that may be gone on with: from our own spool, or from the temp container.</summary>
/// <param name="Manifest">The best account of it that was found.</param>
/// <param name="LastSample">Up to here it is known to have been running.</param>
/// <param name="IsLeased">A bot holds its lease, or held it less than 60 s ago. In our own spool: never.</param>
internal sealed record RecordingCandidate(SessionManifest Manifest, bool InSpool, long LastSample, bool IsLeased)
{
    public SessionInfo Session => Manifest.Session;
}
