namespace Pipeline.Discord.Gateway;

/// <summary>Discord refused the bot for a reason that only its owner can mend; trying again would make it worse.</summary>
public sealed class GatewayFatalException(int closeCode, string message) : Exception(message)
{
    /// <summary>Discord: Gateway Close Event Codes; 401 when REST refused the token.</summary>
    public int CloseCode { get; } = closeCode;
}
