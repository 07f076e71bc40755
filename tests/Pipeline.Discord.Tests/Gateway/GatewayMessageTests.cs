using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;

namespace Pipeline.Discord.Tests.Gateway;

public sealed class GatewayMessageTests
{
    private static readonly string[] Types =
    [
        "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE", "GUILD_ROLE_CREATE", "GUILD_ROLE_DELETE", "CHANNEL_UPDATE", "CHANNEL_DELETE",
        "GUILD_MEMBER_UPDATE", "VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE", "INTERACTION_CREATE", "SOMETHING_NEW",
    ];

    [Theory]
    [InlineData("""{"op":10.0,"d":{"heartbeat_interval":13750.0}}""", 10)]
    [InlineData("""{"op":11,"extra":[1,2,3]}""", 11)]
    [InlineData("""{"op":999,"d":"?"}""", 999)]
    public void Envelope_is_read_leniently(string text, int opcode)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        Assert.True(GatewayMessage.TryRead(document.RootElement, out GatewayMessage message));
        Assert.Equal(opcode, message.Opcode);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{"op":"10"}""")]
    [InlineData("""{"op":-1}""")]
    [InlineData("""{"op":1e300}""")]
    [InlineData("""{"op":0,"s":5,"t":"\ud800","d":{}}""")]
    [InlineData("""{"\ud800":1,"op":10,"d":{"heartbeat_interval":1}}""")]
    public void Anything_else_is_no_message(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        Assert.False(GatewayMessage.TryRead(document.RootElement, out _));
    }

    [Fact]
    public void Text_that_is_no_text_is_no_message_either()
    {
        using JsonDocument bytes = JsonDocument.Parse((byte[])[.. "{\"op\":0,\"t\":\""u8, 0xFF, 0xFE, .. "\"}"u8]);
        Assert.False(GatewayMessage.TryRead(bytes.RootElement, out _));
        using JsonDocument name = JsonDocument.Parse("""{"heartbeat_interval":1,"heartbeat_interva\udfff":1}""");
        Assert.False(GatewayMessage.TryReadNumber(name.RootElement, "heartbeat_interval"u8, out _));
        InteractionOption option = new() { Value = JsonElement.Parse("\"\\ud800\"") };
        Assert.Equal((null, null), (option.Text, option.Snowflake));
    }

    [Theory]
    [InlineData("wss://gateway.discord.gg", "wss://gateway.discord.gg/?v=10&encoding=json")]
    [InlineData("wss://gateway.discord.gg/?v=9", "wss://gateway.discord.gg/?v=10&encoding=json")]
    [InlineData("ws://127.0.0.1:81/x", "ws://127.0.0.1:81/x?v=10&encoding=json")]
    [InlineData("ws://localhost:81", "ws://localhost:81/?v=10&encoding=json")]
    [InlineData("ws://10.0.0.7/", null)]
    [InlineData("ws://gateway.discord.gg", null)]
    [InlineData("ws://localhost.example.org", null)]
    [InlineData("https://gateway.discord.gg", null)]
    [InlineData("gateway.discord.gg:443", null)]
    [InlineData("gateway.discord.gg", null)]
    [InlineData("wss:", null)]
    [InlineData("wss:gateway.discord.gg", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Address_of_a_gateway_is_one_of_a_websocket_or_none(string? text, string? expected) =>
        Assert.Equal(expected is null ? null : new Uri(expected), GatewayPayloads.Address(text, allowsHttp: false));

    [Theory]
    [InlineData("ws://10.0.0.7/", "ws://10.0.0.7/?v=10&encoding=json")]
    [InlineData("wss://10.0.0.7/", "wss://10.0.0.7/?v=10&encoding=json")]
    [InlineData("http://10.0.0.7/", null)]
    public void Gateway_of_another_machine_is_without_tls_where_a_setting_allows_it(string text, string? expected) =>
        Assert.Equal(expected is null ? null : new Uri(expected), GatewayPayloads.Address(text, allowsHttp: true));

    [Fact]
    public void Heartbeat_interval_may_have_a_fraction()
    {
        using JsonDocument document = JsonDocument.Parse("""{"heartbeat_interval":13750.5}""");
        Assert.True(GatewayMessage.TryReadNumber(document.RootElement, "heartbeat_interval"u8, out double value));
        Assert.Equal(13750.5, value);
    }

    [Theory]
    [InlineData("""{"guild_id":"5","channel_id":7,"user_id":9007199254740993}""")]
    [InlineData("""{"guild_id":5,"channel_id":"7","user_id":"9007199254740993","new_field":{"a":[]}}""")]
    public void Ids_may_be_numbers_or_strings(string text)
    {
        (GuildCache cache, List<GatewayEvent> events) = Apply("VOICE_STATE_UPDATE", text);
        Assert.Equal(7UL, cache.Find(5)!.VoiceStates[9007199254740993].ChannelId);
        Assert.Single(events);
    }

    [Fact]
    public void One_odd_element_does_not_cost_the_guild()
    {
        (GuildCache cache, _) = Apply("GUILD_CREATE", """{"id":"5","name":"G","channels":[{"id":"1","type":2},{"id":"what?"},{"id":"3","type":13}],"roles":[null,{"id":"5","permissions":"8"}],"members":[{"user":null}],"voice_states":[{"user_id":"9","channel_id":"1"},{}]}""");
        Guild guild = cache.Find(5)!;
        Assert.Equal(2, guild.Channels.Count);
        Assert.Single(guild.Roles);
        Assert.Single(guild.VoiceStates);
    }

    [Fact]
    public void Applying_a_dispatch_twice_changes_nothing_more()
    {
        GuildCache cache = new();
        GatewayDispatch dispatch = new(0, cache, Channel.CreateUnbounded<GatewayEvent>().Writer, TimeProvider.System, NullLogger.Instance);
        using JsonDocument document = JsonDocument.Parse("""{"guild_id":"5","channel_id":"7","user_id":"9","session_id":"s"}""");
        List<GatewayEvent> events = [];
        dispatch.Apply("VOICE_STATE_UPDATE", document.RootElement, events);
        Guild after = cache.Find(5)!;
        dispatch.Apply("VOICE_STATE_UPDATE", document.RootElement, events);
        Assert.Single(events);
        Assert.Equal(after.VoiceStates[9], cache.Find(5)!.VoiceStates[9]);
    }

    [Fact]
    public void Hostile_dispatches_are_harmless()
    {
        string[] keys = ["id", "guild_id", "channel_id", "user_id", "member", "user", "roles", "role", "voice_states", "channels", "data",
            "options", "value", "token", "type", "name", "permissions", "members"];
        string[] values = ["null", "true", "0", "-1", "1e400", "\"\"", "\"12\"", "18446744073709551616", "[]", "{}", "\"x\"", "[[[]]]",
            "3.5"];
        Random random = new(7);
        for (int i = 0; i < 20_000; i++)
        {
            string inner = $"{{\"{Pick(keys)}\":{Pick(values)},\"{Pick(keys)}\":[{Pick(values)},{{\"{Pick(keys)}\":{Pick(values)}}}]}}";
            (GuildCache cache, List<GatewayEvent> events) = Apply(Pick(Types),
                $"{{\"{Pick(keys)}\":{inner},\"{Pick(keys)}\":{Pick(values)},\"id\":\"5\",\"guild_id\":\"5\"}}");
            Assert.InRange(cache.Count, 0, 1);
            Assert.InRange(events.Count, 0, 3);
        }

        string Pick(string[] from) => from[random.Next(from.Length)];
    }

    private static (GuildCache Cache, List<GatewayEvent> Events) Apply(string type, string text)
    {
        GuildCache cache = new();
        List<GatewayEvent> events = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetBytes(text));
            new GatewayDispatch(0, cache, Channel.CreateUnbounded<GatewayEvent>().Writer, TimeProvider.System, NullLogger.Instance)
                .Apply(type, document.RootElement, events);
        }
        catch (JsonException)
        {
            // Numbers that JSON has no room for end in the connection's parser.
        }
        return (cache, events);
    }
}
