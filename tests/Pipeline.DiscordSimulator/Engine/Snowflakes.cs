namespace Pipeline.DiscordSimulator.Engine;

/// <summary>
/// Ids in Discord's shape (22 low bits worker and counter, above them milliseconds since 2015) that grow by one
/// millisecond each, so that <c>(id &gt;&gt; 22) % shards</c> spreads guilds over shards. The same run gives the same ids, another seed
/// others: two simulators beside one storage have no server in common.
/// </summary>
public sealed class Snowflakes(int seed)
{
    private const ulong First = 940000000000000000 >> 22;
    private const ulong ApartBySeed = 1 << 20;
    private ulong next = First + ((ulong)(seed & 0x7FFF) * ApartBySeed);

    /// <summary>The next id.</summary>
    public ulong Next() => Interlocked.Increment(ref next) << 22;
}
