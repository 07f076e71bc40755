using System.Globalization;
using System.Net;

namespace Pipeline.Discord.Rest;

/// <summary>Discord refused a request. The route in the message is the template, so no token is in it.</summary>
public sealed class DiscordRestException(HttpStatusCode status, DiscordErrorCode code, string route, string detail)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"{route} answered {(int)status}{(code == DiscordErrorCode.None ? "" : $" (code {(int)code})")}: {detail}"))
{
    public HttpStatusCode Status { get; } = status;

    public DiscordErrorCode Code { get; } = code;

    /// <summary>When a limit asked for a longer pause than the client takes.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The bot token is wrong; every further request would be wrong too.</summary>
    public bool IsTokenRefused => Status == HttpStatusCode.Unauthorized && Code is not (DiscordErrorCode.InvalidWebhookToken or DiscordErrorCode.UnknownWebhook);

    /// <summary>The interaction's token is worth nothing any more: answer with an ordinary message.</summary>
    public bool IsInteractionGone => Code is DiscordErrorCode.UnknownInteraction or DiscordErrorCode.UnknownWebhook or DiscordErrorCode.InvalidWebhookToken;

    /// <summary>The bot lacks a permission.</summary>
    public bool IsForbidden => Code is DiscordErrorCode.MissingAccess or DiscordErrorCode.MissingPermissions || (Status == HttpStatusCode.Forbidden && Code == DiscordErrorCode.None);
}
