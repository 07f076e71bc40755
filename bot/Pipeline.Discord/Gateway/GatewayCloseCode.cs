namespace Pipeline.Discord.Gateway;

/// <summary>Discord: Gateway Close Event Codes, and what to do about each.</summary>
internal static class GatewayCloseCode
{
    /// <summary>Ours when we leave a dead connection: any code but 1000 and 1001, which would end the session.</summary>
    public const int Abandon = 4000;

    public static GatewayRecovery RecoveryFor(int? code) => code switch
    {
        4003 or 4005 or 4007 => GatewayRecovery.Identify,
        4004 or (>= 4010 and <= 4014) => GatewayRecovery.Fatal,
        // 4009 included: resuming is tried first, and op 9 follows when it is too late.
        _ => GatewayRecovery.Resume,
    };

    /// <summary>Codes that tell of a mistake in what we sent.</summary>
    public static bool IsOurFault(int? code) => code is 4001 or 4002 or 4003 or 4005 or 4008;

    /// <summary>Words for the owner of the bot, with the remedy.</summary>
    public static string Explain(int? code) => code switch
    {
        null => "the connection broke",
        4000 => "Discord had an unknown error",
        4001 => "Discord did not know an opcode that was sent",
        4002 => "Discord could not read what was sent",
        4003 => "something was sent before Identify",
        4004 => "Discord refused the bot token: copy it again from the Developer Portal (Bot > Reset Token) and set DISCORD_TOKEN",
        4005 => "Identify was sent twice",
        4007 => "the sequence number to resume from was wrong",
        4008 => "messages were sent too fast",
        4009 => "the session timed out",
        4010 => "DISCORD_SHARD names a shard that does not exist: use i/n with i below n",
        4011 => "the bot is in too many guilds for one shard: leave DISCORD_SHARD empty or raise its count",
        4012 => "this gateway version is no longer served: update the bot",
        4013 => "the intents are wrong: update the bot",
        4014 => "an intent is not allowed for this bot: enable it in the Developer Portal (Bot > Privileged Gateway Intents)",
        _ => "the gateway closed the connection",
    };
}

/// <summary>Discord refused the bot for a reason that only its owner can mend; trying again would make it worse.</summary>
public sealed class GatewayFatalException(int closeCode, string message) : Exception(message)
{
    /// <summary>Discord: Gateway Close Event Codes; 401 when REST refused the token.</summary>
    public int CloseCode { get; } = closeCode;
}
