using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Live;
using Pipeline.RecordingApi.Render;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>
/// Takes long lists of segments in parts, so that neither a request nor this process has to hold one. A list is finalized when all of its
/// parts are here; until then nobody sees anything of it.
/// </summary>
public sealed class ListParts(CatalogueTable catalogue, ListPartTable table, SegmentPlaces places, ErasedPeople erased,
    RenderTriggers renders)
{
    // An answer names so many; who sends them asks again.
    private const int MostNamed = 1_000;

    public async Task<IResult> PutAsync(HttpContext context, string recordingId, string number)
    {
        (FinalizePartRequest? request, IResult? fault) = await JsonBody.ReadAsync(context, WireJsonContext.Default.FinalizePartRequest,
            JsonBody.FinalizeLimit);
        if (request is null) return fault!;
        FieldErrors errors = RequestCheck.Check(request, number);
        if (errors.Any) return errors.ToProblem();
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Problems.UnknownRecording();
        CatalogueEntry entry = await catalogue.FindAsync(id.ToString(), context.RequestAborted);
        if (entry.Recording is not { } recording) return Problems.UnknownRecording();
        if (recording.Details.Status == RecordingStatus.Live) await renders.EndsAsync(recordingId, context.RequestAborted);
        RecordingSegment[] segments = [.. request.Segments!.Select(SegmentSet.Segment)];
        // Of people who were erased meanwhile nothing lies there; the list is finalized without them.
        IReadOnlySet<ulong> gone = await erased.OfAsync(id, context.RequestAborted);
        SegmentClaim[] claims = [.. segments.Select((segment, index) =>
            new SegmentClaim($"segments[{index}].", "fileSize", segment, segment.BlobUrl))
            .Where(claim => !SegmentSet.IsOf(claim.Segment, gone))];
        errors = RequestCheck.Check(claims, recording.Details.RecordedAt);
        if (errors.Any) return errors.ToProblem();
        ListPart part = new(int.Parse(number, CultureInfo.InvariantCulture), Hash(segments), request.First!.Value, IsWritten: false,
            Summary(segments, recording.Details));
        if (ListPartTable.LengthOf(part) > CatalogueRows.LongestDetails)
            return Problems.Of(StatusCodes.Status413PayloadTooLarge, "The body is too large",
                "it names more people than fit into a row of the catalogue; send fewer segments in a part");
        errors = await places.CheckAsync(id, claims, context.RequestAborted);
        if (errors.Any) return errors.ToProblem();
        return await table.TryWriteAsync(id.ToString(), SetOf(request.List!), part, segments, context.RequestAborted)
            ? Results.NoContent()
            : Problems.Conflict("This part was sent with other content", id.ToString(), Words.Of(recording.Details.Status),
                FieldErrors.One("list", "names another list: give each list a name of its own"));
    }

    /// <summary>The list that a finalize request names; or the answer to give instead.</summary>
    /// <param name="gone">Whose segments are left out.</param>
    internal async Task<(ISegmentList? List, IResult? Fault)> FindAsync(RecordingId id, FinalizeRequest request,
        IReadOnlySet<ulong> gone, CancellationToken cancellation)
    {
        string set = SetOf(request.List!);
        List<ListPart> parts = await table.ReadAsync(id.ToString(), set, cancellation);
        FieldErrors errors = new();
        if (parts.Any(part => part.Number >= request.Parts)) errors.Add("parts", "is fewer than were sent");
        HashSet<int> known = [.. parts.Select(part => part.Number)];
        int[] missing = [.. Enumerable.Range(0, request.Parts!.Value).Where(number => !known.Contains(number)).Take(MostNamed)];
        if (errors.Any) return (null, errors.ToProblem());
        if (missing.Length > 0) return (null, await MissingAsync(id, missing, cancellation));
        Follow(errors, parts);
        if (errors.Any) return (null, errors.ToProblem());
        if (gone.Count == 0) return (new PartedList(id, set, parts, catalogue), null);
        // Rare, so it may be held: what is left is a list of its own.
        List<RecordingSegment> left = [];
        await foreach (RecordingSegment segment in catalogue.ReadSegmentsFromAsync(id.ToString(), set, 0, cancellation))
            if (!SegmentSet.IsOf(segment, gone)) left.Add(segment);
        return (new WholeList(id, SegmentSet.Of(left), [], places, catalogue), null);
    }

    /// <summary>Takes some people out of what was sent for a finalize request; repeating it is no fault.</summary>
    internal async Task LeaveOutAsync(RecordingId id, FinalizeRequest request, IReadOnlySet<ulong> gone, CancellationToken cancellation)
    {
        string set = SetOf(request.List!);
        await table.DeleteAsync(id.ToString(), set, cancellation);
        await catalogue.DeleteOfPeopleAsync(id.ToString(), set, gone, cancellation);
    }

    /// <summary>Deletes a list that another one has replaced; repeating it is no fault.</summary>
    internal async Task ForgetAsync(string recordingId, string set, CancellationToken cancellation)
    {
        await catalogue.DeleteSegmentsAsync(recordingId, set, cancellation);
        await table.DeleteAsync(recordingId, set, cancellation);
    }

    internal static RecordingTracks.Part TrackPart(PartTrack track) =>
        new(ulong.Parse(track.UserId, CultureInfo.InvariantCulture), track.Username, track.StartSample,
            track.EndSample - track.StartSample)
        { SpokenSamples = track.SpokenSamples, NamedAt = track.NamedAt };

    private async Task<IResult> MissingAsync(RecordingId id, int[] missing, CancellationToken cancellation)
    {
        CatalogueEntry entry = await catalogue.FindAsync(id.ToString(), cancellation);
        return entry.Recording is not { } recording ? Problems.UnknownRecording() : Problems.Of(new ProblemBody
        {
            Status = StatusCodes.Status409Conflict,
            Title = "Parts of the list are missing",
            Detail = "send the parts in missingParts, then finalize again",
            CurrentStatus = Words.Of(recording.Details.Status),
            RecordingId = id.ToString(),
            MissingParts = missing,
        });
    }

    // Without a hole, in order, and no segment twice.
    private static void Follow(FieldErrors errors, List<ListPart> parts)
    {
        int next = 0;
        SegmentPosition? last = null;
        foreach (ListPart part in parts)
        {
            if (part.First != next) errors.Add($"parts[{part.Number}].first", $"must be {next}, where the part before it ends");
            if (last is { } before && part.Summary.First.CompareTo(before) <= 0)
                errors.Add($"parts[{part.Number}].segments[0]", "must come behind the last one of the part before it");
            (next, last) = (next + part.Summary.Count, part.Summary.Last);
        }
        foreach (IGrouping<string, PartTrack> own in parts.SelectMany(part => part.Summary.Tracks).GroupBy(track => track.UserId))
        {
            int end = -1;
            foreach (IndexRange range in own.SelectMany(track => track.Indexes).OrderBy(range => range.First))
            {
                if (range.First <= end) errors.Add("parts", $"name segment {own.Key}/{range.First} twice");
                end = Math.Max(end, range.Last);
            }
        }
    }

    private static ListPartSummary Summary(RecordingSegment[] segments, RecordingDetails details) => new()
    {
        Count = segments.Length,
        First = SegmentPosition.Of(segments[0]),
        Last = SegmentPosition.Of(segments[^1]),
        LongestSegment = segments.Max(segment => segment.Duration),
        Tracks = [.. segments.GroupBy(segment => segment.UserId).Select(own => Track([.. own], details))],
    };

    private static PartTrack Track(RecordingSegment[] own, RecordingDetails details)
    {
        (RecordingSegment Segment, long Start, long Count)[] placed = [.. own.Select(segment => (segment,
            SegmentSound.StartOf(segment, details.RecordedAt), SegmentSound.CountOf(segment)))];
        (RecordingSegment last, long namedAt, _) = placed.MaxBy(segment => segment.Start);
        return new PartTrack(last.UserId, last.Username, namedAt, placed.Min(segment => segment.Start),
            placed.Max(segment => segment.Start + segment.Count), placed.Sum(segment => segment.Count),
            Ranges(own.Select(segment => segment.SegmentIndex).Order()));
    }

    private static List<IndexRange> Ranges(IEnumerable<int> rising)
    {
        List<IndexRange> ranges = [];
        foreach (int index in rising)
        {
            if (ranges.Count > 0 && ranges[^1].Last == index - 1) ranges[^1] = new IndexRange(ranges[^1].First, index);
            else ranges.Add(new IndexRange(index, index));
        }
        return ranges;
    }

    private static string Hash(RecordingSegment[] segments) => Convert.ToHexStringLower(
        SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(segments, ApiJsonContext.Default.RecordingSegmentArray)));

    // The caller's word may be anything; a row key may not.
    private static string SetOf(string list) => "parts" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(list)))[..16];
}
