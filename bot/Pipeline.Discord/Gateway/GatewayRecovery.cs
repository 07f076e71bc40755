namespace Pipeline.Discord.Gateway;

/// <summary>What follows the end of a gateway connection.</summary>
internal enum GatewayRecovery
{
    /// <summary>Connect again and go on with the session.</summary>
    Resume,

    /// <summary>The session is worthless: connect again and Identify.</summary>
    Identify,

    /// <summary>As <see cref="Identify"/>, after a random pause of 1-5 s (op 9 with false).</summary>
    IdentifyAfterPause,

    /// <summary>Stop: token, intents or sharding are wrong.</summary>
    Fatal,
}
