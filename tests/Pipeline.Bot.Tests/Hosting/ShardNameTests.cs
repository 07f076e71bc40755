using Pipeline.Bot.Hosting;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Tests.Hosting;

public sealed class ShardNameTests
{
    [Fact]
    public void Bots_of_one_token_and_shard_have_one_name_that_does_not_tell_the_token()
    {
        ShardName all = ShardName.For("a.secret.token", null), again = ShardName.For("a.secret.token", null);
        Assert.Equal(all.BlobName, again.BlobName);
        Assert.NotEqual(all.BlobName, ShardName.For("another", null).BlobName);
        Assert.Matches("^shards/[0-9a-f]{16}-all$", all.BlobName);
        Assert.Matches("^shards/[0-9a-f]{16}-2-of-5$", ShardName.For("a.secret.token", new ShardRange(2, 5)).BlobName);
        Assert.DoesNotContain("secret", all.ToString(), StringComparison.Ordinal);
    }
}
