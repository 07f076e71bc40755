namespace Pipeline.Discord.Gateway;

/// <summary>What Resume needs. <see cref="Sequence"/> is the last one seen, written by the receive loop only.</summary>
internal sealed class GatewaySession(string id, Uri? resumeAddress)
{
    private long sequence;

    public string Id { get; } = id;

    /// <summary>Null: Discord named none; the first address serves.</summary>
    public Uri? ResumeAddress { get; } = resumeAddress;

    public long Sequence
    {
        get => Volatile.Read(ref sequence);
        set => Volatile.Write(ref sequence, value);
    }
}
