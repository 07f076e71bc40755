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
/// <param name="Secret">Checked: <c>whsec_</c> and base64. A secret.</param>
/// <param name="Events">Checked: known names; empty for all but segment.stored.</param>
/// <param name="GuildId">Null for every server.</param>
public sealed record WebhookSetting(Uri Url, string Secret, IReadOnlyList<string> Events, string? GuildId);
