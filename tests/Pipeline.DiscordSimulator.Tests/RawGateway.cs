using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Tests;

/// <summary>A gateway connection that can be brought to READY in one line.</summary>
internal sealed class RawGateway(RawSocket socket, Simulator discord, SimulatedApplication application) : IAsyncDisposable
{
    public const int VoiceIntents = 129;

    public RawSocket Socket { get; } = socket;

    public string SessionId { get; private set; } = string.Empty;

    public static async Task<RawGateway> ConnectAsync(
        Simulator discord, SimulatedApplication? application = null, string query = "/?v=10&encoding=json") =>
        new(await RawSocket.ConnectAsync(discord.GatewayUrl + query), discord, application ?? discord.Bot);

    public static async Task<RawGateway> ReadyAsync(Simulator discord, SimulatedApplication? application = null)
    {
        RawGateway gateway = await ConnectAsync(discord, application);
        await gateway.Socket.ReadAsync(10);
        await gateway.IdentifyAsync();
        RawSocket.Message ready = await gateway.Socket.ReadAsync("READY");
        gateway.SessionId = (string)ready.Data!["session_id"]!;
        await gateway.Socket.ReadAsync("GUILD_CREATE");
        return gateway;
    }

    public Task IdentifyAsync(string? token = null, long intents = VoiceIntents, int shard = 0, int shards = 1) =>
        Socket.SendAsync(2, new JsonObject
        {
            ["token"] = token ?? application.Token,
            ["intents"] = intents,
            ["properties"] = new JsonObject { ["os"] = "linux", ["browser"] = "raw", ["device"] = "raw" },
            ["shard"] = new JsonArray(shard, shards),
        });

    public Task ResumeAsync(string sessionId, long sequence, string? token = null) =>
        Socket.SendAsync(6, new JsonObject
        {
            ["token"] = token ?? application.Token,
            ["session_id"] = sessionId,
            ["seq"] = sequence,
        });

    public Task RequestVoiceAsync(SimulatedChannel? channel, SimulatedGuild? guild = null, bool selfDeaf = false) =>
        Socket.SendAsync(4, new JsonObject
        {
            ["guild_id"] = (channel?.Guild ?? guild ?? discord.Guild).Id.ToString(),
            ["channel_id"] = channel?.Id.ToString(),
            ["self_mute"] = false,
            ["self_deaf"] = selfDeaf,
        });

    public ValueTask DisposeAsync() => Socket.DisposeAsync();
}
