using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.Discord.Tests.Gateway;

public sealed class GatewaySessionTests
{
    [Fact]
    public async Task First_session_identifies_with_intents_129_and_knows_its_guilds()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        Guild guild = rig.Client.Guilds.Find(rig.Discord.Guild.Id)!;
        Assert.Equal("Simulated guild", guild.Name);
        Assert.Equal(rig.Discord.Bot.Id, rig.Client.SelfId);
        Assert.Equal(1, rig.Discord.Bot.Identifies);
        Assert.True(guild.Channels[rig.Discord.VoiceChannel.Id].HasVoice);
        Assert.Contains(rig.Discord.Log.Lines, line => line.Contains("\"intents\":129", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(4000)]
    [InlineData(4001)]
    [InlineData(4002)]
    [InlineData(4008)]
    [InlineData(4009)]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(4321)]
    public async Task Close_codes_of_the_world_are_answered_by_resume(int code)
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        rig.Discord.Faults.Add(new CloseGateway(code));
        await rig.UntilAsync(() => rig.Count<GatewayEvent.SessionResumed>() == 1);
        Assert.Equal(1, rig.Discord.Bot.Identifies);
    }

    [Theory]
    [InlineData(4003)]
    [InlineData(4005)]
    [InlineData(4007)]
    public async Task Close_codes_of_a_lost_session_are_answered_by_identify(int code)
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        rig.Discord.Faults.Add(new CloseGateway(code));
        await rig.UntilAsync(() => rig.Count<GatewayEvent.SessionStarted>() == 2);
        Assert.Equal(0, rig.Count<GatewayEvent.SessionResumed>());
        Assert.Equal(2, rig.Discord.Bot.Identifies);
    }

    [Theory]
    [InlineData(4004, "DISCORD_TOKEN")]
    [InlineData(4010, "DISCORD_SHARD")]
    [InlineData(4011, "DISCORD_SHARD")]
    [InlineData(4012, "update")]
    [InlineData(4013, "intents")]
    [InlineData(4014, "Privileged Gateway Intents")]
    public async Task Fatal_codes_end_the_client_and_name_the_remedy(int code, string remedy)
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        rig.Discord.Faults.Add(new CloseGateway(code));
        GatewayFatalException fatal = await Assert.ThrowsAsync<GatewayFatalException>(() =>
            rig.Running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal(code, fatal.CloseCode);
        Assert.Contains(remedy, fatal.Message, StringComparison.Ordinal);
        Assert.Equal(1, rig.Discord.Bot.Identifies);
    }

    [Fact]
    public async Task Broken_connection_is_resumed_and_missed_events_come_once_and_in_order()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        SimulatedMember[] people = [.. Enumerable.Range(0, 5).Select(i => rig.Discord.Guild.AddMember($"Person {i}"))];
        rig.Discord.Faults.Add(new AbortGateway());
        foreach (SimulatedMember person in people) rig.Discord.Guild.Join(person, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() =>
            rig.Count<GatewayEvent.SessionResumed>() == 1 && rig.Client.Guilds.Find(rig.Discord.Guild.Id)!.VoiceStates.Count == 5);
        ulong[] order = [.. rig.Seen.OfType<GatewayEvent.VoiceStateChanged>().Select(change => change.State.UserId)];
        Assert.Equal(people.Select(person => person.Id), order);
        Assert.Equal(1, rig.Discord.Bot.Identifies);
    }

    [Fact]
    public async Task Events_that_were_seen_do_not_come_again_with_a_resume()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        SimulatedMember[] people = [.. Enumerable.Range(0, 3).Select(i => rig.Discord.Guild.AddMember($"Person {i}"))];
        foreach (SimulatedMember person in people) rig.Discord.Guild.Join(person, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Count<GatewayEvent.VoiceStateChanged>() == 3);
        rig.Discord.Faults.Add(new AbortGateway());
        rig.Discord.Guild.Leave(people[0]);
        await rig.UntilAsync(() => rig.Count<GatewayEvent.SessionResumed>() == 1 && rig.Count<GatewayEvent.VoiceStateChanged>() >= 4);
        rig.Discord.Guild.Leave(people[1]);
        // What is known of the server changes before the event has come through the queue.
        await rig.UntilAsync(() => rig.Client.Guilds.Find(rig.Discord.Guild.Id)!.VoiceStates.Count == 1
            && rig.Count<GatewayEvent.VoiceStateChanged>() >= 5);
        ulong[] order = [.. rig.Seen.OfType<GatewayEvent.VoiceStateChanged>().Select(change => change.State.UserId)];
        Assert.Equal([.. people.Select(person => person.Id), people[0].Id, people[1].Id], order);
    }

    /// <summary>An outage of Discord's edge, longer than three attempts take: the session is as good as before.</summary>
    [Fact]
    public async Task Gateway_that_cannot_be_reached_for_a_while_is_resumed_and_what_was_missed_comes()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        SimulatedMember person = rig.Discord.Guild.AddMember("Person");
        FaultHandle refusing = rig.Discord.Faults.Add(new RefuseGateway { Times = 6 });
        rig.Discord.Faults.Add(new AbortGateway());
        rig.Discord.Guild.Join(person, rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Count<GatewayEvent.SessionResumed>() == 1 && rig.Count<GatewayEvent.VoiceStateChanged>() == 1);
        Assert.Equal((6, 1, 1), (refusing.Used, rig.Discord.Bot.Identifies, rig.Count<GatewayEvent.SessionStarted>()));
    }

    [Fact]
    public async Task Address_for_resuming_that_leads_nowhere_is_replaced_by_the_first_one()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync(prepare: discord => discord.Bot.ResumeUrl = "ws://127.0.0.1:9/");
        rig.Discord.Faults.Add(new AbortGateway());
        await rig.UntilAsync(() => rig.Count<GatewayEvent.SessionResumed>() == 1);
        Assert.Equal(1, rig.Discord.Bot.Identifies);
    }

    [Theory]
    [InlineData("https://127.0.0.1:9/")]
    [InlineData("127.0.0.1:9")]
    [InlineData("gateway.invalid:443")]
    public async Task Address_for_resuming_that_is_none_of_a_websocket_is_not_used(string address)
    {
        await using GatewayRig rig = await GatewayRig.StartAsync(prepare: discord => discord.Bot.ResumeUrl = address);
        rig.Discord.Faults.Add(new AbortGateway());
        await rig.UntilAsync(() => rig.Count<GatewayEvent.SessionResumed>() == 1);
        Assert.False(rig.Running.IsCompleted);
    }

    [Fact]
    public async Task Message_with_half_a_character_costs_nothing()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        rig.Discord.Faults.Add(new SendGatewayMessage("""{"op":0,"s":null,"t":"\ud800","d":{}}"""));
        rig.Discord.Faults.Add(new SendGatewayMessage("""{"\ud800":0,"op":0,"d":{}}"""));
        rig.Discord.Guild.Join(rig.Discord.Guild.AddMember("Person"), rig.Discord.VoiceChannel);
        await rig.UntilAsync(() => rig.Running.IsCompleted || rig.Count<GatewayEvent.VoiceStateChanged>() == 1);
        Assert.Equal((false, 0), (rig.Running.IsCompleted, rig.Count<GatewayEvent.ConnectionLost>()));
    }

    [Fact]
    public async Task Api_that_does_not_answer_at_the_start_is_waited_for()
    {
        await using GatewayRig rig = await GatewayRig.BeginAsync(restTimeout: TimeSpan.FromMilliseconds(500),
            prepare: discord => discord.Faults.Add(new DelayRest(TimeSpan.FromSeconds(30)) { Times = 5 }));
        await rig.UntilAsync(() => rig.Running.IsCompleted || rig.Client.IsReady);
        Assert.False(rig.Running.IsCompleted, $"{rig.Running.Exception}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Leave_that_nobody_could_wait_for_is_sent_when_the_gateway_is_back_unless_a_join_comes_first(bool joinsAgain)
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        ulong guild = rig.Discord.Guild.Id, channel = rig.Discord.VoiceChannel.Id;
        await rig.Client.UpdateVoiceStateAsync(guild, channel, false, false, TestContext.Current.CancellationToken);
        await rig.UntilAsync(() => rig.Discord.Guild.VoiceStateOf(rig.Client.SelfId) is not null);
        FaultHandle refusing = rig.Discord.Faults.Add(new RefuseGateway());
        rig.Discord.Faults.Add(new AbortGateway());
        await rig.UntilAsync(() => refusing.Used > 0);
        using CancellationTokenSource impatient = new();
        Task leaving = rig.Client.UpdateVoiceStateAsync(guild, null, false, false, impatient.Token).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        Task joining = joinsAgain
            ? rig.Client.UpdateVoiceStateAsync(guild, channel, true, false, TestContext.Current.CancellationToken).AsTask()
            : Task.CompletedTask;
        refusing.Dispose();
        await joining;
        await rig.UntilAsync(() => Asked(joinsAgain ? "\"self_mute\":true" : "\"channel_id\":null") == 1);
        await rig.UntilAsync(() => (rig.Discord.Guild.VoiceStateOf(rig.Client.SelfId) is null) != joinsAgain);
        Assert.Equal((joinsAgain ? 0 : 1, 1), (Asked("\"channel_id\":null"), rig.Discord.Bot.Identifies));

        int Asked(string what) => rig.Discord.Log.Lines.Count(line =>
            line.Contains("\"op\":4,", StringComparison.Ordinal) && line.Contains(what, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Leave_that_is_lost_with_the_connection_is_sent_again_and_one_that_was_told_is_not()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        ulong guild = rig.Discord.Guild.Id, channel = rig.Discord.VoiceChannel.Id;
        await AskAsync(channel);
        await rig.UntilAsync(() => rig.Count<GatewayEvent.VoiceStateChanged>() == 1);
        rig.Discord.Faults.Add(new LoseGatewayMessage(4) { Times = 1 });
        await AskAsync(null);
        await rig.UntilAsync(() => rig.Count<GatewayEvent.VoiceStateChanged>() == 2);
        Assert.Null(rig.Discord.Guild.VoiceStateOf(rig.Client.SelfId));

        rig.Discord.Faults.Add(new AbortGateway());
        await rig.UntilAsync(() => rig.Count<GatewayEvent.SessionResumed>() == 2);
        await AskAsync(channel);
        await rig.UntilAsync(() => rig.Count<GatewayEvent.VoiceStateChanged>() == 3);
        Assert.Equal(2, rig.Discord.Log.Lines.Count(line => line.Contains("\"op\":4,", StringComparison.Ordinal)
            && line.Contains("\"channel_id\":null", StringComparison.Ordinal)));

        Task AskAsync(ulong? where) =>
            rig.Client.UpdateVoiceStateAsync(guild, where, false, false, TestContext.Current.CancellationToken).AsTask();
    }

    [Fact]
    public async Task Op_7_leads_to_resume()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        rig.Discord.Faults.Add(new RequestReconnect());
        await rig.UntilAsync(() => rig.Count<GatewayEvent.SessionResumed>() == 1);
        Assert.Equal(1, rig.Discord.Bot.Identifies);
    }

    [Fact]
    public async Task Op_9_with_true_leads_to_resume()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        rig.Discord.Faults.Add(new InvalidateSession(Resumable: true));
        await rig.UntilAsync(() => rig.Count<GatewayEvent.SessionResumed>() == 1);
        Assert.Equal(1, rig.Discord.Bot.Identifies);
    }

    [Fact]
    public async Task Op_9_with_false_leads_to_a_new_session()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        rig.Discord.Faults.Add(new InvalidateSession(Resumable: false));
        await rig.UntilAsync(() => rig.Count<GatewayEvent.SessionStarted>() == 2);
        Assert.Equal(2, rig.Discord.Bot.Identifies);
    }

    [Fact]
    public async Task Refused_resume_leads_to_a_new_session()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        rig.Discord.Faults.Add(new RefuseResume());
        rig.Discord.Faults.Add(new AbortGateway());
        await rig.UntilAsync(() => rig.Count<GatewayEvent.SessionStarted>() == 2);
    }

    [Fact]
    public async Task Unanswered_heartbeat_abandons_the_connection_and_resumes()
    {
        SimulatorOptions quick = new() { GatewayHeartbeatInterval = TimeSpan.FromMilliseconds(300) };
        await using GatewayRig rig = await GatewayRig.StartAsync(quick);
        await rig.UntilAsync(() => rig.Client.Latency is not null);
        FaultHandle zombie = rig.Discord.Faults.Add(new IgnoreGatewayHeartbeats { Times = 2 });
        await rig.UntilAsync(() => rig.Count<GatewayEvent.SessionResumed>() >= 1);
        Assert.True(zombie.Used >= 1);
        Assert.Contains(rig.Log.Lines, line => line.EventId == 1004);
        Assert.Equal(1, rig.Discord.Bot.Identifies);
    }

    [Fact]
    public async Task Heartbeat_asked_for_is_answered_at_once()
    {
        await using GatewayRig rig = await GatewayRig.StartAsync();
        int before = Beats(rig);
        rig.Discord.Faults.Add(new SendGatewayHeartbeat());
        await rig.UntilAsync(() => Beats(rig) > before);
    }

    [Fact]
    public async Task Empty_identify_budget_is_waited_for_and_nothing_is_sent_before()
    {
        await using GatewayRig rig = await GatewayRig.BeginAsync(prepare: discord =>
        {
            discord.Bot.SessionStartsLeft = 0;
            discord.Bot.SessionStartResetAfter = TimeSpan.FromMilliseconds(1200);
        });
        await rig.UntilAsync(() => rig.Log.Lines.Any(line => line.EventId == 1003));
        Assert.Equal(0, rig.Discord.Bot.Identifies);
        Assert.DoesNotContain(rig.Discord.Log.Lines, line => line.Contains("\"op\":2,", StringComparison.Ordinal));
        rig.Discord.Bot.SessionStartsLeft = 1000;
        await rig.UntilAsync(() => rig.Client.IsReady);
    }

    [Fact]
    public async Task Refused_token_is_fatal_before_any_identify()
    {
        await using GatewayRig rig = await GatewayRig.BeginAsync(change: options => options with { Token = "wrong" });
        GatewayFatalException fatal = await Assert.ThrowsAsync<GatewayFatalException>(() =>
            rig.Running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Contains("DISCORD_TOKEN", fatal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_shards_run_in_one_process_and_keep_the_identify_pace()
    {
        SimulatorOptions paced = new() { EnforceIdentifyPace = false };
        await using GatewayRig rig = await GatewayRig.StartAsync(paced, discord =>
        {
            discord.Bot.RecommendedShards = 3;
            for (int i = 0; i < 6; i++) discord.AddGuild($"Guild {i}").AddBot(discord.Bot);
        });
        await rig.UntilAsync(() =>
            rig.Client.Guilds.Count == 7 && rig.Client.Guilds.All.All(guild => !guild.Unavailable)
            && rig.Count<GatewayEvent.SessionStarted>() >= 3);
        Assert.Equal(3, rig.Count<GatewayEvent.SessionStarted>());
        Assert.Equal(3, rig.Discord.Bot.Identifies);
    }

    [Fact]
    public async Task One_shard_of_several_serves_its_own_guilds_only()
    {
        await using GatewayRig rig = await GatewayRig.BeginAsync(
            prepare: discord => { for (int i = 0; i < 8; i++) discord.AddGuild($"Guild {i}").AddBot(discord.Bot); },
            change: options => options with { Shard = new ShardRange(1, 2) });
        await rig.UntilAsync(() => rig.Client.IsReady);
        int expected = rig.Discord.Guilds.Count(guild => ShardRange.ShardOf(guild.Id, 2) == 1);
        await rig.UntilAsync(() => rig.Client.Guilds.Count == expected);
        Assert.All(rig.Client.Guilds.All, guild => Assert.Equal(1, ShardRange.ShardOf(guild.Id, 2)));
    }

    private static int Beats(GatewayRig rig) => rig.Discord.Log.Lines.Count(line => line.Contains("\"op\":1,", StringComparison.Ordinal));
}
