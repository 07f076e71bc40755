using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Webhooks;

namespace Pipeline.RecordingApi;

/// <summary>What the recording API is told by the executable that carries it.</summary>
public sealed record ApiOptions
{
    /// <summary>What callers must show; null where somebody in front has asked for a key already. A secret.</summary>
    public string? Key { get; init; }

    /// <summary>Who is told of events.</summary>
    public WebhookOptions Webhooks { get; init; } = new();

    /// <summary>What people's browsers reach, without a path; null for the address that a request came to.</summary>
    public Uri? PublicBaseUrl { get; init; }

    /// <summary>How long a share link opens, where nobody says otherwise.</summary>
    public TimeSpan ShareLinkLife { get; init; } = TimeSpan.FromDays(30);

    /// <summary>What is rendered without being asked for.</summary>
    public RenderOptions Render { get; init; } = new();

    /// <summary>Nothing stays live for longer.</summary>
    public required TimeSpan LiveLimit { get; init; }
}
