using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;

namespace Pipeline.RecordingApi.Live;

/// <summary>
/// Tracks of a recording, from their segments. Numbered by who spoke first, so that a number stays while the recording grows.
/// </summary>
internal static class RecordingTracks
{
    /// <param name="parts">In any order.</param>
    /// <param name="silent">Those that were there; who has no segment comes last.</param>
    /// <param name="health">Counters by user id; null for none.</param>
    public static IReadOnlyList<RecordingTrack> Of(
        IEnumerable<Part> parts, IEnumerable<(ulong UserId, string Username)> silent, Func<string, IReadOnlyDictionary<string,
            long>?> health)
    {
        List<RecordingTrack> tracks = [];
        HashSet<ulong> seen = [];
        foreach (IGrouping<ulong,
            Part> own in parts.GroupBy(part => part.UserId).OrderBy(own => own.Min(part => part.StartSample)).ThenBy(own => own.Key))
        {
            seen.Add(own.Key);
            // The name that somebody had last.
            tracks.Add(Track(own.Key, own.MaxBy(part => part.NamedAt).Username, own.Max(part => part.StartSample + part.SampleCount),
                own.Sum(part => part.SpokenSamples)));
        }
        foreach ((ulong userId, string username) in silent.OrderBy(user => user.UserId))
        {
            if (seen.Add(userId)) tracks.Add(Track(userId, username, 0, 0));
        }
        return tracks;

        RecordingTrack Track(ulong userId, string username, long duration, long spoken)
        {
            string text = userId.ToString(CultureInfo.InvariantCulture);
            return new RecordingTrack
            {
                UserId = text,
                Username = username,
                TrackNumber = tracks.Count + 1,
                DurationSamples = duration,
                SpokenSamples = spoken,
                Health = health(text) ?? new Dictionary<string, long>(),
            };
        }
    }

    /// <summary>Tracks of a finished recording.</summary>
    public static IReadOnlyList<RecordingTrack> Of(RecordingDetails details, IEnumerable<RecordingSegment> segments) => Of(
        segments.Select(segment => new Part(
            ulong.Parse(segment.UserId, CultureInfo.InvariantCulture),
            segment.Username,
            SegmentSound.StartOf(segment, details.RecordedAt),
            SegmentSound.CountOf(segment))),
        [],
        details.Health.GetValueOrDefault);

    /// <summary>Notes with the names of those who have a track.</summary>
    public static IReadOnlyList<RecordingNote> WithNames(IReadOnlyList<RecordingNote> notes, IReadOnlyList<RecordingTrack> tracks)
    {
        if (notes.Count == 0) return notes;
        Dictionary<string, string> names = tracks.ToDictionary(track => track.UserId, track => track.Username);
        return [.. notes.Select(note =>
            note with { Username = note.Username ?? names.GetValueOrDefault(note.UserId.ToString(CultureInfo.InvariantCulture)) })];
    }

    /// <summary>What of a segment a track is made from.</summary>
    internal readonly record struct Part(ulong UserId, string Username, long StartSample, long SampleCount)
    {
        /// <summary>Without the silence in between, where it is more than one segment.</summary>
        public long SpokenSamples { get; init; } = SampleCount;

        /// <summary>Start of the segment that has this name.</summary>
        public long NamedAt { get; init; } = StartSample;
    }
}
