using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Rest;

/// <summary>Discord's buckets: per route and major parameter, and one over all routes of a bot (Discord "Rate Limits").</summary>
internal sealed class RateLimiter(SimulatedWorld world)
{
    private readonly Dictionary<string, Window> windows = [];

    private sealed class Window
    {
        public TimeSpan EndsAt { get; set; }

        public int Used { get; set; }
    }

    /// <summary>Counts a request.</summary>
    /// <returns>The refusal, or null; <paramref name="headers"/> go on the answer either way.</returns>
    public RestResult? Take(RestRoute route, RestRequest request, IDictionary<string, string> headers)
    {
        string template = $"{route.Method} {route.Template}";
        string major = RestRoute.MajorParameter(request.Values);
        Window window = Advance($"{template} {major} {request.Application?.Id}", world.Options.RateLimitWindow);
        bool exceeded = window.Used >= world.Options.RateLimit;
        if (!exceeded)
            window.Used++;
        TimeSpan left = window.EndsAt - world.Loop.Elapsed;
        headers["X-RateLimit-Limit"] = Text(world.Options.RateLimit);
        headers["X-RateLimit-Remaining"] = Text(world.Options.RateLimit - window.Used);
        headers["X-RateLimit-Reset"] = Text((world.Now + left - DateTimeOffset.UnixEpoch).TotalSeconds);
        headers["X-RateLimit-Reset-After"] = Text(left.TotalSeconds);
        headers["X-RateLimit-Bucket"] = Bucket(template);
        if (exceeded)
            return Refuse("user", left, headers);
        if (route.NeedsToken && request.Application is { } application)
            return TakeGlobal(application, headers);
        return null;
    }

    /// <summary>Counts an edit of a message that is older than an hour.</summary>
    /// <returns>429 with code 30046, or null.</returns>
    public RestResult? TakeOldEdit(SimulatedChannel channel)
    {
        Window window = Advance($"old {channel.Id}", TimeSpan.FromMinutes(1));
        if (window.Used++ < world.Options.OldMessageEdits)
            return null;
        Dictionary<string, string> headers = [];
        RestResult refusal = Refuse("user", window.EndsAt - world.Loop.Elapsed, headers);
        refusal.Json!["code"] = 30046;
        refusal.Json["message"] = "Maximum number of edits to messages older than 1 hour reached. Try again later";
        foreach ((string name, string value) in headers)
            refusal.Headers[name] = value;
        return refusal;
    }

    /// <summary>A 429 as Discord writes it.</summary>
    /// <param name="scope">user, global or shared.</param>
    /// <param name="retryAfter">How long the client must wait.</param>
    /// <param name="headers">Get the headers that belong to it.</param>
    public static RestResult Refuse(string scope, TimeSpan retryAfter, IDictionary<string, string> headers)
    {
        headers["Retry-After"] = Text((int)Math.Ceiling(retryAfter.TotalSeconds));
        headers["X-RateLimit-Scope"] = scope;
        if (scope == "global")
            headers["X-RateLimit-Global"] = "true";
        return new RestResult(429, new JsonObject
        {
            ["message"] = scope == "shared" ? "The resource is being rate limited." : "You are being rate limited.",
            ["retry_after"] = Math.Round(retryAfter.TotalSeconds, 3),
            ["global"] = scope == "global",
        });
    }

    private static string Text(double number) => number.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Bucket(string template)
    {
        uint hash = 2166136261;
        foreach (char letter in template)
            hash = (hash ^ letter) * 16777619;
        return hash.ToString("x8", CultureInfo.InvariantCulture);
    }

    private RestResult? TakeGlobal(SimulatedApplication application, IDictionary<string, string> headers)
    {
        Window global = Advance($"global {application.Id}", TimeSpan.FromSeconds(1));
        if (global.Used++ < world.Options.GlobalRateLimit)
            return null;
        return Refuse("global", global.EndsAt - world.Loop.Elapsed, headers);
    }

    private Window Advance(string key, TimeSpan length)
    {
        if (!windows.TryGetValue(key, out Window? window))
            windows[key] = window = new Window { EndsAt = world.Loop.Elapsed + length };
        if (world.Loop.Elapsed < window.EndsAt)
            return window;
        window.EndsAt = world.Loop.Elapsed + length;
        window.Used = 0;
        return window;
    }
}
