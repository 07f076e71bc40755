using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Gateway;

/// <summary>One web socket of the main gateway, version 10: hello, identify or resume, heartbeats, voice state updates.</summary>
internal sealed class GatewayConnection(SimulatedWorld world, GatewayServer server, JsonSocket socket)
    : ServerConnection(world, socket, "gateway", world.Options.GatewayHeartbeatInterval, 2)
{
    private const int MaximumPayload = 4096;
    private const int MaximumSendsPerMinute = 120;

    private readonly SimulatedWorld world = world;
    private readonly Queue<TimeSpan> sends = new();

    public GatewaySession? Session { get; private set; }

    protected override string Who => Session?.Application.User.Username ?? "?";

    public void Start()
    {
        SendText(new JsonObject
        {
            ["op"] = 10,
            ["d"] = new JsonObject
            {
                ["heartbeat_interval"] = (long)world.Options.GatewayHeartbeatInterval.TotalMilliseconds,
                ["_trace"] = new JsonArray("simulated"),
            },
        }.ToJsonString());
        Watch();
    }

    public void SendOperation(int op, JsonNode? data) =>
        SendText(new JsonObject { ["op"] = op, ["d"] = data, ["s"] = null, ["t"] = null }.ToJsonString());

    public void Received(WebSocketMessageType type, byte[] bytes)
    {
        string text = Encoding.UTF8.GetString(bytes);
        Log(text);
        if (bytes.Length > MaximumPayload || type != WebSocketMessageType.Text)
            Close(4002, "Error while decoding payload.");
        else if (!Json.TryObject(text, out JsonObject message) || message["op"].ReadNumber() is not { } op)
            Close(4002, "Error while decoding payload.");
        else if (IsTooFast())
            Close(4008, "You are being rate limited.");
        else if (world.Faults.Take<LoseGatewayMessage>(Session?.Application.Id, lost => lost.Opcode == (int)op) is not null)
            Abort();
        else
            Handle((int)op, message["d"]);
    }

    public void Attach(GatewaySession session)
    {
        Session = session;
        session.Connection?.Close(4000, "resumed elsewhere");
        session.Connection = this;
        session.Expiry?.Cancel();
    }

    protected override void Detach()
    {
        if (Session is { } session && session.Connection == this)
        {
            session.Connection = null;
            server.ExpireLater(session);
        }

        Session = null;
    }

    protected override void Finish(string reason)
    {
        if (Session is { } session)
            server.End(session, reason);
    }

    private void Handle(int op, JsonNode? data)
    {
        switch (op)
        {
            case 1:
                Heartbeat();
                break;
            case 2 when Session is not null:
                Close(4005, "Already authenticated.");
                break;
            case 2:
                server.Identify(this, data);
                break;
            case 6 when Session is not null:
                Close(4005, "Already authenticated.");
                break;
            case 6:
                server.Resume(this, data);
                break;
            case 3 or 4 or 8 when Session is null:
                Close(4003, "Not authenticated.");
                break;
            case 3:
                break; // presence: nobody looks
            case 4:
                world.Voice.Requested(Session!, data);
                break;
            case 8:
                server.SendMembers(Session!, data);
                break;
            default:
                Close(4001, "Unknown opcode.");
                break;
        }
    }

    private void Heartbeat()
    {
        Beat();
        if (world.Faults.Take<IgnoreGatewayHeartbeats>(Session?.Application.Id) is not null)
            world.Log.Event("gateway", $"heartbeat of {Who} is not acknowledged");
        else
            SendOperation(11, null);
    }

    private bool IsTooFast()
    {
        TimeSpan now = world.Loop.Elapsed;
        sends.Enqueue(now);
        while (sends.TryPeek(out TimeSpan oldest) && now - oldest > TimeSpan.FromMinutes(1))
            sends.Dequeue();
        return sends.Count > MaximumSendsPerMinute;
    }
}
