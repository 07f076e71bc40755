using System.Net.Mime;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Live;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Shares;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>Shows recordings to those who ask.</summary>
public sealed class RecordingReads(CatalogueTable catalogue, RecordingsContainer container, LiveFacts live, TranscriptReads transcripts,
    StorageCors cors, TimeProvider time)
{
    private const int DefaultLimit = 25;
    private const int LargestLimit = 100;

    public async Task<IResult> ListAsync(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        FieldErrors errors = new();
        string? guildId = query["guildId"];
        errors.Snowflake("guildId", guildId);
        int limit = errors.Limit(query, DefaultLimit, LargestLimit);
        string? cursor = query["cursor"] is [{ Length: > 0 } given] ? given : null;
        if (cursor is not null && !IsCursor(cursor)) errors.Add("cursor", "must be a nextCursor of an earlier answer");
        if (errors.Any) return errors.ToProblem();
        (List<CatalogueRecording> found, string? next) = await catalogue.ListAsync(guildId!, limit, cursor, context.RequestAborted);
        RecordingSummary[] recordings = await Task.WhenAll(found.Select(recording => SummaryAsync(recording.Details,
            context.RequestAborted)));
        RecordingPage page = new() { Recordings = recordings, NextCursor = next };
        return Results.Json(page, WireJsonContext.Default.RecordingPage);
    }

    public async Task<IResult> GetAsync(HttpContext context, string recordingId)
    {
        if (!RecordingId.TryParse(recordingId, out RecordingId id)) return Problems.UnknownRecording();
        CatalogueEntry entry = await catalogue.FindAsync(id.ToString(), context.RequestAborted);
        if (entry.Recording is not { } recording) return Problems.UnknownRecording();
        ShareScopes? scopes = AccessCheck.ScopesOf(context);
        bool isBrief = scopes is not null || context.Request.Query["segments"] == "none";
        RecordingDetails details = await FillAsync(recording, id, isBrief, context.RequestAborted)
            with
        { Transcript = await transcripts.FindAsync(id, context.RequestAborted) };
        if (scopes is { } allowed) details = details with { Scopes = ShareScopeWords.Of(allowed) };
        byte[] body = Body(details);
        string tag = EntityTag.WeakOf(details.Segments.Count == 0 ? body : [.. body, .. Period()]);
        context.Response.Headers.ETag = tag;
        context.Response.Headers.CacheControl = "private, no-cache";
        if (EntityTag.IsKnown(context.Request, tag)) return Results.StatusCode(StatusCodes.Status304NotModified);
        if (details.Segments.Count == 0) return Results.Bytes(body, MediaTypeNames.Application.Json);
        await cors.AllowPageAsync(context.RequestAborted);
        body = Body(await WithLinksAsync(id, details, context.RequestAborted));
        return Results.Bytes(body, MediaTypeNames.Application.Json);
    }

    // An answer with links is another one each time. It has its tag for a quarter of their life: one that is kept longer is sent again.
    private byte[] Period() => BitConverter.GetBytes(time.GetUtcNow().UtcTicks / (RecordingsContainer.ReadLifetime / 4).Ticks);

    private async Task<RecordingDetails> FillAsync(CatalogueRecording recording, RecordingId id, bool isBrief,
        CancellationToken cancellation)
    {
        RecordingDetails details = recording.Details with { StartedAt = recording.Details.RecordedAt };
        if (recording.SegmentSet is not { } set)
        {
            if (details.Status != RecordingStatus.Live) return details;
            (RecordingDetails filled, bool hasAccount) = await live.FillAsync(details, id, cancellation);
            return !hasAccount && await EndedMeanwhileAsync(details, cancellation) is { } ended
                ? await FillAsync(ended, id, isBrief, cancellation) : filled;
        }
        List<RecordingSegment> segments = isBrief && details.Tracks.Count > 0 ? []
            : await catalogue.ReadSegmentsAsync(id.ToString(), set, cancellation,
            details.Tracks.Count > 0 ? RecordingEnds.MostNamed : int.MaxValue);
        IReadOnlyList<RecordingTrack> tracks = details.Tracks.Count > 0 ? details.Tracks : RecordingTracks.Of(details, segments);
        if (isBrief) segments = [];
        long samples = RenderPlan.LengthOf(tracks.Select(track => track.DurationSamples).DefaultIfEmpty(0).Max(), details);
        return details with
        {
            Segments = segments,
            Tracks = tracks,
            Notes = RecordingTracks.WithNames(details.Notes, tracks),
            EndedAt = details.SessionEndTime is { } end ? DateTimeOffset.FromUnixTimeMilliseconds(end) : null,
            DurationSamples = samples,
            SafeSamples = samples,
        };
    }

    // It was read as running, and the bot's account is gone: then the row knows by now what the account said.
    private async Task<CatalogueRecording?> EndedMeanwhileAsync(RecordingDetails details, CancellationToken cancellation) =>
        (await catalogue.FindAsync(details.Id, cancellation)).Recording is { Details.Status: not RecordingStatus.Live } now ? now : null;

    private static byte[] Body(RecordingDetails details) =>
        JsonSerializer.SerializeToUtf8Bytes(details, WireJsonContext.Default.RecordingDetails);

    private async Task<RecordingDetails> WithLinksAsync(RecordingId recording, RecordingDetails details, CancellationToken cancellation)
    {
        List<RecordingSegment> linked = new(details.Segments.Count);
        foreach (RecordingSegment segment in details.Segments) linked.Add(await WithLinkAsync(recording, segment, cancellation));
        return details with { Segments = linked };
    }

    private async Task<RecordingSegment> WithLinkAsync(RecordingId recording, RecordingSegment segment, CancellationToken cancellation)
    {
        Uri? link = await container.ReadLinkAsync(recording, new Uri(segment.BlobUrl), cancellation);
        return link is null ? segment
            : segment with { DownloadUrl = link.AbsoluteUri, DownloadExpiresAt = SasIssuer.EndOf(link) };
    }

    // Fifteen digits, a hyphen, a recording id: nothing else may reach the table's filter.
    private static bool IsCursor(string text) =>
        text.Length == 52 && text[15] == '-' && text[..15].All(char.IsAsciiDigit) && RecordingId.TryParse(text[16..], out _);

    // Where it is only while it runs: the row learns it at the end.
    private async Task<RecordingSummary> SummaryAsync(RecordingDetails details, CancellationToken cancellation)
    {
        if (details.Status != RecordingStatus.Live) return Summary(details);
        return Summary(await live.WithChannelsAsync(details, cancellation)
            ?? (await EndedMeanwhileAsync(details, cancellation))?.Details ?? details);
    }

    private static RecordingSummary Summary(RecordingDetails details) => new()
    {
        Id = details.Id,
        SessionId = details.SessionId,
        Status = details.Status,
        GuildId = details.GuildId,
        GuildName = details.GuildName,
        ChannelId = details.ChannelId,
        ChannelName = details.ChannelName,
        FurtherChannelIds = details.FurtherChannelIds,
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
        DeletesAt = details.DeletesAt,
        IsKept = details.IsKept,
    };
}
