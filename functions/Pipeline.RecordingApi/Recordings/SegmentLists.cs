using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Live;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>The list of segments of a recording that ends, as it came: in one request, or in parts.</summary>
internal interface ISegmentList
{
    /// <summary>Name of its rows in the catalogue; only an equal list has it.</summary>
    string Set { get; }

    int Count { get; }

    /// <summary>What a short list was answered with: links to all of them.</summary>
    IReadOnlyList<RecordingSegment> Named { get; }

    RecordingDetails Describe(RecordingDetails details);

    /// <summary>Whether the catalogue has it under this name already; null: under none.</summary>
    Task<bool> IsAsync(string? otherSet, CancellationToken cancellation);

    /// <summary>Sees to it that all of it is in the catalogue.</summary>
    /// <param name="recordedAt">When the recording began.</param>
    Task<FieldErrors> SettleAsync(DateTimeOffset recordedAt, CancellationToken cancellation);

    /// <summary>True where every segment of another list stands in this one with the same bytes and times.</summary>
    Task<bool> KeepsAsync(string otherSet, CancellationToken cancellation);

    /// <summary>What it says otherwise than another list, by field; never empty.</summary>
    Task<Dictionary<string, string[]>> DifferencesAsync(string otherSet, CancellationToken cancellation);
}

/// <summary>A list that came in one request.</summary>
/// <param name="claims">What the request says of the segments, to be held against the storage; none where that was done before.</param>
internal sealed class WholeList(RecordingId id, SegmentSet set, IReadOnlyList<SegmentClaim> claims, SegmentPlaces places,
    CatalogueTable catalogue) : ISegmentList
{
    public string Set => set.Name;
    public int Count => set.Segments.Count;
    public IReadOnlyList<RecordingSegment> Named => set.Segments;

    public RecordingDetails Describe(RecordingDetails details) => details with
    {
        Tracks = RecordingTracks.Of(details, set.Segments),
        LongestSegment = set.Segments.Select(segment => segment.Duration).DefaultIfEmpty(0).Max(),
    };

    // Under the name that an older version gave it there may be a list whose segments lie elsewhere in time.
    public async Task<bool> IsAsync(string? otherSet, CancellationToken cancellation) => otherSet == set.Name
        || (otherSet == set.FormerName && Differences.OfSegments(
            await catalogue.ReadSegmentsAsync(id.ToString(), otherSet, cancellation), set.Segments).Count == 0);

    public async Task<FieldErrors> SettleAsync(DateTimeOffset recordedAt, CancellationToken cancellation)
    {
        FieldErrors errors = RequestCheck.Check(claims, recordedAt);
        if (!errors.Any) errors = await places.CheckAsync(id, claims, cancellation);
        if (!errors.Any) await catalogue.WriteSegmentsAsync(id.ToString(), set.Name, set.Segments, cancellation);
        return errors;
    }

    public async Task<bool> KeepsAsync(string otherSet, CancellationToken cancellation) =>
        Amendments.Keeps(await catalogue.ReadSegmentsAsync(id.ToString(), otherSet, cancellation), set.Segments);

    public async Task<Dictionary<string, string[]>> DifferencesAsync(string otherSet, CancellationToken cancellation)
    {
        Dictionary<string, string[]> said =
            Differences.OfSegments(await catalogue.ReadSegmentsAsync(id.ToString(), otherSet, cancellation), set.Segments);
        return said.Count > 0 ? said : FieldErrors.One("segments", "are another list");
    }
}

/// <summary>A list whose parts are in the catalogue already.</summary>
/// <param name="parts">All of them, by number; they follow one another.</param>
internal sealed class PartedList(RecordingId id, string set, IReadOnlyList<ListPart> parts, CatalogueTable catalogue) : ISegmentList
{
    public string Set => set;
    public int Count { get; } = parts.Sum(part => part.Summary.Count);
    public IReadOnlyList<RecordingSegment> Named => [];

    public RecordingDetails Describe(RecordingDetails details) => details with
    {
        Tracks = RecordingTracks.Of(parts.SelectMany(part => part.Summary.Tracks).Select(ListParts.TrackPart), [],
            details.Health.GetValueOrDefault),
        LongestSegment = parts.Select(part => part.Summary.LongestSegment).DefaultIfEmpty(0).Max(),
    };

    // A part is claimed by all that it says.
    public Task<bool> IsAsync(string? otherSet, CancellationToken cancellation) => Task.FromResult(otherSet == set);

    public Task<FieldErrors> SettleAsync(DateTimeOffset recordedAt, CancellationToken cancellation) => Task.FromResult(new FieldErrors());

    // Both come off the table in the same order, so that neither has to be held.
    public async Task<bool> KeepsAsync(string otherSet, CancellationToken cancellation)
    {
        await using IAsyncEnumerator<RecordingSegment> own =
            catalogue.ReadSegmentsFromAsync(id.ToString(), set, 0, cancellation).GetAsyncEnumerator(cancellation);
        await foreach (RecordingSegment old in catalogue.ReadSegmentsFromAsync(id.ToString(), otherSet, 0, cancellation))
        {
            int order = -1;
            while (order < 0 && await own.MoveNextAsync())
                order = SegmentPosition.Of(own.Current).CompareTo(SegmentPosition.Of(old));
            if (order != 0 || !Amendments.IsKept(old, own.Current)) return false;
        }
        return true;
    }

    public async Task<Dictionary<string, string[]>> DifferencesAsync(string otherSet, CancellationToken cancellation)
    {
        int known = 0;
        await foreach (RecordingSegment _ in catalogue.ReadSegmentsFromAsync(id.ToString(), otherSet, 0, cancellation)) known++;
        return FieldErrors.One("list", $"is another list: {Count} segments, not the same {known}");
    }
}
