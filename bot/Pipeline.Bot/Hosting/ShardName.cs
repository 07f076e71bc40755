using System.Security.Cryptography;
using System.Text;
using Pipeline.Contracts;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Hosting;

/// <summary>Which application and which of its shards a bot serves. Two bots of the same name must not serve at the same time.</summary>
/// <param name="Application">16 hexadecimal digits that follow from the token and say nothing about it.</param>
/// <param name="Shard">Null: all of them.</param>
public sealed record ShardName(string Application, ShardRange? Shard)
{
    public string BlobName => BlobPaths.Shard(ToString());

    public static ShardName For(string token, ShardRange? shard) =>
        new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)).AsSpan(0, 8)), shard);

    public override string ToString() => Shard is { } one ? $"{Application}-{one.Index}-of-{one.Count}" : $"{Application}-all";
}
