using System.Globalization;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Live;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>
/// A recording's segments by time, in pages: of a running one from what was moved, of a finished one from the catalogue. Positions are
/// exact.
/// </summary>
public sealed class SegmentReads(CatalogueTable catalogue, RecordingsContainer container, LiveSegments live, StorageCors cors,
    TimeProvider time)
{
    private const int DefaultLimit = 250;
    private const int LargestLimit = 1000;

    // Before whatever there is; far enough from the ends of the type to be counted with.
    private const long Earliest = long.MinValue / 2;
    private const int Millisecond = SampleClock.SamplesPerSecond / 1000;

    /// <summary>How long a link to one segment lives: a link that was withdrawn in the meantime opens no more than that.</summary>
    public static TimeSpan LinkLifetime { get; } = TimeSpan.FromMinutes(5);

    public async Task<IResult> ListAsync(HttpContext context, string recordingId)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Problems.UnknownRecording();
        FieldErrors errors = new();
        Query query = Query.Read(context.Request.Query, errors);
        if (errors.Any) return errors.ToProblem();
        await cors.AllowPageAsync(context.RequestAborted);
        CatalogueEntry entry = await catalogue.FindAsync(id.ToString(), context.RequestAborted);
        if (entry.Recording is not { } recording) return Problems.UnknownRecording();
        List<SegmentEntry> found = recording.SegmentSet is { } set
            ? await ReadFinishedAsync(recording, set, query, context.RequestAborted)
            : await ReadLiveAsync(id, query, context.RequestAborted);
        bool isMore = found.Count > query.Limit;
        if (isMore) found.RemoveRange(query.Limit, found.Count - query.Limit);
        SegmentPage page = new() { Segments = found, Next = isMore ? Cursor(found[^1]) : null };
        byte[] bare = JsonSerializer.SerializeToUtf8Bytes(page, WireJsonContext.Default.SegmentPage);
        string tag = EntityTag.WeakOf(found.Count == 0 ? bare : [.. bare, .. Period()]);
        context.Response.Headers.ETag = tag;
        context.Response.Headers.CacheControl = "private, no-cache";
        if (EntityTag.IsKnown(context.Request, tag)) return Results.StatusCode(StatusCodes.Status304NotModified);
        page = page with { Segments = await WithLinksAsync(id, found, context.RequestAborted) };
        return Results.Json(page, WireJsonContext.Default.SegmentPage);
    }

    // Links differ each time. An answer has its tag for a quarter of their life, so that nobody keeps links that end soon.
    private byte[] Period() => BitConverter.GetBytes(time.GetUtcNow().UtcTicks / (LinkLifetime / 4).Ticks);

    private async Task<List<SegmentEntry>> ReadLiveAsync(RecordingId id, Query query, CancellationToken cancellation)
    {
        IReadOnlyList<MovedSegment> segments = await live.ReadAsync(id, LiveSegments.Fresh, cancellation);
        return [.. segments.Select(Entry).Where(query.Takes).Take(query.Limit + 1)];
    }

    // Rows stand by start, so the first that matters is found by halving, and nothing before it is read.
    private async Task<List<SegmentEntry>> ReadFinishedAsync(CatalogueRecording recording, string set, Query query,
        CancellationToken cancellation)
    {
        RecordingDetails details = recording.Details;
        long longest = SegmentSound.Samples(details.LongestSegment ?? (long)TimeSpan.FromMinutes(10).TotalMilliseconds);
        long from = Math.Max(query.From - longest, query.After?.StartSample ?? 0);
        int first = query.After is null && from <= 0 ? 0 : await FirstAsync(details, set, from, cancellation);
        List<SegmentEntry> found = [];
        await foreach (RecordingSegment segment in catalogue.ReadSegmentsFromAsync(details.Id, set, first, cancellation))
        {
            SegmentEntry entry = Entry(segment, details);
            if (found.Count > query.Limit && entry.StartSample > found[query.Limit].StartSample + Millisecond) break;
            if (entry.StartSample - Millisecond >= query.To) break;
            if (query.Takes(entry)) found.Add(entry);
        }
        // Within a millisecond rows stand by user; a page ends by sample, and the next one begins behind that.
        found.Sort((one, other) => Position.Of(one).CompareTo(Position.Of(other)));
        return found;
    }

    private async Task<int> FirstAsync(RecordingDetails details, string set, long from, CancellationToken cancellation)
    {
        int low = 0, high = details.SegmentCount;
        while (low < high)
        {
            int middle = (low + high) / 2;
            RecordingSegment? segment = await catalogue.FindSegmentAsync(details.Id, set, middle, cancellation);
            // Rows are ordered by milliseconds, and equal ones stand in another order.
            if (segment is null || Entry(segment, details).StartSample >= from - Millisecond) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    private async Task<IReadOnlyList<SegmentEntry>> WithLinksAsync(RecordingId recording, List<SegmentEntry> entries,
        CancellationToken cancellation)
    {
        List<SegmentEntry> linked = new(entries.Count);
        foreach (SegmentEntry entry in entries)
        {
            // What lies elsewhere is nothing that this API could vouch for, nor send a browser to.
            if (await container.ReadLinkAsync(recording, new Uri(entry.Url), LinkLifetime, cancellation) is { } link)
                linked.Add(entry with { Url = link.AbsoluteUri, UrlExpiresAt = SasIssuer.EndOf(link) });
        }
        return linked;
    }

    private static SegmentEntry Entry(MovedSegment segment) => new()
    {
        UserId = segment.UserId.ToString(CultureInfo.InvariantCulture),
        SegmentIndex = segment.Index,
        StartSample = segment.StartSample,
        SampleCount = segment.SampleCount,
        Channels = segment.Channels,
        Bytes = segment.FileSize,
        Format = Path.GetExtension(new Uri(segment.BlobUrl).AbsolutePath).TrimStart('.'),
        Url = segment.BlobUrl,
    };

    private static SegmentEntry Entry(RecordingSegment segment, RecordingDetails details) => new()
    {
        UserId = segment.UserId,
        SegmentIndex = segment.SegmentIndex,
        StartSample = SegmentSound.StartOf(segment, details.RecordedAt),
        SampleCount = SegmentSound.CountOf(segment),
        Channels = segment.Channels,
        Bytes = segment.FileSize,
        Format = segment.Format,
        Url = segment.BlobUrl,
    };

    private static string Cursor(SegmentEntry last) =>
        string.Create(CultureInfo.InvariantCulture, $"{last.StartSample}-{last.UserId}-{last.SegmentIndex}");

    /// <summary>What a caller asks for; positions in samples.</summary>
    private sealed record Query(long From, long To, int Limit, Position? After)
    {
        public static Query Read(IQueryCollection query, FieldErrors errors)
        {
            int limit = errors.Limit(query, DefaultLimit, LargestLimit);
            Position? after = null;
            if (query["after"] is [{ Length: > 0 } cursor] && (after = Position.Parse(cursor)) is null)
                errors.Add("after", "must be the next of an earlier answer");
            return new Query(Sample(query, "from", Earliest, errors), Sample(query, "to", long.MaxValue, errors), limit, after);
        }

        public bool Takes(SegmentEntry entry) =>
            entry.StartSample < To && entry.StartSample + entry.SampleCount > From
                && (After is null || Position.Of(entry).CompareTo(After.Value) > 0);

        private static long Sample(IQueryCollection query, string name, long absent, FieldErrors errors)
        {
            if (!Seconds.TryRead(query, name, double.NaN, out double seconds)) errors.Add(name, "must be seconds since the start");
            return seconds is >= 0 ? (long)Math.Round(seconds * SampleClock.SamplesPerSecond) : absent;
        }
    }

    /// <summary>Where a page ended: start, then user, then index.</summary>
    private readonly record struct Position(long StartSample, ulong UserId, int Index) : IComparable<Position>
    {
        public static Position Of(SegmentEntry entry) =>
            new(entry.StartSample, ulong.Parse(entry.UserId, CultureInfo.InvariantCulture), entry.SegmentIndex);

        public static Position? Parse(string text)
        {
            // What was heard before the recording's own start has a sign.
            bool isBefore = text.StartsWith('-');
            string[] parts = (isBefore ? text[1..] : text).Split('-');
            return parts.Length == 3
                && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long start)
                && ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong userId)
                && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int index)
                ? new Position(isBefore ? -start : start, userId, index) : null;
        }

        public int CompareTo(Position other) => (StartSample, UserId, Index).CompareTo((other.StartSample, other.UserId, other.Index));
    }
}
