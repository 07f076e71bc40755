namespace Pipeline.Discord.Rest;

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
