using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Pipeline.Discord.Gateway;

namespace Pipeline.Discord.Tests.Gateway;

/// <summary>Discord: Gateway Send Events, to the letter.</summary>
public sealed class GatewayPayloadsTests
{
    [Fact]
    public void Identify_says_who_comes_for_what()
    {
        string system = RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? "linux" : "other";
        Assert.Equal($$"""{"token":"secret","intents":129,"properties":{"os":"{{system}}","browser":"pipeline","device":"pipeline"}"""
            + ""","compress":false,"large_threshold":50,"shard":[1,4]}""",
            Written(writer => GatewayPayloads.Identify(writer, new GatewayOptions { Token = "secret" }, 1, 4)));
    }

    [Fact]
    public void Resume_says_which_session_and_how_far() =>
        Assert.Equal("""{"token":"secret","session_id":"abc","seq":1337}""",
            Written(writer => GatewayPayloads.Resume(writer, "secret", new GatewaySession("abc", null) { Sequence = 1337 })));

    [Theory]
    [InlineData(20UL, true, false, """{"guild_id":"18446744073709551615","channel_id":"20","self_mute":true,"self_deaf":false}""")]
    [InlineData(null, false, true, """{"guild_id":"18446744073709551615","channel_id":null,"self_mute":false,"self_deaf":true}""")]
    public void Voice_state_names_a_channel_or_none(ulong? channel, bool selfMute, bool selfDeaf, string expected) =>
        Assert.Equal(expected, Written(writer => GatewayPayloads.VoiceState(writer, ulong.MaxValue, channel, selfMute, selfDeaf)));

    [Theory]
    [InlineData("0/1", 0, 1)]
    [InlineData("3/4", 3, 4)]
    [InlineData("4/4", null, null)]
    [InlineData("0/0", null, null)]
    [InlineData("-1/2", null, null)]
    [InlineData("1/x", null, null)]
    [InlineData("1/2/3", null, null)]
    [InlineData("1", null, null)]
    [InlineData(null, null, null)]
    public void Shard_is_one_of_several(string? text, int? index, int? count)
    {
        Assert.Equal(index is not null, ShardRange.TryParse(text, out ShardRange shard));
        if (index is null) return;
        Assert.Equal((index, count, text), (shard.Index, shard.Count, shard.ToString()));
    }

    [Theory]
    [InlineData(0UL, 4, 0)]
    [InlineData(4_194_303UL, 4, 0)]
    [InlineData(4_194_304UL, 4, 1)]
    [InlineData(25_165_824UL, 4, 2)]
    [InlineData(ulong.MaxValue, 1, 0)]
    public void Shard_of_a_guild_goes_by_its_upper_bits(ulong guild, int count, int shard) =>
        Assert.Equal(shard, ShardRange.ShardOf(guild, count));

    private static string Written(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter writer = new(bytes)) write(writer);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
