using System.Globalization;
using System.Net;

namespace Pipeline.Discord.Rest;

/// <summary>Discord refused a request. The route in the message is the template, so no token is in it.</summary>
public sealed class DiscordRestException(HttpStatusCode status, DiscordErrorCode code, string route, string detail)
    : Exception(string.Create(CultureInfo.InvariantCulture,
    $"{route} answered {(int)status}{(code == DiscordErrorCode.None ? "" : $" (code {(int)code})")}: {detail}"))
{
    public HttpStatusCode Status { get; } = status;

    public DiscordErrorCode Code { get; } = code;

    /// <summary>When a limit asked for a longer pause than the client takes.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The bot token is wrong; every further request would be wrong too.</summary>
    public bool IsTokenRefused =>
        Status == HttpStatusCode.Unauthorized && Code is not (DiscordErrorCode.InvalidWebhookToken or DiscordErrorCode.UnknownWebhook);

    /// <summary>The interaction's token is worth nothing any more: answer with an ordinary message.</summary>
    public bool IsInteractionGone =>
        Code is DiscordErrorCode.UnknownInteraction or DiscordErrorCode.UnknownWebhook or DiscordErrorCode.InvalidWebhookToken;

    /// <summary>The bot lacks a permission.</summary>
    public bool IsForbidden =>
        Code is DiscordErrorCode.MissingAccess or DiscordErrorCode.MissingPermissions
        || (Status == HttpStatusCode.Forbidden && Code == DiscordErrorCode.None);
}

/// <summary>Discord: JSON Error Codes, those that a recorder answers in a way of its own. Others keep their number.</summary>
public enum DiscordErrorCode
{
    /// <summary>The answer carried none, or was not JSON.</summary>
    None = 0,
    UnknownChannel = 10003,
    UnknownMessage = 10008,
    UnknownWebhook = 10015,
    UnknownInteraction = 10062,
    DailyCommandCreatesReached = 30034,
    OldMessageEditLimit = 30046,
    InteractionAlreadyAcknowledged = 40060,
    MissingAccess = 50001,
    CannotSendToUser = 50007,
    MissingPermissions = 50013,
    InvalidWebhookToken = 50027,
    InvalidFormBody = 50035,
}
