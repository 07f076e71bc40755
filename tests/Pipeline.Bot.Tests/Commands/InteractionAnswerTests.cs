using System.Text.Json;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Commands;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Commands;

/// <summary>Deadlines of interactions, in the simulator's and the bot's one virtual time.</summary>
public sealed class InteractionAnswerTests : IAsyncLifetime
{
    private readonly WatchedTime time = new();
    private readonly HttpClient http = new();
    private readonly CancellationTokenSource stop = new();
    private readonly LogSink log = new();
    private Simulator discord = null!;
    private DiscordRestClient rest = null!;
    private GatewayClient gateway = null!;
    private Task running = Task.CompletedTask;
    private SimulatedMember ada = null!;

    public async ValueTask InitializeAsync()
    {
        discord = await Simulator.StartAsync(new SimulatorOptions { Time = time, EnforceIdentifyPace = false });
        ada = discord.Guild.AddMember("Ada");
        ILoggerFactory logs = log;
        DiscordRestOptions options = new()
        {
            Token = discord.Bot.Token,
            ApiBase = new Uri(discord.ApiBaseUrl),
            Timeout = TimeSpan.FromMinutes(30)
        };
        rest = new DiscordRestClient(http, options, time, logs.CreateLogger<DiscordRestClient>());
        gateway = new GatewayClient(new GatewayOptions { Token = discord.Bot.Token }, rest.GetGatewayAsync, time, new Random(7),
            logs.CreateLogger<GatewayClient>());
        running = gateway.RunAsync(stop.Token);
        await Simulator.WaitUntilAsync(() => gateway.IsReady);
        await rest.DeclareCommandsAsync(discord.Bot.Id, null, CommandDefinitions.All, stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        rest.Dispose();
        http.Dispose();
        stop.Dispose();
        await discord.DisposeAsync();
    }

    [Fact]
    public async Task Answer_after_2_9_seconds_is_taken()
    {
        (SimulatedInteraction interaction, InteractionAnswer answer) = await UseAsync();
        discord.Faults.Add(new DelayRest(TimeSpan.FromSeconds(2.9)) { Path = "/callback$", Times = 1 });
        await time.PassAsync(TimeSpan.FromSeconds(2.9), answer.DeferAsync(onlyForCaller: true, stop.Token));
        await answer.SendAsync("in time", stop.Token);
        Assert.Equal(5, interaction.CallbackType);
        Assert.Equal("in time", interaction.Text);
        Assert.True(interaction.IsEphemeral);
    }

    [Fact]
    public async Task Answer_after_3_1_seconds_becomes_a_direct_message_when_it_was_private()
    {
        (SimulatedInteraction interaction, InteractionAnswer answer) = await UseAsync();
        discord.Faults.Add(new DelayRest(TimeSpan.FromSeconds(3.1)) { Path = "/callback$", Times = 1 });
        await time.PassAsync(TimeSpan.FromSeconds(3.1), answer.DeferAsync(onlyForCaller: true, stop.Token));
        await answer.SendAsync("too late for the token", stop.Token);
        Assert.Null(interaction.CallbackType);
        Assert.Contains(discord.DirectChannel(ada.User).Messages, message => message.Text == "too late for the token");
        Assert.Contains(log.Lines, line => line.EventId == 4204);
    }

    [Fact]
    public async Task Answer_after_3_1_seconds_goes_to_the_channel_when_it_was_for_all()
    {
        (SimulatedInteraction _, InteractionAnswer answer) = await UseAsync();
        discord.Faults.Add(new DelayRest(TimeSpan.FromSeconds(3.1)) { Path = "/callback$", Times = 1 });
        await time.PassAsync(TimeSpan.FromSeconds(3.1), answer.DeferAsync(onlyForCaller: false, stop.Token));
        await answer.SendAsync("for all", stop.Token);
        Assert.Contains(discord.TextChannel.Messages, message => message is { IsEphemeral: false, Text: "for all" });
    }

    [Theory]
    [InlineData(14 * 60 + 59, true)]
    [InlineData(15 * 60 + 1, false)]
    public async Task Token_is_used_for_15_minutes_and_an_ordinary_message_after(int seconds, bool byToken)
    {
        (SimulatedInteraction interaction, InteractionAnswer answer) = await UseAsync();
        await answer.DeferAsync(onlyForCaller: true, stop.Token);
        await answer.SendAsync("first", stop.Token);
        time.Advance(TimeSpan.FromSeconds(seconds));
        await answer.SendAsync("much later", stop.Token);
        Assert.Equal(byToken, interaction.FollowUps.Any(message => message is { Text: "much later", IsEphemeral: true }));
        Assert.Equal(!byToken, discord.DirectChannel(ada.User).Messages.Any(message => message.Text == "much later"));
        Assert.DoesNotContain(discord.Requests, request => request.Status == 401);
    }

    [Fact]
    public async Task Token_that_dies_early_leads_to_an_ordinary_message()
    {
        (SimulatedInteraction _, InteractionAnswer answer) = await UseAsync();
        await answer.DeferAsync(onlyForCaller: true, stop.Token);
        discord.Faults.Add(new RefuseRest(401) { Code = 50027, Path = "^/webhooks/" });
        await answer.SendAsync("still heard", stop.Token);
        Assert.Contains(discord.DirectChannel(ada.User).Messages, message => message.Text == "still heard");
        await rest.GetSelfAsync(stop.Token); // a dead webhook says nothing about the bot's token
    }

    [Fact]
    public async Task Limit_on_a_follow_up_is_waited_for_and_it_comes_once()
    {
        (SimulatedInteraction interaction, InteractionAnswer answer) = await UseAsync();
        await answer.DeferAsync(onlyForCaller: true, stop.Token);
        await answer.SendAsync("first", stop.Token);
        discord.Faults.Add(new LimitRest(TimeSpan.FromSeconds(2)) { Method = "POST", Path = "^/webhooks/", Times = 1 });
        await time.PassAsync(TimeSpan.FromSeconds(2), answer.SendAsync("second", stop.Token));
        Assert.Equal("second", Assert.Single(interaction.FollowUps).Text);
    }

    [Fact]
    public async Task Answer_whose_receipt_got_lost_counts_as_given()
    {
        (SimulatedInteraction interaction, InteractionAnswer answer) = await UseAsync();
        await answer.DeferAsync(onlyForCaller: true, stop.Token);
        await answer.DeferAsync(onlyForCaller: true, stop.Token); // 40060
        await answer.SendAsync("once", stop.Token);
        Assert.Equal("once", interaction.Text);
    }

    [Fact]
    public async Task Use_in_a_direct_message_is_answered_with_where_it_works()
    {
        ILoggerFactory logs = log;
        InteractionRouter router = new(null!, null!, null!, new CommandPace(time), rest, time, logs.CreateLogger<InteractionRouter>());
        Interaction direct = new()
        {
            Id = 5,
            Kind = Discord.Model.InteractionKind.Command,
            Token = "t",
            ApplicationId = discord.Bot.Id,
            User = new DiscordUser { Id = ada.Id },
            Data = new InteractionData { Name = "record" }
        };
        await router.HandleAsync(direct, time.GetTimestamp(), stop.Token);
        Assert.Contains(discord.DirectChannel(ada.User).Messages, message => message.Text == Texts.OnlyInServers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Command_that_fails_says_so_to_its_caller(bool isApiAway)
    {
        (SimulatedInteraction interaction, GatewayEvent.InteractionCreated used) = await UsedAsync();
        Exception failure = isApiAway ? new CatalogueException("away") : new InvalidOperationException("a bug");
        ILoggerFactory logs = log;
        InteractionRouter router = new(new RecordCommands([new FailingCommand(failure)]), null!, null!, new CommandPace(time), rest, time,
            logs.CreateLogger<InteractionRouter>());
        await router.HandleAsync(used.Interaction, used.ReceivedAt, stop.Token);
        Assert.Equal(isApiAway ? Texts.ApiAway : Texts.SomethingBroke, interaction.Text);
        Assert.True(interaction.IsEphemeral);
        Assert.Equal(isApiAway ? null : failure, log.Lines.SingleOrDefault(line => line.EventId == 4206)?.Exception);
    }

    private async Task<(SimulatedInteraction Simulated, InteractionAnswer Answer)> UseAsync()
    {
        (SimulatedInteraction interaction, GatewayEvent.InteractionCreated used) = await UsedAsync();
        return (interaction, new InteractionAnswer(used.Interaction, used.ReceivedAt, rest, time, log.CreateLogger("answer")));
    }

    private async Task<(SimulatedInteraction Simulated, GatewayEvent.InteractionCreated Used)> UsedAsync()
    {
        SimulatedInteraction interaction = await discord.Interactions.SlashCommandAsync(ada, discord.TextChannel, "record status");
        while (await gateway.Events.WaitToReadAsync(stop.Token))
        {
            if (gateway.Events.TryRead(out GatewayEvent? one) && one is GatewayEvent.InteractionCreated used) return (interaction, used);
        }
        throw new JsonException("the gateway ended");
    }

    private sealed class FailingCommand(Exception failure) : ISlashCommand
    {
        public IReadOnlyList<string> Names => ["status"];

        public Task RunAsync(CommandContext context, CancellationToken cancellationToken) => Task.FromException(failure);
    }
}
