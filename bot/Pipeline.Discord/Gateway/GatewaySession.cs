namespace Pipeline.Discord.Gateway;

/// <summary>What Resume needs. <see cref="Sequence"/> is the last one seen, written by the receive loop only.</summary>
internal sealed class GatewaySession(string id, Uri? resumeAddress)
{
    private long sequence;

    public string Id { get; } = id;

    /// <summary>Whole, with the query. Null: Discord named none; the first address serves.</summary>
    public Uri? ResumeAddress { get; } = resumeAddress;

    public long Sequence
    {
        get => Volatile.Read(ref sequence);
        set => Volatile.Write(ref sequence, value);
    }
}

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
