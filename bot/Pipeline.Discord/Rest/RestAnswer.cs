using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Pipeline.Discord.Rest;

/// <summary>Status, limit headers and body of one answer, parsed once when it arrives.</summary>
internal sealed record RestAnswer(HttpStatusCode Status, byte[] Body)
{
    /// <summary>A pause when a 429 names none.</summary>
    private const double DefaultPauseSeconds = 5;

    public string? Bucket { get; init; }
    public int? Remaining { get; init; }
    public TimeSpan? ResetAfter { get; init; }
    public TimeSpan RetryAfter { get; init; }
    public bool IsGlobalLimit { get; init; }
    public string Scope { get; init; } = "";
    public DiscordErrorCode Code { get; init; }
    public string Message { get; init; } = "";

    public bool IsSuccess => (int)Status is >= 200 and < 300;
    public bool IsLimit => Status == HttpStatusCode.TooManyRequests;
    public bool IsServerFailure => (int)Status >= 500;

    public static async Task<RestAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        string scope = Header(response, "X-RateLimit-Scope") ?? "";
        RestAnswer answer = new(response.StatusCode, body)
        {
            Bucket = Header(response, "X-RateLimit-Bucket"),
            Remaining = Number(response, "X-RateLimit-Remaining") is { } remaining ? (int)remaining : null,
            ResetAfter = Number(response, "X-RateLimit-Reset-After") is { } reset ? Seconds(reset) : null,
            RetryAfter = Seconds(Number(response, "Retry-After") ?? DefaultPauseSeconds),
            IsGlobalLimit = scope == "global" || Header(response, "X-RateLimit-Global") is not null,
            Scope = scope,
        };
        return answer.IsSuccess ? answer : answer.WithError();
    }

    /// <summary>An error's body is JSON from Discord, or HTML from what stands before it.</summary>
    private RestAnswer WithError()
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(Body);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) return this;
            bool hasCode = root.TryGetProperty("code", out JsonElement code) && code.ValueKind == JsonValueKind.Number
                && code.TryGetInt32(out _);
            bool hasPause = root.TryGetProperty("retry_after", out JsonElement pause) && pause.ValueKind == JsonValueKind.Number;
            return this with
            {
                Code = hasCode ? (DiscordErrorCode)code.GetInt32() : DiscordErrorCode.None,
                Message = root.TryGetProperty("message", out JsonElement message) && message.ValueKind == JsonValueKind.String
                    ? message.GetString()! : "",
                RetryAfter = hasPause ? Seconds(pause.GetDouble()) : RetryAfter,
                IsGlobalLimit = IsGlobalLimit
                    || (root.TryGetProperty("global", out JsonElement global) && global.ValueKind == JsonValueKind.True),
            };
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: text that is no text, as a lone surrogate.
            return this with { Message = "not JSON" };
        }
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    private static double? Number(HttpResponseMessage response, string name) =>
        double.TryParse(Header(response, name), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && double.IsFinite(value) ? value : null;

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 86_400));
}
