using System.Globalization;

namespace Pipeline.Discord.Gateway;

/// <summary>This process's shard: number <paramref name="Index"/> of <paramref name="Count"/>. Text form <c>0/4</c>.</summary>
public readonly record struct ShardRange(int Index, int Count)
{
    /// <summary>Reads <c>i/n</c> with 0 &lt;= i &lt; n.</summary>
    public static bool TryParse(string? text, out ShardRange shard)
    {
        shard = default;
        if (text?.Split('/') is not [string first, string second]) return false;
        if (!int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int index)) return false;
        if (!int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out int count)) return false;
        if (index >= count) return false;
        shard = new ShardRange(index, count);
        return true;
    }

    /// <summary>Which shard serves a guild (Discord: Sharding).</summary>
    public static int ShardOf(ulong guildId, int count) => (int)((guildId >> 22) % (ulong)count);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index}/{Count}");
}
