using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Voice;

/// <summary>One web socket of the voice gateway, version 8: hello, identify or resume, then the session's messages.</summary>
internal sealed class VoiceConnection(SimulatedWorld world, VoiceServer server, JsonSocket socket)
    : ServerConnection(world, socket, "voice", world.Options.VoiceHeartbeatInterval, 3)
{
    private readonly SimulatedWorld world = world;
    private VoiceSession? session;

    protected override string Who => session?.Member.User.Username ?? "?";

    public void Start()
    {
        if (world.Faults.Take<DelayVoiceHello>() is { } late)
            world.Loop.Schedule(late.Delay, Greet);
        else
            Greet();
    }

    /// <summary>A message without a number.</summary>
    public void Send(int op, JsonNode? data) => SendText(new JsonObject { ["op"] = op, ["d"] = data }.ToJsonString());

    public void Send(VoiceReplayBuffer.Entry entry)
    {
        if (entry.Text is { } text)
            SendText(text);
        else
            SendBinary(
                entry.Binary!,
                $"binary seq {entry.Sequence} op {entry.Binary![2]} {Convert.ToHexStringLower(entry.Binary.AsSpan(3))}");
    }

    public void Received(WebSocketMessageType type, byte[] bytes)
    {
        if (type == WebSocketMessageType.Binary)
        {
            ReceivedBinary(bytes);
            return;
        }

        string text = Encoding.UTF8.GetString(bytes);
        Log(text);
        if (!Json.TryObject(text, out JsonObject message) || message["op"].ReadNumber() is not { } op)
            Close(4002, "Failed to decode payload.");
        else if (!IsLost((int)op))
            Handle((int)op, message["d"]);
    }

    protected override void Detach()
    {
        session?.Detached(this);
        session = null;
    }

    protected override void Finish(string reason)
    {
        if (session is { } ended)
            world.Voice.Remove(ended);
    }

    private void Greet()
    {
        Send(8, new JsonObject
        {
            ["v"] = 8,
            // Real servers send 13750.0; clients that read an integer fail on it.
            ["heartbeat_interval"] = JsonNode.Parse($"{(long)world.Options.VoiceHeartbeatInterval.TotalMilliseconds}.0"),
        });
        Watch();
    }

    private void Handle(int op, JsonNode? data)
    {
        switch (op)
        {
            case 3:
                Heartbeat(data);
                break;
            case 0 or 7 when session is not null:
                Close(4005, "Already authenticated.");
                break;
            case 0:
                Identify(data);
                break;
            case 7:
                Resume(data);
                break;
            case var _ when session is null:
                Close(4003, "Not authenticated.");
                break;
            case 1:
                SelectProtocol(data);
                break;
            case 5:
                Speaking(data);
                break;
            case 12 or 14 or 15 or 20:
                break; // video and the like: nobody shows any
            case 16:
                Send(16, new JsonObject { ["voice"] = "0.0.0-simulated", ["rtc_worker"] = "0.0.0-simulated" });
                break;
            case 23:
                session!.Call.Delivery.TransitionReady(session.UserId, (int)(data?["transition_id"].ReadNumber() ?? -1));
                break;
            case 31:
                session!.Call.Delivery.Invalid(session.UserId, (int)(data?["transition_id"].ReadNumber() ?? -1));
                break;
            default:
                Close(4001, "Unknown opcode.");
                break;
        }
    }

    private void ReceivedBinary(byte[] bytes)
    {
        byte op = bytes.Length > 0 ? bytes[0] : (byte)0;
        Log($"binary op {op} {Convert.ToHexStringLower(bytes.AsSpan(Math.Min(1, bytes.Length)))}");
        if (session is null)
            Close(4003, "Not authenticated.");
        else if (IsLost(op))
            return;
        else if (op == 26)
            session.Call.Delivery.KeyPackage(session.UserId, bytes.AsMemory(1));
        else if (op == 28)
            session.Call.Delivery.Commit(session.UserId, bytes.AsMemory(1));
        else
            Close(4001, "Unknown opcode.");
    }

    private bool IsLost(int op)
    {
        if (world.Faults.Take<LoseVoiceAnswer>(session?.UserId, lost => lost.Opcode == op) is null)
            return false;
        Abort();
        return true;
    }

    private void Heartbeat(JsonNode? data)
    {
        Beat();
        if (session is not null && data?["seq_ack"].ReadNumber() is { } acknowledged)
            session.LastAcknowledged = acknowledged;
        if (world.Faults.Take<IgnoreVoiceHeartbeats>(session?.UserId) is null)
            Send(6, new JsonObject { ["t"] = data is JsonObject body ? body["t"]?.DeepClone() : data?.DeepClone() });
    }

    private void Identify(JsonNode? data)
    {
        ulong? guildId = data?["server_id"].ReadId();
        ulong? userId = data?["user_id"].ReadId();
        VoiceTicket? ticket = world.Voice.TicketOf(guildId, userId);
        int maxVersion = (int)(data?["max_dave_protocol_version"].ReadNumber() ?? 0);
        int? refusal = world.Faults.Take<RefuseVoiceIdentify>(userId)?.Code
            ?? server.Refusal(ticket, data?["session_id"].ReadText(), data?["token"].ReadText(), maxVersion);
        if (refusal is { } code)
        {
            Close(code, "identify refused");
            return;
        }

        session = world.Voice.Begin(ticket!, maxVersion);
        session.Attach(this);
        session.SendNumbered(2, new JsonObject
        {
            ["ssrc"] = session.Ssrc,
            ["ip"] = "127.0.0.1",
            ["port"] = server.Sfu.Port,
            ["modes"] = new JsonArray([.. world.Options.VoiceModes.Select(mode => (JsonNode)mode)]),
            ["experiments"] = new JsonArray("fixed_keyframe_interval"),
            ["streams"] = new JsonArray(),
            ["heartbeat_interval"] = 1,
        });
        session.Call.Introduce(session);
        if (world.Options.VoiceNoise)
            MakeNoise();
        if (world.Options.ExternalSenderFirst)
            session.Call.Delivery.Joined(session);
    }

    private void Resume(JsonNode? data)
    {
        VoiceSession? known = world.Voice.SessionsOf(null)
            .FirstOrDefault(candidate => candidate.Ticket.SessionId == data?["session_id"].ReadText()
                && candidate.Ticket.Token == data?["token"].ReadText()
                && candidate.Member.Guild.Id == data?["server_id"].ReadId()
                && candidate.Ticket.Server == server);
        long acknowledged = data?["seq_ack"].ReadNumber() ?? -1;
        if (known is null
            || world.Faults.Take<RefuseVoiceResume>(known.UserId) is not null
            || !known.CanResumeAfter(acknowledged))
        {
            Close(4006, "Session is no longer valid.");
            return;
        }

        session = known;
        known.Resume(this, acknowledged);
    }

    private void SelectProtocol(JsonNode? data)
    {
        string? mode = data?["data"]?["mode"].ReadText();
        if (data?["protocol"].ReadText() != "udp")
            Close(4012, "Unknown protocol.");
        else if (mode is null || !world.Options.VoiceModes.Contains(mode) || !TransportModes.IsKnown(mode))
            Close(4016, "Unknown encryption mode.");
        else
        {
            session!.Transport.Expect(
                data["data"]?["address"].ReadText(), (int)(data["data"]?["port"].ReadNumber() ?? 0));
            session.SelectProtocol(mode);
            if (!world.Options.ExternalSenderFirst)
                session.Call.Delivery.Joined(session);
        }
    }

    private void Speaking(JsonNode? data)
    {
        if (data?["ssrc"].ReadNumber() is { } ssrc && ssrc != session!.Ssrc)
        {
            Close(4020, "Bad request.");
            return;
        }

        session!.Transport.HasSpoken = true;
        if (data?["speaking"].ReadNumber() is > 0)
            session.Call.Announce(session);
    }

    private void MakeNoise()
    {
        session!.SendNumbered(14, new JsonObject { ["audio_codec"] = "opus", ["media_session_id"] = "noise" });
        session.SendNumbered(15, new JsonObject { ["any"] = 100 });
        session.SendNumbered(99, new JsonObject { ["unheard_of"] = true });
        foreach (CallMember other in session.Call.Members.Where(member => member != session && member.IsAnnounced))
        {
            session.SendNumbered(12, new JsonObject
            {
                ["user_id"] = Json.Id(other.UserId),
                ["audio_ssrc"] = other.Ssrc,
                ["video_ssrc"] = 0,
                ["streams"] = new JsonArray(),
            });
        }
    }
}
