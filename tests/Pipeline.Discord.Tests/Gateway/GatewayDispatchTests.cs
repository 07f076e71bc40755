using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Gateway;

/// <summary>Each dispatch by itself: what becomes of the cache, and what is told.</summary>
public sealed class GatewayDispatchTests : IDisposable
{
    private const ulong Self = 99;

    private readonly FakeTimeProvider time = new();
    private readonly LogSink log = new();
    private readonly GuildCache cache = new();
    private readonly Channel<GatewayEvent> posted = Channel.CreateUnbounded<GatewayEvent>();
    private readonly GatewayDispatch dispatch;

    public GatewayDispatchTests()
    {
        dispatch = new GatewayDispatch(3, cache, posted.Writer, time, log.CreateLogger("gateway"));
        Ready("""{"user":{"id":"99","username":"Recorder"},"session_id":"s","guilds":[{"id":"5"}],"application":{"id":"77"}}""");
    }

    public void Dispose() => log.Dispose();

    [Fact]
    public void Ready_names_the_bot_its_application_and_forgets_guilds_of_this_shard_that_are_gone()
    {
        cache.Put(new Guild { Id = 5 });
        cache.Put(new Guild { Id = (7UL << 22) + 1 }); // shard 3 of 4
        cache.Put(new Guild { Id = (6UL << 22) + 1 }); // of another shard
        List<GatewayEvent> events = Ready("""{"user":{"id":"99"},"session_id":"s","guilds":[]}""", shards: 4);
        GatewayEvent.SessionStarted started = Assert.IsType<GatewayEvent.SessionStarted>(events[0]);
        Assert.Equal((3, 99UL, 99UL), (started.Shard, started.Self.Id, started.ApplicationId));
        Assert.Equal([new GatewayEvent.GuildGone((7UL << 22) + 1, Outage: false)], events.Skip(1));
        Assert.Equal(2, cache.Count);
        Assert.Equal(Self, cache.Self!.Id);

        cache.Put(new Guild { Id = (7UL << 22) + 1 });
        events = Ready("""{"user":{"id":"99"},"session_id":"s","guilds":[{"id":"29360129"}],"application":{"id":"77"}}""", shards: 4);
        Assert.Equal(77UL, Assert.IsType<GatewayEvent.SessionStarted>(Assert.Single(events)).ApplicationId);
    }

    [Fact]
    public async Task Events_are_handed_on_in_order()
    {
        await dispatch.PostAsync([new GatewayEvent.SessionResumed(1), new GatewayEvent.SessionResumed(2)],
            TestContext.Current.CancellationToken);
        Assert.True(posted.Reader.TryRead(out GatewayEvent? first) && posted.Reader.TryRead(out GatewayEvent? _));
        Assert.Equal(new GatewayEvent.SessionResumed(1), first);
    }

    [Fact]
    public void Guild_is_read_and_what_it_does_not_name_is_kept()
    {
        Apply("GUILD_CREATE", """
            {"id":"5","name":"G","owner_id":"8","channels":[{"id":"1","type":2}],"members":[{"user":{"id":"9"},"nick":"Ada"}],
             "roles":[{"id":"5","permissions":"8"}],"voice_states":[{"user_id":"9","channel_id":"1"},{"user_id":"10","channel_id":null}]}
            """);
        List<GatewayEvent> events = Apply("GUILD_CREATE", """{"id":"5","voice_states":[{"user_id":"9","channel_id":"1"}]}""");
        Guild guild = cache.Find(5)!;
        Assert.Equal(("G", 8UL, "Ada"), (guild.Name, guild.OwnerId, guild.NameOf(9)));
        Assert.Empty(guild.Channels); // a list that is not there is empty: this is the whole picture
        Assert.Equal((5UL, "Ada"), (guild.VoiceStates[9].GuildId, guild.VoiceStates[9].Member!.Nick));
        Assert.Same(guild, Assert.IsType<GatewayEvent.GuildSynchronized>(Assert.Single(events)).Guild);
    }

    [Fact]
    public void Snapshot_tells_who_came_who_went_and_where_we_are()
    {
        Apply("GUILD_CREATE", """
            {"id":"5","voice_states":[{"user_id":"9","channel_id":"1"},{"user_id":"10","channel_id":"1"},{"user_id":"11","channel_id":"1"}]}
            """);
        List<GatewayEvent> events = Apply("GUILD_CREATE", """
            {"id":"5","voice_states":[{"user_id":"9","channel_id":"1"},{"user_id":"10","channel_id":"2"},{"user_id":"12","channel_id":"1"},
             {"user_id":"99","channel_id":"1"}]}
            """);
        GatewayEvent.VoiceStateChanged[] changes = [.. events.OfType<GatewayEvent.VoiceStateChanged>()];
        Assert.All(changes, change => Assert.Equal(VoiceStateOrigin.Snapshot, change.Origin));
        Assert.Equal([(10UL, (ulong?)2), (11, null), (12, 1), (99, 1)],
            changes.Select(change => (change.State.UserId, change.State.ChannelId)).Order().ToArray());
        Assert.Equal(1UL, changes.Single(change => change.State.UserId == 11).Previous!.ChannelId);
        events = Apply("GUILD_CREATE", """{"id":"5","voice_states":[{"user_id":"99","channel_id":"1"}]}""");
        Assert.Contains(events.OfType<GatewayEvent.VoiceStateChanged>(), change => change.State.UserId == Self); // always said
    }

    [Fact]
    public void Outage_keeps_the_picture_and_a_removal_forgets_it()
    {
        Apply("GUILD_CREATE", """{"id":"5","name":"G"}""");
        Assert.Empty(Apply("GUILD_CREATE", """{"id":"5","unavailable":true}"""));
        Assert.Equal(("G", true), (cache.Find(5)!.Name, cache.Find(5)!.Unavailable));
        Apply("GUILD_CREATE", """{"id":"6","unavailable":true}""");
        Assert.True(cache.Find(6)!.Unavailable);
        Apply("GUILD_CREATE", """{"id":"5","name":"G"}""");
        Assert.False(cache.Find(5)!.Unavailable);
        Assert.Equal([new GatewayEvent.GuildGone(5, Outage: true)], Apply("GUILD_DELETE", """{"id":"5","unavailable":true}"""));
        Assert.Equal(("G", true), (cache.Find(5)!.Name, cache.Find(5)!.Unavailable));
        Assert.Equal([new GatewayEvent.GuildGone(5, Outage: false)], Apply("GUILD_DELETE", """{"id":"5"}"""));
        Assert.Null(cache.Find(5));
    }

    [Fact]
    public void Guild_roles_and_channels_change_one_by_one()
    {
        Apply("GUILD_CREATE", """{"id":"5","name":"G","owner_id":"8","roles":[{"id":"5"},{"id":"6"}]}""");
        Apply("GUILD_UPDATE", """{"id":"5","name":"H"}""");
        Assert.Equal(("H", 8UL, 2), (cache.Find(5)!.Name, cache.Find(5)!.OwnerId, cache.Find(5)!.Roles.Count));
        Apply("GUILD_UPDATE", """{"id":"5","owner_id":"9","roles":[{"id":"5"}]}""");
        Assert.Equal(("H", 9UL, 1), (cache.Find(5)!.Name, cache.Find(5)!.OwnerId, cache.Find(5)!.Roles.Count));
        Apply("GUILD_ROLE_CREATE", """{"guild_id":"5","role":{"id":"7","name":"R","permissions":"8"}}""");
        Assert.Equal(Permissions.Administrator, cache.Find(5)!.Roles[7].Permissions);
        Apply("GUILD_ROLE_UPDATE", """{"guild_id":"5","role":{"id":"7","permissions":"0"}}""");
        Assert.Equal(Permissions.None, cache.Find(5)!.Roles[7].Permissions);
        Apply("GUILD_ROLE_DELETE", """{"guild_id":"5","role_id":"7"}""");
        Assert.False(cache.Find(5)!.Roles.ContainsKey(7));
        Apply("GUILD_ROLE_CREATE", """{"guild_id":"5"}""");
        Apply("GUILD_ROLE_DELETE", """{"guild_id":"5"}""");
        Assert.Single(cache.Find(5)!.Roles);

        Assert.Empty(Apply("CHANNEL_CREATE", """{"guild_id":"5","id":"1","type":2,"name":"c"}"""));
        Apply("CHANNEL_UPDATE", """{"guild_id":"5","id":"1","type":13,"name":"d"}""");
        Assert.Equal(("d", ChannelKind.Stage), (cache.Find(5)!.Channels[1].Name, cache.Find(5)!.Channels[1].Kind));
        Assert.Equal([new GatewayEvent.ChannelDeleted(5, 1)], Apply("CHANNEL_DELETE", """{"guild_id":"5","id":"1","type":2}"""));
        Assert.Empty(cache.Find(5)!.Channels);
        Assert.Empty(Apply("CHANNEL_UPDATE", """{"id":"1","type":1}""")); // a direct message
        Assert.Empty(Apply("CHANNEL_DELETE", """{"id":"1","type":1}"""));
        Assert.Null(cache.Find(0));
    }

    [Fact]
    public void Members_are_named_by_updates_voice_and_interactions()
    {
        Apply("GUILD_MEMBER_UPDATE", """{"guild_id":"5","user":{"id":"9"},"nick":"Ada","roles":["7"]}""");
        Assert.Equal(("Ada", 7UL), (cache.Find(5)!.NameOf(9), Assert.Single(cache.Find(5)!.Members[9].RoleIds)));
        Apply("GUILD_MEMBER_UPDATE", """{"guild_id":"5","nick":"Nobody"}""");
        Apply("GUILD_MEMBER_UPDATE", """{"user":{"id":"9"},"nick":"Elsewhere"}""");
        Assert.Equal("Ada", cache.Find(5)!.NameOf(9));
        Assert.Null(cache.Find(0));
        Apply("VOICE_STATE_UPDATE", """{"guild_id":"5","channel_id":"1","user_id":"10","member":{"user":{"id":"10"},"nick":"Ben"}}""");
        Assert.Equal("Ben", cache.Find(5)!.NameOf(10));
        Apply("VOICE_STATE_UPDATE", """{"guild_id":"5","channel_id":"1","user_id":"10","mute":true,"member":{"nick":"x"}}""");
        Assert.Equal("Ben", cache.Find(5)!.NameOf(10));

        time.Advance(TimeSpan.FromSeconds(5));
        GatewayEvent.InteractionCreated used = Assert.IsType<GatewayEvent.InteractionCreated>(Assert.Single(Apply("INTERACTION_CREATE",
            """{"id":"1","type":2,"guild_id":"5","member":{"user":{"id":"11"},"nick":"Cleo","permissions":"8"},"token":"t"}""")));
        Assert.Equal((time.GetTimestamp(), Permissions.Administrator), (used.ReceivedAt, used.Interaction.Member!.Permissions));
        Assert.Equal("Cleo", cache.Find(5)!.NameOf(11));
        Assert.Null(cache.Find(5)!.Members[11].Permissions); // they hold for that channel and moment only
        Assert.Single(Apply("INTERACTION_CREATE", """{"id":"2","type":2,"user":{"id":"12"}}"""));
        Assert.Single(Apply("INTERACTION_CREATE", """{"id":"2","type":2,"guild_id":"5","member":{"nick":"?"}}"""));
    }

    [Fact]
    public void Voice_state_is_told_when_it_changes_and_ours_always()
    {
        Assert.Empty(Apply("VOICE_STATE_UPDATE", """{"channel_id":"1","user_id":"9"}""")); // a call in a direct message
        Assert.Empty(Apply("VOICE_STATE_UPDATE", """{"guild_id":"5","channel_id":null,"user_id":"9"}""")); // was not there
        GatewayEvent.VoiceStateChanged came = Changed("""{"guild_id":"5","channel_id":"1","user_id":"9","session_id":"a"}""");
        Assert.Equal((null, VoiceStateOrigin.Update), (came.Previous, came.Origin));
        Assert.Empty(Apply("VOICE_STATE_UPDATE", """{"guild_id":"5","channel_id":"1","user_id":"9","session_id":"a","member":{}}"""));
        Assert.Equal("a", Changed("""{"guild_id":"5","channel_id":"1","user_id":"9","session_id":"b"}""").Previous!.SessionId);
        Assert.True(Changed("""{"guild_id":"5","channel_id":"1","user_id":"9","session_id":"b","deaf":true}""").State.Deaf);
        Assert.Null(Changed("""{"guild_id":"5","channel_id":null,"user_id":"9"}""").State.ChannelId);
        Assert.Empty(cache.Find(5)!.VoiceStates);
        for (int i = 0; i < 2; i++) Changed("""{"guild_id":"5","channel_id":"1","user_id":"99","session_id":"a"}""");
    }

    [Fact]
    public void Field_that_is_null_loses_nothing_of_its_dispatch()
    {
        Apply("GUILD_CREATE", """
            {"id":"5","roles":[{"id":"5","name":null,"permissions":null}],"members":null,
             "channels":[{"id":"1","type":2,"name":null,"user_limit":null,"permission_overwrites":null},
              {"id":"2","type":2,"permission_overwrites":[{"id":"5","allow":"8","deny":null}]}]}
            """);
        Assert.Equal([1UL, 2], cache.Find(5)!.Channels.Keys.Order().ToArray());
        Assert.Equal(5UL, Assert.Single(cache.Find(5)!.Roles).Key);
        Assert.Equal(Permissions.Administrator, Assert.Single(cache.Find(5)!.Channels[2].Overwrites).Allow);
        Apply("CHANNEL_UPDATE", """
            {"guild_id":"5","id":"2","type":13,"name":null,"user_limit":null,"permission_overwrites":null}
            """);
        GuildChannel channel = cache.Find(5)!.Channels[2];
        Assert.Equal((ChannelKind.Stage, "", 0), (channel.Kind, channel.Name, channel.UserLimit));
        Assert.Empty(channel.Overwrites);

        VoiceState came = Changed("""
            {"guild_id":"5","channel_id":"1","user_id":"9","session_id":null,"mute":null,
             "member":{"user":{"id":"9","username":"ada","bot":null},"roles":null}}
            """).State;
        Assert.Equal((1UL, "ada"), (came.ChannelId, cache.Find(5)!.NameOf(9)));
        Interaction used = Assert.IsType<GatewayEvent.InteractionCreated>(Assert.Single(Apply("INTERACTION_CREATE", """
            {"id":"1","type":2,"guild_id":"5","token":"t","data":{"name":"record","options":null},
             "member":{"user":{"id":"9"},"roles":null,"permissions":null}}
            """))).Interaction;
        Assert.Equal(("record", "t", 9UL), (used.Data!.Name, used.Token, used.Caller!.Id));
        Assert.Empty(used.Data.Options);
        Assert.Empty(Apply("VOICE_STATE_UPDATE", """{"guild_id":"5","channel_id":"1","user_id":null}"""));
        Assert.Single(log.Lines, line => line.Text.Contains("VOICE_STATE_UPDATE", StringComparison.Ordinal)); // nobody: said, left out
    }

    [Theory]
    [InlineData("""{"guild_id":"5","token":"t","endpoint":"host:443"}""", "t", "host:443")]
    [InlineData("""{"guild_id":"5","token":"t","endpoint":null}""", "t", null)]
    [InlineData("""{"guild_id":"5","endpoint":" "}""", "", null)]
    public void Voice_server_is_told_and_an_empty_address_is_none(string data, string token, string? endpoint)
    {
        VoiceServerUpdate update = Assert.IsType<GatewayEvent.VoiceServerChanged>(Assert.Single(Apply("VOICE_SERVER_UPDATE", data))).Update;
        Assert.Equal((5UL, token, endpoint), (update.GuildId, update.Token, update.Endpoint));
    }

    [Fact]
    public void Dispatch_that_cannot_be_read_is_noted_and_one_that_nobody_knows_is_not()
    {
        Assert.Empty(Apply("SOMETHING_NEW", "{}"));
        Assert.DoesNotContain(log.Lines, line => line.Text.Contains("SOMETHING_NEW", StringComparison.Ordinal));
        Assert.Empty(Apply("VOICE_STATE_UPDATE", "[]"));
        Assert.Single(log.Lines, line => line.Text.Contains("VOICE_STATE_UPDATE", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0/1", 0, 1)]
    [InlineData("3/4", 3, 4)]
    [InlineData("4/4", -1, 0)]
    [InlineData("1", -1, 0)]
    [InlineData("1/2/3", -1, 0)]
    [InlineData("-1/2", -1, 0)]
    [InlineData("1/x", -1, 0)]
    [InlineData(" 1/2", -1, 0)]
    [InlineData(null, -1, 0)]
    public void Shard_is_read_as_it_is_written(string? text, int index, int count)
    {
        Assert.Equal(index >= 0, ShardRange.TryParse(text, out ShardRange shard));
        if (index < 0) return;
        Assert.Equal(new ShardRange(index, count), shard);
        Assert.Equal(text, shard.ToString());
    }

    [Fact]
    public void Option_of_a_command_is_text_number_truth_or_an_id()
    {
        InteractionOption[] options = JsonSerializer.Deserialize("""
            {"id":"1","type":2,"data":{"options":[{"name":"a","value":"12"},{"name":"b","value":7},{"name":"c","value":true},
             {"name":"d","value":null},{"name":"e"},{"name":"f","value":"-1"},{"name":"g","value":"5\u0000"}]}}
            """, GatewayJson.Default.Interaction)!.Data!.Options.ToArray();
        Assert.Equal(["12", "7", "true", null, null, "-1", "5\0"], options.Select(option => option.Text));
        Assert.Equal([12UL, 7UL, null, null, null, null, null], options.Select(option => option.Snowflake));
    }

    [Theory]
    [InlineData("5", 5)]
    [InlineData("5.0", 5)]
    [InlineData("\"5\"", 5)]
    [InlineData("2147483647", int.MaxValue)]
    [InlineData("-2147483648", int.MinValue)]
    [InlineData("2147483648", null)]
    [InlineData("-2147483649", null)]
    [InlineData("\"x\"", null)]
    [InlineData("true", null)]
    public void Whole_numbers_come_in_any_notation_within_their_range(string value, int? expected)
    {
        string json = $"{{\"url\":\"wss://x\",\"shards\":{value}}}";
        if (expected is null) Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, GatewayJson.Default.GatewayInfo));
        else Assert.Equal(expected, JsonSerializer.Deserialize(json, GatewayJson.Default.GatewayInfo)!.Shards);
    }

    private GatewayEvent.VoiceStateChanged Changed(string data) =>
        Assert.IsType<GatewayEvent.VoiceStateChanged>(Assert.Single(Apply("VOICE_STATE_UPDATE", data)));

    private List<GatewayEvent> Ready(string data, int shards = 1)
    {
        List<GatewayEvent> events = [];
        dispatch.ApplyReady(JsonSerializer.Deserialize(data, GatewayJson.Default.ReadyPayload)!, shards, events);
        return events;
    }

    private List<GatewayEvent> Apply(string type, string data)
    {
        using JsonDocument document = JsonDocument.Parse(data);
        List<GatewayEvent> events = [];
        dispatch.Apply(type, document.RootElement, events);
        return events;
    }
}
