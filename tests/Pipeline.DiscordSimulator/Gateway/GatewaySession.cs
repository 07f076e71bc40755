using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Gateway;

/// <summary>
/// One gateway session: numbered dispatches, the buffer from which a resume is served, and the connection if there is one.
/// </summary>
internal sealed class GatewaySession(
    string id, SimulatedApplication application, GatewayIntents intents, int shard, int shardCount, int bufferSize)
{
    private readonly Queue<(long Sequence, string Text)> buffer = new();

    public string Id { get; } = id;

    public SimulatedApplication Application { get; } = application;

    public GatewayIntents Intents { get; } = intents;

    public int Shard { get; } = shard;

    public int ShardCount { get; } = shardCount;

    public long Sequence { get; private set; }

    public GatewayConnection? Connection { get; set; }

    public Engine.ScheduledAction? Expiry { get; set; }

    /// <summary>Guild events go to <c>(guild_id &gt;&gt; 22) % shards</c>.</summary>
    public bool Serves(SimulatedGuild guild) =>
        (int)((guild.Id >> 22) % (ulong)ShardCount) == Shard && guild.Member(Application.Id) is not null;

    public void Dispatch(string type, JsonNode data)
    {
        JsonObject message = new() { ["op"] = 0, ["t"] = type, ["s"] = ++Sequence, ["d"] = data.DeepClone() };
        string text = message.ToJsonString();
        buffer.Enqueue((Sequence, text));
        if (buffer.Count > bufferSize)
            buffer.Dequeue();
        Connection?.SendText(text);
    }

    /// <summary>True when every dispatch after <paramref name="sequence"/> is still known.</summary>
    public bool CanReplayAfter(long sequence) =>
        sequence <= Sequence && (sequence == Sequence || (buffer.Count > 0 && buffer.Peek().Sequence <= sequence + 1));

    public void ReplayAfter(long sequence)
    {
        foreach ((long number, string text) in buffer)
        {
            if (number > sequence)
                Connection?.SendText(text);
        }
    }
}
