using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Tests.Rest;

public sealed class InteractionTests
{
    private const string Commands = """
        [{"name":"record","description":"Record","options":[
          {"type":1,"name":"start","description":"Start","options":[
            {"type":7,"name":"channel","description":"Where"},{"type":3,"name":"title","description":"What"}]},
          {"type":1,"name":"stop","description":"Stop"}]},
         {"name":"admin","description":"Owners only","default_member_permissions":"32"}]
        """;

    [Fact]
    public async Task Slash_command_reaches_the_bot_with_resolved_options_and_permissions()
    {
        await using Simulator discord = await StartAsync(new FakeTimeProvider());
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        SimulatedMember ada = discord.Guild.AddMember("Ada");

        await discord.Interactions.SlashCommandAsync(ada, discord.TextChannel, "record start", new Dictionary<string, object>
        {
            ["channel"] = discord.VoiceChannel,
            ["title"] = "Episode 1",
        });

        JsonNode data = (await gateway.Socket.ReadAsync("INTERACTION_CREATE")).Data!;
        Assert.Equal(2, (int)data["type"]!);
        Assert.Equal("start", (string)data["data"]!["options"]![0]!["name"]!);
        Assert.Equal("Episode 1", (string)data["data"]!["options"]![0]!["options"]![1]!["value"]!);
        Assert.Equal(2, (int)data["data"]!["resolved"]!["channels"]![$"{discord.VoiceChannel.Id}"]!["type"]!);
        Assert.Equal(((ulong)Permissions.Everyday).ToString(), (string)data["member"]!["permissions"]!);
    }

    [Fact]
    public async Task Unknown_command_wrong_option_and_missing_permission_are_refused_at_the_keyboard()
    {
        await using Simulator discord = await StartAsync(new FakeTimeProvider());
        SimulatedMember ada = discord.Guild.AddMember("Ada");
        Task Type(string command, string? option = null) => discord.Interactions.SlashCommandAsync(
            ada, discord.TextChannel, command, option is null ? null : new Dictionary<string, object> { [option] = 1 });

        await Assert.ThrowsAsync<InvalidOperationException>(() => Type("nothing"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Type("record"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Type("record start", "speed"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Type("admin"));
        await discord.Interactions.SlashCommandAsync(discord.Guild.Owner, discord.TextChannel, "admin");
    }

    [Theory]
    [InlineData(2900, 204)]
    [InlineData(3100, 404)]
    public async Task First_answer_is_due_within_three_seconds(int milliseconds, int status)
    {
        FakeTimeProvider time = new();
        await using Simulator discord = await StartAsync(time);
        using RawRest rest = new(discord);
        SimulatedInteraction interaction = await StopAsync(discord);

        time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        RawRest.Answer answer = await rest.SendAsync("POST", Callback(interaction), """{"type":4,"data":{"content":"hello","flags":64}}""");

        Assert.Equal(status, answer.Status);
        if (status == 404)
            Assert.Equal(10062, answer.Code);
        else
            Assert.Equal(("hello", true), (interaction.Text, interaction.IsEphemeral));
    }

    [Fact]
    public async Task Second_answer_is_40060()
    {
        await using Simulator discord = await StartAsync(new FakeTimeProvider());
        using RawRest rest = new(discord);
        SimulatedInteraction interaction = await StopAsync(discord);
        await rest.SendAsync("POST", Callback(interaction), """{"type":5}""");

        Assert.Equal(40060, (await rest.SendAsync("POST", Callback(interaction), """{"type":5}""")).Code);
        Assert.True(interaction.IsThinking);
    }

    [Theory]
    [InlineData(899, 200)]
    [InlineData(901, 401)]
    public async Task Follow_ups_are_due_within_fifteen_minutes(int seconds, int status)
    {
        FakeTimeProvider time = new();
        await using Simulator discord = await StartAsync(time);
        using RawRest rest = new(discord);
        SimulatedInteraction interaction = await StopAsync(discord);
        await rest.SendAsync("POST", Callback(interaction), """{"type":5,"data":{"flags":64}}""");
        string webhook = $"/webhooks/{discord.Bot.Id}/{interaction.Token}";

        time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(status, (await rest.SendAsync("PATCH", webhook + "/messages/@original", """{"content":"done"}""")).Status);
        Assert.Equal(status, (await rest.SendAsync("POST", webhook, """{"content":"more"}""")).Status);
        Assert.Equal(status == 200 ? "done\nmore" : string.Empty, interaction.Text);
    }

    [Fact]
    public async Task Button_opens_a_modal_and_the_modal_is_sent_off()
    {
        await using Simulator discord = await StartAsync(new FakeTimeProvider());
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        using RawRest rest = new(discord);
        await rest.SendAsync("POST", $"/channels/{discord.TextChannel.Id}/messages", """
            {"content":"Recording","components":[{"type":1,"components":[{"type":2,"style":1,"label":"Note","custom_id":"note"}]}]}
            """);
        SimulatedMessage panel = discord.TextChannel.Messages[0];
        Assert.Equal("Recording\n[Note]", panel.Text);

        SimulatedInteraction press = await discord.Interactions.PressAsync(discord.Guild.Owner, panel, panel.ButtonWithLabel("note")!);
        Assert.Equal("note", (string)(await gateway.Socket.ReadAsync("INTERACTION_CREATE")).Data!["data"]!["custom_id"]!);
        await rest.SendAsync("POST", Callback(press), """
            {"type":9,"data":{"title":"Note","custom_id":"note-modal","components":[
              {"type":1,"components":[{"type":4,"custom_id":"text","style":1,"label":"Text"}]}]}}
            """);
        await press.Answered;
        await discord.Interactions.SubmitModalAsync(discord.Guild.Owner, press, new Dictionary<string, string> { ["text"] = "remember" });

        JsonNode sent = (await gateway.Socket.ReadAsync("INTERACTION_CREATE")).Data!;
        Assert.Equal(5, (int)sent["type"]!);
        Assert.Equal("remember", (string)sent["data"]!["components"]![0]!["components"]![0]!["value"]!);
    }

    [Fact]
    public async Task Webhook_before_the_first_answer_is_unknown()
    {
        await using Simulator discord = await StartAsync(new FakeTimeProvider());
        using RawRest rest = new(discord);
        SimulatedInteraction interaction = await StopAsync(discord);

        RawRest.Answer early = await rest.SendAsync("POST", $"/webhooks/{discord.Bot.Id}/{interaction.Token}", """{"content":"x"}""");

        Assert.Equal(10015, early.Code);
    }

    private static string Callback(SimulatedInteraction interaction) => $"/interactions/{interaction.Id}/{interaction.Token}/callback";

    private static Task<SimulatedInteraction> StopAsync(Simulator discord) =>
        discord.Interactions.SlashCommandAsync(discord.Guild.Owner, discord.TextChannel, "record stop");

    private static async Task<Simulator> StartAsync(FakeTimeProvider time)
    {
        Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Time = time });
        using RawRest rest = new(discord);
        await rest.SendAsync("PUT", $"/applications/{discord.Bot.Id}/commands", Commands);
        return discord;
    }
}
