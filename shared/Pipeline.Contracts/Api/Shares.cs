using System.Text.Json.Serialization;

namespace Pipeline.Contracts.Api;

/// <summary>Body of <c>POST /api/recordings/{recordingId}/shares</c>.</summary>
public sealed record ShareRequest
{
    /// <summary>listen, download, delete; listen and download where nothing is said.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>The end of the link; SHARE_LINK_DAYS from now where nothing is said.</summary>
    [JsonConverter(typeof(ZonedTimeConverter))]
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>One link of a recording.</summary>
public sealed record ShareDetails
{
    public required string ShareId { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>The whole link with its secret: in the answer that made it, and never again.</summary>
    public string? Url { get; init; }
}

/// <summary>Answer of <c>GET /api/recordings/{recordingId}/shares</c>, oldest first.</summary>
public sealed record ShareList
{
    public required IReadOnlyList<ShareDetails> Shares { get; init; }
}
