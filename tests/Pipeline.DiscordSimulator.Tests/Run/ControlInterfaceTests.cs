using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Run;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.Tests.Rest;

namespace Pipeline.DiscordSimulator.Tests.Run;

public sealed class ControlInterfaceTests
{
    [Fact]
    public async Task Script_types_commands_presses_buttons_and_reads_the_panel()
    {
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { ControlInterface = true });
        using HttpClient http = new();
        using RawRest rest = new(discord);
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);
        await rest.SendAsync("PUT", $"/applications/{discord.Bot.Id}/commands", """[{"name":"ping","description":"Ping"}]""");

        Task<JsonNode> command = PostAsync(http, discord, "command", new JsonObject { ["member"] = "Mia", ["command"] = "ping" });
        JsonNode interaction = (await gateway.Socket.ReadAsync("INTERACTION_CREATE")).Data!;
        await rest.SendAsync("POST", $"/interactions/{interaction["id"]}/{interaction["token"]}/callback", """
            {"type":4,"data":{"content":"pong","components":[
              {"type":1,"components":[{"type":2,"style":1,"label":"Again","custom_id":"again"}]}]}}
            """);
        Assert.Equal("pong\n[Again]", (string)(await command)["text"]!);

        Task<JsonNode> press = PostAsync(http, discord, "press", new JsonObject { ["label"] = "again" });
        interaction = (await gateway.Socket.ReadAsync("INTERACTION_CREATE")).Data!;
        await rest.SendAsync("POST", $"/interactions/{interaction["id"]}/{interaction["token"]}/callback", """{"type":7,"data":{"content":"pong pong"}}""");
        Assert.Equal(7, (int)(await press)["callbackType"]!);

        JsonArray messages = (JsonArray)(
            await http.GetFromJsonAsync<JsonNode>($"{discord.ControlUrl}/messages?channel=general",
            TestContext.Current.CancellationToken))!;
        Assert.Equal(2, messages.Single()!["versions"]!.AsArray().Count);
    }

    [Fact]
    public async Task Script_adds_faults_and_conditions_and_lets_speakers_talk()
    {
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { ControlInterface = true });
        using HttpClient http = new();
        discord.AddSpeaker("Ada").Script = OpusClip.Generate(1, TimeSpan.FromMilliseconds(60));
        await using RawGateway gateway = await RawGateway.ReadyAsync(discord);

        await PostAsync(http, discord, "conditions", new JsonObject { ["loss"] = 0.5, ["jitter"] = 0.02 });
        Assert.Equal((0.5, TimeSpan.FromMilliseconds(20)), (discord.Conditions.Loss, discord.Conditions.Jitter));
        await PostAsync(http, discord, "say", new JsonObject { ["speaker"] = "Ada", ["wait"] = true });
        JsonNode state = (await http.GetFromJsonAsync<JsonNode>($"{discord.ControlUrl}/state", TestContext.Current.CancellationToken))!;
        Assert.Equal(8, (int)state["speakers"]![0]!["utterances"]![0]!["packets"]!);
        await PostAsync(http, discord, "fault", new JsonObject { ["kind"] = nameof(CloseGateway), ["code"] = 4000 });
        Assert.Equal(4000, await gateway.Socket.ReadCloseAsync());
        Assert.Contains("no fault", (string)(await PostAsync(http, discord, "fault", new JsonObject { ["kind"] = "Nothing" }))["error"]!,
            StringComparison.Ordinal);
    }

    private static async Task<JsonNode> PostAsync(HttpClient http, Simulator discord, string action, JsonObject body)
    {
        using HttpResponseMessage response = await http.PostAsync($"{discord.ControlUrl}/{action}", JsonContent.Create(body));
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }
}
