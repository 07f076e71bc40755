namespace Pipeline.RecordingApi.Webhooks;

/// <summary>The webhooks of the settings, <c>Webhooks__0__Url</c> and so on.</summary>
public sealed record WebhookOptions
{
    public IReadOnlyList<WebhookSetting> Endpoints { get; init; } = [];

    /// <summary>
    /// <c>Webhooks__AllowPrivate</c>: addresses of private networks and plain http are taken too. For receivers of one's own.
    /// </summary>
    public bool AllowPrivate { get; init; }
}

/// <summary>One webhook of the settings.</summary>
/// <param name="Url">Checked: https, or http where private addresses are allowed.</param>
/// <param name="Secrets">Checked: each <c>whsec_</c> and base64, the newest first. Secrets.</param>
/// <param name="Events">Checked: known names; empty for all but segment.stored.</param>
/// <param name="GuildId">Null for every server.</param>
public sealed record WebhookSetting(Uri Url, IReadOnlyList<string> Secrets, IReadOnlyList<string> Events, string? GuildId)
{
    /// <summary>Its number among the settings: names it in messages and rows.</summary>
    public string Id { get; init; } = "0";
}
