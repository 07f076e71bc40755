using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Pipeline.Contracts.Api;

namespace Pipeline.Functions;

/// <summary>
/// What callers of the recording API call. The host has asked for the key; the API's own routes take over from there. The host adds no
/// prefix, so that a page stands at the address that links name.
/// </summary>
internal sealed class HttpFunctions(ApiPipeline api)
{
    [Function("RecordingsApi")]
    public IResult Recordings(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", "post", "put", "patch", "delete",
        Route = "api/recordings/{*path}")] HttpRequest request) => api.Answer;

    [Function("GuildSettingsApi")]
    public IResult GuildSettings(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", "put", "delete",
        Route = "api/guilds/{guildId}/settings/{*path}")] HttpRequest request) => api.Answer;

    [Function("WebhooksApi")]
    public IResult Webhooks(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", "put", "delete", "post",
        Route = "api/guilds/{guildId}/webhooks/{*path}")] HttpRequest request) => api.Answer;

    [Function("ErasuresApi")]
    public IResult Erasures(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", "put",
        Route = "api/guilds/{guildId}/erasures/{*path}")] HttpRequest request) => api.Answer;

    [Function("EventsApi")]
    public IResult Events(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "api/events")] HttpRequest request) => api.Answer;

    [Function("HealthApi")]
    public IResult Health(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "api/health")] HttpRequest request) => api.Answer;

    [Function("RecordingPage")]
    public IResult Page(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "post", "patch", "delete", Route = "r/{*path}")] HttpRequest request) =>
        api.Open;

    [Function("OpenApiDocument")]
    public IResult Document(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/openapi.json")] HttpRequest request) => api.Answer;
}
