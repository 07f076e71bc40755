using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>Shows recordings to those who ask.</summary>
public sealed class RecordingReads(CatalogueTable catalogue, RecordingsContainer container, TimeProvider time)
{
    private const int DefaultLimit = 25;
    private const int LargestLimit = 100;

    public async Task<IResult> ListAsync(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        FieldErrors errors = new();
        string? guildId = query["guildId"];
        errors.Snowflake("guildId", guildId);
        int limit = DefaultLimit;
        if (query["limit"] is [{ } text] && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > LargestLimit))
        {
            errors.Add("limit", $"must be a number from 1 to {LargestLimit}");
        }
        string? cursor = query["cursor"] is [{ Length: > 0 } given] ? given : null;
        if (cursor is not null && !IsCursor(cursor)) errors.Add("cursor", "must be a nextCursor of an earlier answer");
        if (errors.Any) return errors.ToProblem();
        (List<CatalogueRecording> found, string? next) = await catalogue.ListAsync(guildId!, limit, cursor, context.RequestAborted);
        RecordingPage page = new() { Recordings = [.. found.Select(recording => Summary(recording.Details))], NextCursor = next };
        return Results.Json(page, WireJsonContext.Default.RecordingPage);
    }

    public async Task<IResult> GetAsync(HttpContext context, string recordingId)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Problems.UnknownRecording();
        CatalogueEntry entry = await catalogue.FindAsync(id.ToString(), context.RequestAborted);
        if (entry.Recording is not { } recording) return Problems.UnknownRecording();
        List<RecordingSegment> segments = recording.SegmentSet is { } set ? await catalogue.ReadSegmentsAsync(id.ToString(), set, context.RequestAborted) : [];
        for (int i = 0; i < segments.Count; i++) segments[i] = await WithLinkAsync(segments[i], context.RequestAborted);
        return Results.Json(recording.Details with { Segments = segments }, WireJsonContext.Default.RecordingDetails);
    }

    private async Task<RecordingSegment> WithLinkAsync(RecordingSegment segment, CancellationToken cancellation)
    {
        Uri? link = await container.ReadLinkAsync(new Uri(segment.BlobUrl), cancellation);
        return link is null ? segment : segment with { DownloadUrl = link.AbsoluteUri, DownloadExpiresAt = time.GetUtcNow() + RecordingsContainer.ReadLifetime };
    }

    // Fifteen digits, a hyphen, a recording id: nothing else may reach the table's filter.
    private static bool IsCursor(string text) => text.Length == 52 && text[15] == '-' && text[..15].All(char.IsAsciiDigit) && RecordingId.TryParse(text[16..], out _);

    private static RecordingSummary Summary(RecordingDetails details) => new()
    {
        Id = details.Id,
        SessionId = details.SessionId,
        Status = details.Status,
        GuildId = details.GuildId,
        GuildName = details.GuildName,
        ChannelId = details.ChannelId,
        UserId = details.UserId,
        Title = details.Title,
        RecordedAt = details.RecordedAt,
        SessionEndTime = details.SessionEndTime,
        Duration = details.Duration,
        TotalSize = details.TotalSize,
        ParticipantCount = details.ParticipantCount,
        SegmentCount = details.SegmentCount,
        MissingSegmentCount = details.MissingSegmentCount,
        EndReason = details.EndReason,
    };
}
