using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>
/// The front of the REST side: records, injects faults, checks user agent, token and rate limits, then asks the route.
/// </summary>
internal sealed class RestServer
{
    public const string Base = "/api/v10";

    private readonly SimulatedWorld world;
    private readonly RateLimiter limiter;
    private readonly List<RestRoute> routes = [];
    private readonly List<RecordedRequest> requests = [];

    public RestServer(SimulatedWorld world)
    {
        this.world = world;
        limiter = new RateLimiter(world);
        Interactions = new InteractionDesk(world) { Commands = Commands };
        routes.AddRange(new GatewayRoutes(world).Routes);
        routes.AddRange(new CommandRoutes(world, Commands).Routes);
        routes.AddRange(new InteractionRoutes(world, Interactions).Routes);
        routes.AddRange(new MessageRoutes(world, limiter).Routes);
        routes.AddRange(new GuildRoutes(world).Routes);
    }

    public InteractionDesk Interactions { get; }

    public CommandRegister Commands { get; } = new();

    public IReadOnlyList<RecordedRequest> Requests => world.Loop.Run(() => requests.ToArray());

    public async Task AnswerAsync(HttpContext context)
    {
        (string text, IReadOnlyList<string> files) = await ReadBodyAsync(context.Request);
        string path = context.Request.Path.Value![Base.Length..];
        TimeSpan delay = await world.Loop.RunAsync(() => Take<DelayRest>(context, path)?.Delay ?? TimeSpan.Zero);
        if (delay > TimeSpan.Zero)
            await Task.Delay(delay, world.Options.Time);
        RestResult result = await world.Loop.RunAsync(() => Answer(context, path, text, files));
        if (await world.Loop.RunAsync(() => Take<WrongDate>(context, path)) is { } wrong)
            context.Response.Headers.Date = (world.Options.Time.GetUtcNow() + wrong.Ahead).ToString("R", CultureInfo.InvariantCulture);
        await WriteAsync(context.Response, result);
    }

    private static async Task<(string Text, IReadOnlyList<string> Files)> ReadBodyAsync(HttpRequest request)
    {
        if (request.HasFormContentType)
        {
            IFormCollection form = await request.ReadFormAsync();
            return (form["payload_json"].ToString(), [.. form.Files.Select(file => file.FileName)]);
        }

        using StreamReader reader = new(request.Body, Encoding.UTF8);
        return (await reader.ReadToEndAsync(), []);
    }

    private static async Task WriteAsync(HttpResponse response, RestResult result)
    {
        response.StatusCode = result.Status;
        foreach ((string name, string value) in result.Headers)
            response.Headers[name] = value;
        if (result.Html is { } html)
        {
            response.ContentType = "text/html; charset=UTF-8";
            await response.WriteAsync(html);
        }
        else if (result.Json is { } json)
        {
            response.ContentType = "application/json";
            await response.WriteAsync(json.ToJsonString());
        }
    }

    private T? Take<T>(HttpContext context, string path) where T : RestFault =>
        world.Faults.Take<T>(null, fault => fault.Hits(context.Request.Method, path));

    private RestResult Answer(HttpContext context, string path, string text, IReadOnlyList<string> files)
    {
        HttpRequest http = context.Request;
        world.Log.FromClient("rest", http.Method, $"{path}{http.QueryString} {text}");
        RestResult result = Inject(context, path) ?? Serve(http, path, text, files);
        world.Log.ToClient("rest", http.Method, $"{path} {result.Status} {result.Json?.ToJsonString() ?? result.Html}");
        requests.Add(new RecordedRequest(
            world.Loop.Elapsed, http.Method, path + http.QueryString, http.Headers.UserAgent.ToString(),
            http.Headers.Authorization.ToString(), text, result.Status));
        return result;
    }

    private RestResult? Inject(HttpContext context, string path)
    {
        if (Take<RefuseRest>(context, path) is { } refusal)
            return refusal.Html
                ? RestResult.Page(refusal.Status, $"Error {refusal.Status}")
                : RestResult.Error(refusal.Status, refusal.Code, refusal.Message);
        if (Take<LimitRest>(context, path) is not { } limit)
            return null;
        Dictionary<string, string> headers = [];
        RestResult json = RateLimiter.Refuse(limit.Scope, limit.RetryAfter, headers);
        RestResult result = limit.Html ? RestResult.Page(429, "Too Many Requests") : json;
        foreach ((string name, string value) in headers)
            result.Headers[name] = value;
        return result;
    }

    private RestResult Serve(HttpRequest http, string path, string text, IReadOnlyList<string> files)
    {
        // Discord "API Reference", User Agent: requests without a proper one are blocked before they reach the API.
        if (!http.Headers.UserAgent.ToString().StartsWith("DiscordBot (", StringComparison.Ordinal))
            return RestResult.Page(403, "Access denied");
        string[] parts = [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)];
        RestRoute? route = routes.Find(candidate => candidate.Match(http.Method, parts) is not null);
        if (route is null)
            return RestResult.Error(404, 0, "404: Not Found");
        if (!TryParse(text, out JsonNode? body))
            return RestResult.Error(400, 50109, "The request body contains invalid JSON.");
        string authorization = http.Headers.Authorization.ToString();
        SimulatedApplication? application = authorization.StartsWith("Bot ", StringComparison.Ordinal)
            ? world.ApplicationByToken(authorization[4..])
            : null;
        if (route.NeedsToken && application is null)
            return RestResult.Error(401, 0, "401: Unauthorized");

        RestRequest request = new(
            http.Method, path, http.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString()), body, files,
            application, route.Match(http.Method, parts)!);
        Dictionary<string, string> headers = [];
        RestResult result = limiter.Take(route, request, headers) ?? route.Handler(request);
        foreach ((string name, string value) in headers)
            result = WithHeader(result, name, value);
        return result;
    }

    private static RestResult WithHeader(RestResult result, string name, string value)
    {
        // Shared constants such as NoContent must not collect headers of one request.
        RestResult own = ReferenceEquals(result, RestResult.NoContent) ? new RestResult(204, null) : result;
        own.Headers[name] = value;
        return own;
    }

    private static bool TryParse(string text, out JsonNode? node)
    {
        node = null;
        if (text.Length == 0)
            return true;
        try
        {
            node = JsonNode.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
