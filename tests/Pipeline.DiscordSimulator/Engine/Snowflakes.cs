namespace Pipeline.DiscordSimulator.Engine;

/// <summary>
/// Ids in Discord's shape (22 low bits worker and counter, above them milliseconds since 2015) that grow by one
/// millisecond each, so that <c>(id &gt;&gt; 22) % shards</c> spreads guilds over shards. The same run gives the same ids.
/// </summary>
public sealed class Snowflakes
{
    private const ulong First = 940000000000000000 >> 22;
    private ulong next = First;

    /// <summary>The next id.</summary>
    public ulong Next() => Interlocked.Increment(ref next) << 22;
}
