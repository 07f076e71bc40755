using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Guilds;
using Pipeline.RecordingApi.Render;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>
/// The talk of a recording's people, as far as it may be sent: of those who have opted out or are erased nothing is.
/// </summary>
public sealed class TranscriptTracks(RenderPlans plans, MovedSegments moved, SegmentPcm reader, GuildSettingsTable settings,
    ErasedPeople erased)
{
    /// <summary>Who has a track.</summary>
    internal async Task<IEnumerable<ulong>> UsersAsync(RecordingId recording, CancellationToken cancellation) =>
        (await plans.ReadAsync(recording, cancellation))?.Tracks.Select(track => track.UserId) ?? [];

    /// <summary>One person's track; null where there is none, or where that person does not want to be recorded.</summary>
    internal async Task<RenderTrack?> FindAsync(RecordingDetails details, ulong userId, CancellationToken cancellation)
    {
        if ((await OptedOutAsync(details, cancellation)).Contains(userId)) return null;
        RecordingId id = RecordingId.Parse(details.Id);
        if (await erased.HoldsAsync(id, userId, cancellation)) return null;
        if (details.Status != RecordingStatus.Live)
            return (await plans.ReadAsync(id, cancellation))?.Tracks.FirstOrDefault(track => track.UserId == userId);
        List<MovedSegment> segments = await moved.ReadAsync(id, MovedSegments.RowKey(userId, 0), MovedSegments.RowKey(userId, int.MaxValue),
            cancellation);
        if (segments.Count == 0) return null;
        return new RenderTrack
        {
            UserId = userId,
            Username = segments.MaxBy(segment => segment.StartSample)!.Username,
            Number = 1,
            Channels = segments.Max(segment => segment.Channels),
            Segments = [.. segments.Where(segment => segment.SampleCount > 0).OrderBy(segment => segment.StartSample)
                .ThenBy(segment => segment.Index).Select(segment => new RenderSegment(segment.Index, segment.StartSample,
                    segment.SampleCount, segment.Channels, segment.FileSize, new Uri(segment.BlobUrl)))],
        };
    }

    /// <summary>What of a track has no stretch yet, and which stretches are of segments that are gone.</summary>
    /// <param name="own">The track's stretches, read before.</param>
    /// <param name="endSample">Where the segment ended whose coming is the reason to look; null for none.</param>
    internal async Task<TrackPlan> PlanAsync(RecordingDetails details, ulong userId, IReadOnlyList<StretchRow> own, long? endSample,
        CancellationToken cancellation)
    {
        if (await erased.HoldsAsync(RecordingId.Parse(details.Id), userId, cancellation)) return new TrackPlan([], own);
        // What was said before somebody opted out stays as it was; what waits is not sent any more.
        if ((await OptedOutAsync(details, cancellation)).Contains(userId))
            return new TrackPlan([], [.. own.Where(row => row.State == StretchState.Waiting)]);
        if (await FindAsync(details, userId, cancellation) is not { } track) return new TrackPlan([], own);
        HashSet<StretchSegment> there = [.. track.Segments.Select(segment =>
            new StretchSegment(segment.Index, segment.Start, segment.Count))];
        StretchRow[] removed = [.. own.Where(row => !row.Stretch.Segments.All(there.Contains))];
        bool isClosed = details.Status != RecordingStatus.Live
            || track.Segments.Max(segment => segment.Start + segment.Count) <= endSample;
        StretchPlanner planner = new((from, to) => StretchSound.QuietestAsync(reader, track, from, to, cancellation));
        return new TrackPlan(await planner.PlanAsync(track, own.Except(removed).Select(row => row.Stretch), isClosed), removed);
    }

    /// <summary>True where somebody's talk in a finished recording has no stretch yet.</summary>
    internal async Task<bool> IsOpenAsync(RecordingDetails details, IReadOnlyList<StretchRow> rows, CancellationToken cancellation)
    {
        if (await plans.ReadAsync(RecordingId.Parse(details.Id), cancellation) is not { } plan) return false;
        HashSet<ulong> optedOut = await OptedOutAsync(details, cancellation);
        return plan.Tracks.Any(track => !optedOut.Contains(track.UserId) && StretchPlanner.IsOpen(track,
            rows.Where(row => row.Stretch.UserId == track.UserId).Select(row => row.Stretch)));
    }

    private async Task<HashSet<ulong>> OptedOutAsync(RecordingDetails details, CancellationToken cancellation) =>
        (await settings.ReadAsync(ulong.Parse(details.GuildId, CultureInfo.InvariantCulture), cancellation)).OptedOut();
}

/// <summary>What is to be changed about a track's stretches.</summary>
internal sealed record TrackPlan(IReadOnlyList<Stretch> Added, IReadOnlyList<StretchRow> Removed);
