using System.Net.Mime;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Events;
using Pipeline.RecordingApi.Guilds;
using Pipeline.RecordingApi.Health;
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

    public static void MapRecordingApi(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder api = routes.MapGroup("/api").WithTags("recordings").AddEndpointFilter<RouteGroupBuilder, StorageFirst>();
        MapWrites(api);
        MapReads(api);
        MapFiles(api);
        RouteGroupBuilder settings = routes.MapGroup("/api/guilds/{guildId}/settings").WithTags("settings")
            .AddEndpointFilter<RouteGroupBuilder, StorageFirst>();
        settings.MapGet("", static (HttpContext context, string guildId, GuildSettingsOperations operations) =>
            operations.GetAsync(context, guildId))
            .WithName("getGuildSettings").WithSummary("What a server has chosen").Produces<GuildSettings>();
        settings.MapPut("", static (HttpContext context, string guildId, GuildSettingsOperations operations) =>
            operations.PutAsync(context, guildId))
            .WithName("putGuildSettings").WithSummary("Replace what a server has chosen")
            .Accepts<GuildSettings>(MediaTypeNames.Application.Json).Produces<GuildSettings>().WithFaults(400, 412, 413);
        settings.MapPut("/opt-outs/{userId}",
            static (HttpContext context, string guildId, string userId, GuildSettingsOperations operations) =>
            operations.SetOptOutAsync(context, guildId, userId, optedOut: true))
            .WithName("putOptOut").WithSummary("One person does not want to be recorded in this server; repeating it is no fault")
            .Produces(StatusCodes.Status204NoContent).WithFaults(400);
        settings.MapDelete("/opt-outs/{userId}",
            static (HttpContext context, string guildId, string userId, GuildSettingsOperations operations) =>
            operations.SetOptOutAsync(context, guildId, userId, optedOut: false))
            .WithName("deleteOptOut").WithSummary("The person may be recorded again; repeating it is no fault")
            .Produces(StatusCodes.Status204NoContent).WithFaults(400);
        MapEvents(routes);
        routes.MapGet("/api/health", static (HttpContext context, HealthOperations operations) => operations.GetAsync(context))
            .WithTags("operations").WithName("getHealth").WithSummary("Storage, queues, poison counts").Produces<HealthReport>()
            .Produces<HealthReport>(StatusCodes.Status503ServiceUnavailable);
        routes.MapOpenApi(DocumentPath).ForEverybody();
        MapShares(api);
        routes.MapPage();
    }

    private static void MapEvents(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder events = routes.MapGroup("/api/events").WithTags("events").AddEndpointFilter<RouteGroupBuilder, StorageFirst>();
        events.MapGet("", static (HttpContext context, EventReads operations) => operations.ListAsync(context))
            .WithName("listEvents").WithSummary("What has happened, oldest first, for 30 days: after, limit").Produces<EventPage>()
            .WithFaults(400);
        RouteGroupBuilder webhooks = routes.MapGroup("/api/guilds/{guildId}/webhooks").WithTags("events")
            .AddEndpointFilter<RouteGroupBuilder, StorageFirst>();
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
            .WithName("listFiles").WithSummary("Every download that exists or can be made").Produces<RecordingFiles>().WithFaults(404)
            .ForShares(ShareScopes.Download);
        api.MapGet("/recordings/{recordingId}/files/{name}",
            static (HttpContext context, string recordingId, string name, FileOperations operations) =>
            operations.GetAsync(context, recordingId, name))
            .WithName("getFile")
            .WithSummary(
            "One download, or a stretch of it: from, to (seconds): a redirect to its bytes for a quarter of an hour, or 202 while it is "
            + "made; asking starts the making")
            .Produces(StatusCodes.Status302Found).Produces<RecordingFile>(StatusCodes.Status202Accepted).WithFaults(400, 404, 409)
            .ForShares(ShareScopes.Download);
        api.MapGet("/recordings/{recordingId}/tracks/{userId}/peaks",
            static (HttpContext context, string recordingId, string userId, PeakOperations operations) =>
            operations.GetAsync(context, recordingId, userId))
            .WithName("getPeaks")
            .WithSummary("Waveform of a track: pairs of least and greatest value as int8, ten a second; from, to (seconds)")
            .Produces(StatusCodes.Status200OK).WithFaults(400, 404).ForShares(ShareScopes.Listen);
    }

    private static void MapWrites(RouteGroupBuilder api)
    {
        api.MapPost("/recordings/init-live", static (HttpContext context, RecordingStarts operations) => operations.InitLiveAsync(context))
            .WithName("initLive").WithSummary("Create a recording when it starts")
            .Accepts<InitLiveRequest>(MediaTypeNames.Application.Json).Produces<InitLiveResponse>()
            .Produces<InitLiveResponse>(StatusCodes.Status201Created).WithFaults(400, 409, 413);
        api.MapPost("/recordings/init", static (HttpContext context, BatchUploads operations) => operations.InitAsync(context))
            .WithName("init").WithSummary("Create a recording that is over, with all its segments")
            .Accepts<BatchInitRequest>(MediaTypeNames.Application.Json).Produces<BatchInitResponse>().WithFaults(400, 409, 413);
        api.MapPost("/recordings/{recordingId}/segment-upload-url",
            static (HttpContext context, string recordingId, SegmentUploads operations) => operations.UploadUrlAsync(context, recordingId))
            .WithName("segmentUploadUrl").WithSummary("Ask for the place of one finished segment")
            .Accepts<SegmentUploadRequest>(MediaTypeNames.Application.Json).Produces<SegmentUploadResponse>()
            .WithFaults(400, 404, 409, 413);
        api.MapPost("/recordings/{recordingId}/finalize", static (HttpContext context, string recordingId, RecordingEnds operations) =>
            operations.FinalizeAsync(context, recordingId))
            .WithName("finalize").WithSummary("Finish a live recording")
            .Accepts<FinalizeRequest>(MediaTypeNames.Application.Json).Produces<FinalizeResponse>().WithFaults(400, 404, 409, 413);
        api.MapPost("/recordings/{recordingId}/complete", static (HttpContext context, string recordingId, BatchUploads operations) =>
            operations.CompleteAsync(context, recordingId))
            .WithName("complete").WithSummary("Finish a recording that init began")
            .Accepts<CompleteRequest>(MediaTypeNames.Application.Json).Produces<FinalizeResponse>().WithFaults(400, 404, 409, 413);
    }

    private static void MapReads(RouteGroupBuilder api)
    {
        api.MapGet("/recordings", static (HttpContext context, RecordingReads operations) => operations.ListAsync(context))
            .WithName("listRecordings").WithSummary("A server's recordings, newest first: guildId, limit, cursor").Produces<RecordingPage>()
            .WithFaults(400);
        api.MapGet("/recordings/{recordingId}", static (HttpContext context, string recordingId, RecordingReads operations) =>
            operations.GetAsync(context, recordingId))
            .WithName("getRecording")
            .WithSummary("One recording, also while it runs; and its segments, unless segments=none, with links that read them for an hour")
            .Produces<RecordingDetails>().Produces(StatusCodes.Status304NotModified).WithFaults(404).ForShares(ShareScopes.Listen);
        api.MapMethods("/recordings/{recordingId}", [HttpMethods.Head],
            static (HttpContext context, string recordingId, RecordingReads operations) => operations.GetAsync(context, recordingId))
            .ForShares(ShareScopes.Listen).ExcludeFromDescription();
        api.MapGet("/recordings/{recordingId}/segments", static (HttpContext context, string recordingId, SegmentReads operations) =>
            operations.ListAsync(context, recordingId))
            .WithName("listSegments").WithSummary("Segments by time, also while the recording runs: from, to (seconds), limit, after")
            .Produces<SegmentPage>().WithFaults(400, 404).ForShares(ShareScopes.Listen);
        api.MapPatch("/recordings/{recordingId}", static (HttpContext context, string recordingId, RecordingTitle operations) =>
            operations.PatchAsync(context, recordingId))
            .WithName("renameRecording").WithSummary("Give it another title").Accepts<TitleRequest>(MediaTypeNames.Application.Json)
            .Produces(StatusCodes.Status204NoContent).WithFaults(400, 404).ForShares(ShareScopes.Delete);
        api.MapDelete("/recordings/{recordingId}", static (HttpContext context, string recordingId, RecordingDeletion operations) =>
            operations.DeleteAsync(context, recordingId))
            .WithName("deleteRecording")
            .WithSummary("Delete a recording for good: 202 while something of it is left, 204 when all is gone; repeating it is no fault")
            .Produces<DeletionState>(StatusCodes.Status202Accepted).Produces(StatusCodes.Status204NoContent).WithFaults(400, 404)
            .ForShares(ShareScopes.Delete);
        api.MapGet("/recordings/{recordingId}/deletion", static (HttpContext context, string recordingId, RecordingDeletion operations) =>
            operations.GetAsync(context, recordingId))
            .WithName("getDeletion").WithSummary("How far the deletion of a recording is").Produces<DeletionState>().WithFaults(400, 404)
            .ForShares(ShareScopes.Delete);
    }

    private static void MapShares(RouteGroupBuilder api)
    {
        api.MapPost("/recordings/{recordingId}/shares", static (HttpContext context, string recordingId, ShareLinks operations) =>
            operations.CreateAsync(context, recordingId))
            .WithName("createShare").WithSummary("Make a link that opens this recording; its secret is shown this once")
            .Accepts<ShareRequest>(MediaTypeNames.Application.Json).Produces<ShareDetails>(StatusCodes.Status201Created)
            .WithFaults(400, 404, 409);
        api.MapGet("/recordings/{recordingId}/shares", static (HttpContext context, string recordingId, ShareLinks operations) =>
            operations.ListAsync(context, recordingId))
            .WithName("listShares").WithSummary("The links of a recording, without their secrets").Produces<ShareList>().WithFaults(404);
        api.MapDelete("/recordings/{recordingId}/shares/{shareId}",
            static (HttpContext context, string recordingId, string shareId, ShareLinks operations) =>
            operations.RevokeAsync(context, recordingId, shareId))
            .WithName("revokeShare").WithSummary("End a link at once, with every page that it opened")
            .Produces(StatusCodes.Status204NoContent).WithFaults(404);
        api.MapPost("/recordings/{recordingId}/session", static (HttpContext context, string recordingId, ShareSessions operations) =>
            operations.OpenAsync(context, recordingId))
            .WithName("openSession").WithSummary("Exchange a link's secret for a cookie").Produces(StatusCodes.Status204NoContent)
            .WithFaults(401, 429).ForEverybody();
    }

    private static RouteHandlerBuilder WithFaults(this RouteHandlerBuilder route, params ReadOnlySpan<int> codes)
    {
        foreach (int code in codes) route.Produces<ProblemBody>(code, "application/problem+json");
        return route;
    }
}
