using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.RecordingApi.Webhooks;

/// <summary>One address that is told of events.</summary>
public sealed record Webhook
{
    /// <summary>Names it in messages and rows: its number in the settings, or what the API gave it.</summary>
    public required string Id { get; init; }

    /// <summary>The server whose events it gets, decimal string; null for all servers.</summary>
    public string? GuildId { get; init; }

    public required Uri Url { get; init; }

    /// <summary>The newest first. Two while a secret is being replaced.</summary>
    public required IReadOnlyList<WebhookSecret> Secrets { get; init; }

    public required IReadOnlyList<string> Events { get; init; }

    /// <summary>Why nothing is sent to it any more; null while it is on.</summary>
    public string? OffBecause { get; init; }

    /// <summary>Version of what a server has put; null where it stands in the settings.</summary>
    public string? Etag { get; init; }

    /// <summary>True where it asks for this type and this server.</summary>
    public bool Wants(string type, string? guildId) =>
        OffBecause is null && (GuildId is null || GuildId == guildId) && Events.Contains(type);
}

/// <summary>Body of <c>PUT /api/guilds/{guildId}/webhooks</c>.</summary>
public sealed record PutWebhookRequest
{
    /// <summary>https.</summary>
    public string? Url { get; init; }

    /// <summary>Null for all but <c>segment.stored</c>.</summary>
    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>True for a new secret; the old one signs too for a day.</summary>
    public bool? RotateSecret { get; init; }
}

/// <summary>A server's webhook as the API shows it.</summary>
public sealed record WebhookState
{
    public required string Url { get; init; }
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary><c>whsec_…</c>: only in the answer that made it.</summary>
    public string? Secret { get; init; }

    /// <summary>Why it is off: the receiver said 410, or three days of tries have failed. Put it again to switch it on.</summary>
    public string? OffBecause { get; init; }
}

/// <summary>A message of the queue <c>webhook-deliveries</c>: one event for one address.</summary>
public sealed record DeliverWebhook
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required string EventId { get; init; }
    public required string WebhookId { get; init; }
    public string? GuildId { get; init; }

    /// <summary>Tries before this one.</summary>
    public int Attempt { get; init; }
}

/// <summary>JSON of webhooks' requests and messages.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PutWebhookRequest))]
[JsonSerializable(typeof(WebhookState))]
[JsonSerializable(typeof(DeliverWebhook))]
public sealed partial class WebhookJsonContext : JsonSerializerContext;
