using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Live;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>A recording as it is without some people. Pure.</summary>
internal static class ErasedDetails
{
    /// <summary>Only that somebody is erased, and when, stays of them; it stands in the ledger.</summary>
    /// <param name="segments">Those that are left.</param>
    public static RecordingDetails Without(RecordingDetails details, IReadOnlySet<ulong> people, IReadOnlyList<RecordingSegment> segments,
        DateTimeOffset now)
    {
        HashSet<string> names = [.. people.Select(user => user.ToString(CultureInfo.InvariantCulture))];
        RecordingDetails next = details with
        {
            TotalSize = segments.Sum(segment => segment.FileSize),
            SegmentCount = segments.Count,
            MissingSegments = [.. details.MissingSegments.Where(missing => !names.Contains(missing.UserId))],
            // A long list is cut short, its count is not.
            MissingSegmentCount = details.MissingSegmentCount - details.MissingSegments.Count(missing => names.Contains(missing.UserId)),
            Gaps = [.. details.Gaps.Where(gap => gap.UserId is not { } user || !people.Contains(user))],
            Notes = [.. details.Notes.Where(note => !people.Contains(note.UserId))],
            Health = details.Health.Where(one => !names.Contains(one.Key)).ToDictionary(),
            UnverifiedUserIds = [.. details.UnverifiedUserIds.Where(user => !names.Contains(user))],
            Consent = Without(details.Consent, people, now),
        };
        IReadOnlyList<RecordingTrack> tracks = RecordingTracks.Of(next, segments);
        return next with
        {
            Tracks = tracks,
            ParticipantCount = tracks.Count,
            LongestSegment = segments.Select(segment => segment.Duration).DefaultIfEmpty(0).Max(),
        };
    }

    /// <summary>The ledger without names of these people, with a word that they are erased.</summary>
    public static ConsentLedger Without(ConsentLedger? ledger, IReadOnlySet<ulong> people, DateTimeOffset now)
    {
        ConsentLedger next = ledger ?? new ConsentLedger { Mode = ConsentLedger.Off };
        foreach (ulong user in people) next = next.WithErased(user, now);
        return next;
    }
}
