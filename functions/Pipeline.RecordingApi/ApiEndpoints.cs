using System.Net.Mime;
using Microsoft.OpenApi;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Document;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Guilds;
using Pipeline.RecordingApi.Http;
using Pipeline.RecordingApi.Live;
using Pipeline.RecordingApi.Page;
using Pipeline.RecordingApi.Recordings;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Shares;
using Pipeline.RecordingApi.Webhooks;

namespace Pipeline.RecordingApi;

/// <summary>Routes of the recording API, with what the OpenAPI document says of them.</summary>
public static class ApiEndpoints
{
    public const string DocumentPath = "/api/openapi.json";

    private static readonly QueryParameter limit100 = new("limit", "How many at most", JsonSchemaType.Integer, 1, 100);
    private static readonly QueryParameter limit1000 = new("limit", "How many at most", JsonSchemaType.Integer, 1, 1000);
    private static readonly QueryParameter from = new("from", "Seconds since the start", JsonSchemaType.Number, 0, Bounds.LastSecond);
    private static readonly QueryParameter to = new("to", "Seconds since the start", JsonSchemaType.Number, 0, Bounds.LastSecond);

    public static void MapRecordingApi(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder api = routes.MapGroup("/api").WithTags("recordings").AddEndpointFilter<RouteGroupBuilder, StorageFirst>()
            .WithCommonFaults();
        MapWrites(api);
        MapReads(api);
        MapFiles(api);
        RouteGroupBuilder settings = routes.MapGroup("/api/guilds/{guildId}/settings").WithTags("settings")
            .AddEndpointFilter<RouteGroupBuilder, StorageFirst>().WithCommonFaults();
        settings.MapGet("", static (HttpContext context, string guildId, GuildSettingsOperations operations) =>
            operations.GetAsync(context, guildId))
            .WithName("getGuildSettings").ForKeys(KeyHolders.Bot).WithSummary("What a server has chosen").Produces<GuildSettings>()
            .Produces(StatusCodes.Status304NotModified).WithFaults(400);
        settings.MapPut("", static (HttpContext context, string guildId, GuildSettingsOperations operations) =>
            operations.PutAsync(context, guildId))
            .WithName("putGuildSettings").ForKeys(KeyHolders.Bot).WithSummary("Replace what a server has chosen")
            .Accepts<GuildSettings>(MediaTypeNames.Application.Json).Produces<GuildSettings>().WithFaults(400, 412, 413);
        settings.MapPut("/opt-outs/{userId}",
            static (HttpContext context, string guildId, string userId, GuildSettingsOperations operations) =>
            operations.SetOptOutAsync(context, guildId, userId, optedOut: true))
            .WithName("putOptOut").ForKeys(KeyHolders.Bot)
            .WithSummary("One person does not want to be recorded in this server; repeating it is no fault")
            .Produces(StatusCodes.Status204NoContent).WithFaults(400);
        settings.MapDelete("/opt-outs/{userId}",
            static (HttpContext context, string guildId, string userId, GuildSettingsOperations operations) =>
            operations.SetOptOutAsync(context, guildId, userId, optedOut: false))
            .WithName("deleteOptOut").ForKeys(KeyHolders.Bot).WithSummary("The person may be recorded again; repeating it is no fault")
            .Produces(StatusCodes.Status204NoContent).WithFaults(400);
        MapErasures(routes);
        MapErasureOfOne(api);
        MapEvents(routes);
        routes.MapGet("/api/health", static (HttpContext context, HealthOperations operations) => operations.GetAsync(context))
            .WithTags("operations").WithName("getHealth").ForKeys(KeyHolders.Bot | KeyHolders.Reader)
            .WithSummary("Storage, queues, poison counts").Produces<HealthReport>()
            .Produces<HealthReport>(StatusCodes.Status503ServiceUnavailable).WithCommonFaults();
        routes.MapOpenApi(DocumentPath).ForEverybody().WithMetadata(new TaggedAnswer());
        MapShares(api);
        routes.MapPage();
    }

    private static void MapErasures(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder erasures = routes.MapGroup("/api/guilds/{guildId}/erasures/{userId}").WithTags("settings")
            .AddEndpointFilter<RouteGroupBuilder, StorageFirst>().WithCommonFaults();
        erasures.MapPut("", static (HttpContext context, string guildId, string userId, PersonForgetting operations) =>
            operations.PutAsync(context, guildId, userId))
            .WithName("putErasure").ForKeys(KeyHolders.Bot)
            .WithSummary("Erase one person from all recordings of a server; repeating it is no fault")
            .Produces<PersonErasure>(StatusCodes.Status202Accepted).WithFaults(400);
        erasures.MapGet("", static (HttpContext context, string guildId, string userId, PersonForgetting operations) =>
            operations.GetAsync(context, guildId, userId))
            .WithName("getErasure").ForKeys(KeyHolders.Bot).WithSummary("How far that is, and how much it was")
            .Produces<PersonErasure>().WithFaults(400, 404);
    }

    private static void MapErasureOfOne(RouteGroupBuilder api)
    {
        api.MapPut("/recordings/{recordingId}/erasures/{userId}",
            static (HttpContext context, string recordingId, string userId, PersonForgetting operations) =>
            operations.PutOfRecordingAsync(context, recordingId, userId))
            .WithName("putRecordingErasure").ForKeys(KeyHolders.Bot)
            .WithSummary("Erase one person from one recording; repeating it is no fault")
            .Produces<PersonErasure>(StatusCodes.Status202Accepted).WithFaults(400, 404);
        api.MapGet("/recordings/{recordingId}/erasures/{userId}",
            static (HttpContext context, string recordingId, string userId, PersonForgetting operations) =>
            operations.GetOfRecordingAsync(context, recordingId, userId))
            .WithName("getRecordingErasure").ForKeys(KeyHolders.Bot)
            .WithSummary("How far that is, and how much it was").Produces<PersonErasure>()
            .WithFaults(400, 404);
    }

    private static void MapEvents(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder events = routes.MapGroup("/api/events").WithTags("events").AddEndpointFilter<RouteGroupBuilder, StorageFirst>()
            .WithCommonFaults();
        events.MapGet("", static (HttpContext context, EventReads operations) => operations.ListAsync(context))
            .WithName("listEvents").ForKeys(KeyHolders.Reader).WithSummary("What has happened, oldest first, for 30 days")
            .Produces<EventPage>().Produces(StatusCodes.Status304NotModified).WithMetadata(new TaggedAnswer())
            .WithQuery(limit1000, new QueryParameter("after", "The next of an earlier answer", JsonSchemaType.String)).WithFaults(400);
        RouteGroupBuilder webhooks = routes.MapGroup("/api/guilds/{guildId}/webhooks").WithTags("events")
            .AddEndpointFilter<RouteGroupBuilder, StorageFirst>().WithCommonFaults();
        webhooks.MapGet("", static (HttpContext context, string guildId, WebhookOperations operations) =>
            operations.GetAsync(context, guildId))
            .WithName("getWebhook").WithSummary("A server's webhook, without its secret").Produces<WebhookState>().WithFaults(400, 404);
        webhooks.MapPut("", static (HttpContext context, string guildId, WebhookOperations operations) =>
            operations.PutAsync(context, guildId))
            .WithName("putWebhook").WithSummary("Set a server's webhook; a new secret is shown in this answer only")
            .Accepts<PutWebhookRequest>(MediaTypeNames.Application.Json).Produces<WebhookState>()
            .Produces<WebhookState>(StatusCodes.Status201Created).WithFaults(400, 413);
        webhooks.MapDelete("", static (HttpContext context, string guildId, WebhookOperations operations) =>
            operations.DeleteAsync(context, guildId))
            .WithName("deleteWebhook").WithSummary("Forget a server's webhook").Produces(StatusCodes.Status204NoContent).WithFaults(400);
        webhooks.MapPost("/test", static (HttpContext context, string guildId, WebhookOperations operations) =>
            operations.TestAsync(context, guildId))
            .WithName("testWebhook").WithSummary("Send one webhook.test now").Produces(StatusCodes.Status204NoContent)
            .WithFaults(400, 404, 502);
    }

    private static void MapFiles(RouteGroupBuilder api)
    {
        api.MapGet("/recordings/{recordingId}/files", static (HttpContext context, string recordingId, FileOperations operations) =>
            operations.ListAsync(context, recordingId))
            .WithName("listFiles").ForKeys(KeyHolders.Bot | KeyHolders.Reader)
            .WithSummary("Every download that exists or can be made").Produces<RecordingFiles>()
            .Produces(StatusCodes.Status304NotModified).WithMetadata(new TaggedAnswer()).WithFaults(404)
            .ForShares(ShareScopes.Download);
        api.MapGet("/recordings/{recordingId}/files/{name}",
            static (HttpContext context, string recordingId, string name, FileOperations operations) =>
            operations.GetAsync(context, recordingId, name))
            .WithName("getFile").ForKeys(KeyHolders.Reader)
            .WithSummary(
            "One download, or a stretch of it: a redirect to its bytes for a quarter of an hour, or 202 while it is made; asking starts "
            + "the making, but not by HEAD").WithQuery(from, to)
            .Produces(StatusCodes.Status302Found).Produces<RecordingFile>(StatusCodes.Status202Accepted).WithFaults(400, 404, 409)
            .ForShares(ShareScopes.Download);
        api.MapGet("/recordings/{recordingId}/tracks/{userId}/peaks",
            static (HttpContext context, string recordingId, string userId, PeakOperations operations) =>
            operations.GetAsync(context, recordingId, userId))
            .WithName("getPeaks").ForKeys(KeyHolders.Reader)
            .WithSummary("Waveform of a track: pairs of least and greatest value as int8, ten a second").WithQuery(from, to)
            .ProducesBytes(StatusCodes.Status200OK, StatusCodes.Status206PartialContent).WithFaults(400, 404, 416)
            .ForShares(ShareScopes.Listen);
    }

    private static void MapWrites(RouteGroupBuilder api)
    {
        api.MapPost("/recordings/init-live", static (HttpContext context, RecordingStarts operations) => operations.InitLiveAsync(context))
            .WithName("initLive").WithSummary("Create a recording when it starts")
            .Accepts<InitLiveRequest>(MediaTypeNames.Application.Json).Produces<InitLiveResponse>()
            .Produces<InitLiveResponse>(StatusCodes.Status201Created).WithFaults(400, 409, 413);
        api.MapPost("/recordings/init", static (HttpContext context, BatchUploads operations) => operations.InitAsync(context))
            .WithName("init").WithSummary("Create a recording that is over, with all its segments")
            .Accepts<BatchInitRequest>(MediaTypeNames.Application.Json).Produces<BatchInitResponse>()
            .WithFaults(400, 409, 413, 451);
        api.MapPost("/recordings/{recordingId}/segment-upload-url",
            static (HttpContext context, string recordingId, SegmentUploads operations) => operations.UploadUrlAsync(context, recordingId))
            .WithName("segmentUploadUrl").WithSummary("Ask for the place of one finished segment")
            .Accepts<SegmentUploadRequest>(MediaTypeNames.Application.Json).Produces<SegmentUploadResponse>()
            .WithFaults(400, 404, 409, 413, 451);
        api.MapPost("/recordings/{recordingId}/finalize", static (HttpContext context, string recordingId, RecordingEnds operations) =>
            operations.FinalizeAsync(context, recordingId))
            .WithName("finalize").WithSummary("Finish a live recording")
            .Accepts<FinalizeRequest>(MediaTypeNames.Application.Json).Produces<FinalizeResponse>().WithFaults(400, 404, 409, 413);
        api.MapPut("/recordings/{recordingId}/finalize/parts/{part}",
            static (HttpContext context, string recordingId, string part, ListParts operations) =>
            operations.PutAsync(context, recordingId, part))
            .WithName("putFinalizePart")
            .WithSummary("A part of a long list of segments, for finalize with list and parts; repeating it is no fault")
            .Accepts<FinalizePartRequest>(MediaTypeNames.Application.Json).Produces(StatusCodes.Status204NoContent)
            .WithFaults(400, 404, 409, 413);
        api.MapPost("/recordings/{recordingId}/complete", static (HttpContext context, string recordingId, BatchUploads operations) =>
            operations.CompleteAsync(context, recordingId))
            .WithName("complete").WithSummary("Finish a recording that init began")
            .Accepts<CompleteRequest>(MediaTypeNames.Application.Json).Produces<FinalizeResponse>().WithFaults(400, 404, 409, 413);
    }

    private static void MapReads(RouteGroupBuilder api)
    {
        api.MapGet("/recordings", static (HttpContext context, RecordingReads operations) => operations.ListAsync(context))
            .WithName("listRecordings").ForKeys(KeyHolders.Bot | KeyHolders.Reader).WithSummary("A server's recordings, newest first")
            .Produces<RecordingPage>()
            .Produces(StatusCodes.Status304NotModified).WithMetadata(new TaggedAnswer()).WithFaults(400)
            .WithQuery(
            new QueryParameter("guildId", "Which server", JsonSchemaType.String, IsRequired: true, Pattern: "^[1-9][0-9]{0,19}$"),
            limit100, new QueryParameter("cursor", "The nextCursor of an earlier answer", JsonSchemaType.String));
        api.MapGet("/recordings/{recordingId}", static (HttpContext context, string recordingId, RecordingReads operations) =>
            operations.GetAsync(context, recordingId))
            .WithName("getRecording").ForKeys(KeyHolders.Bot | KeyHolders.Reader)
            .WithSummary("One recording, also while it runs; and its first 5,000 segments with links that read them for an hour")
            .WithQuery(new QueryParameter("segments", "none leaves them out", JsonSchemaType.String, Pattern: "^none$"))
            .Produces<RecordingDetails>().Produces(StatusCodes.Status304NotModified).WithFaults(404).ForShares(ShareScopes.Any);
        api.MapGet("/recordings/{recordingId}/segments", static (HttpContext context, string recordingId, SegmentReads operations) =>
            operations.ListAsync(context, recordingId))
            .WithName("listSegments").ForKeys(KeyHolders.Reader).WithSummary("Segments by time, also while the recording runs")
            .WithQuery(from, to, limit1000, new QueryParameter("after", "The next of an earlier answer", JsonSchemaType.String))
            .Produces<SegmentPage>().Produces(StatusCodes.Status304NotModified).WithFaults(400, 404).ForShares(ShareScopes.Listen);
        api.MapPatch("/recordings/{recordingId}", static (HttpContext context, string recordingId, RecordingTitle operations) =>
            operations.PatchAsync(context, recordingId))
            .WithName("renameRecording").ForKeys(KeyHolders.Bot)
            .WithSummary("Give it another title, or, with a key, keep it beyond the day of its deletion")
            .Accepts<TitleRequest>(MediaTypeNames.Application.Json).Produces(StatusCodes.Status204NoContent).WithFaults(400, 404)
            .ForShares(ShareScopes.Delete);
        api.MapDelete("/recordings/{recordingId}", static (HttpContext context, string recordingId, RecordingDeletion operations) =>
            operations.DeleteAsync(context, recordingId))
            .WithName("deleteRecording").ForKeys(KeyHolders.Bot)
            .WithSummary("Delete a recording for good: 202 while something of it is left, 204 when all is gone; repeating it is no fault")
            .Produces<DeletionState>(StatusCodes.Status202Accepted).Produces(StatusCodes.Status204NoContent).WithFaults(400, 404)
            .ForShares(ShareScopes.Delete);
        api.MapGet("/recordings/{recordingId}/deletion", static (HttpContext context, string recordingId, RecordingDeletion operations) =>
            operations.GetAsync(context, recordingId))
            .WithName("getDeletion").ForKeys(KeyHolders.Bot | KeyHolders.Reader).WithSummary("How far the deletion of a recording is")
            .Produces<DeletionState>().WithFaults(400, 404)
            .ForShares(ShareScopes.Delete);
    }

    private static void MapShares(RouteGroupBuilder api)
    {
        api.MapPost("/recordings/{recordingId}/shares", static (HttpContext context, string recordingId, ShareLinks operations) =>
            operations.CreateAsync(context, recordingId))
            .WithName("createShare").ForKeys(KeyHolders.Bot)
            .WithSummary("Make a link that opens this recording; its secret is shown this once")
            .Accepts<ShareRequest>(MediaTypeNames.Application.Json).Produces<ShareDetails>(StatusCodes.Status201Created)
            .WithFaults(400, 404, 409);
        api.MapGet("/recordings/{recordingId}/shares", static (HttpContext context, string recordingId, ShareLinks operations) =>
            operations.ListAsync(context, recordingId))
            .WithName("listShares").ForKeys(KeyHolders.Bot).WithSummary("The links of a recording, without their secrets")
            .Produces<ShareList>().Produces(StatusCodes.Status304NotModified).WithMetadata(new TaggedAnswer()).WithFaults(404);
        api.MapDelete("/recordings/{recordingId}/shares/{shareId}",
            static (HttpContext context, string recordingId, string shareId, ShareLinks operations) =>
            operations.RevokeAsync(context, recordingId, shareId))
            .WithName("revokeShare").ForKeys(KeyHolders.Bot).WithSummary("End a link at once, with every page that it opened")
            .Produces(StatusCodes.Status204NoContent).WithFaults(404);
        api.MapPost("/recordings/{recordingId}/session", static (HttpContext context, string recordingId, ShareSessions operations) =>
            operations.OpenAsync(context, recordingId))
            .WithName("openSession").WithSummary("Exchange a link's secret for a cookie")
            .Accepts<SessionRequest>(MediaTypeNames.Application.Json).Produces(StatusCodes.Status204NoContent)
            .WithFaults(400, 401, 413, 429).ForEverybody();
    }
}
