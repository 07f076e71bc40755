using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Voice;

/// <summary>
/// A real client in a call: what survives a lost web socket. Numbered messages (one 16-bit counter over JSON and
/// binary) are kept so that op 7 can be served.
/// </summary>
internal sealed class VoiceSession : CallMember
{
    private readonly SimulatedWorld world;
    private readonly VoiceReplayBuffer buffer;
    private readonly Dictionary<CallMember, MediaLink> links = [];
    private VoiceConnection? connection;
    private ScheduledAction? expiry;

    public VoiceSession(SimulatedWorld world, VoiceTicket ticket, Call call, uint ssrc, int maxDaveVersion)
        : base(ticket.Member, ssrc)
    {
        this.world = world;
        Ticket = ticket;
        Call = call;
        MaxDaveVersion = maxDaveVersion;
        buffer = new VoiceReplayBuffer(world.Options.FirstVoiceSequence, world.Options.VoiceReplayBuffer);
        Transport = new ClientTransport(world, ticket.Server.Sfu, Who);
    }

    public VoiceTicket Ticket { get; }

    public Call Call { get; }

    /// <summary>What the client said in op 0; 0 when it said nothing.</summary>
    public int MaxDaveVersion { get; }

    /// <summary>The UDP side.</summary>
    public ClientTransport Transport { get; }

    /// <summary>True between op 0 or op 7 and the end of the web socket.</summary>
    public bool IsConnected => connection is not null;

    /// <summary>The newest seq_ack that the client sent.</summary>
    public long LastAcknowledged { get; set; } = -1;

    /// <summary>Number of successful op 7.</summary>
    public int Resumes { get; private set; }

    private string Who => Member.User.Username;

    public void Attach(VoiceConnection newConnection)
    {
        expiry?.Cancel();
        VoiceConnection? old = connection;
        connection = newConnection;
        old?.Close(4009, "replaced");
    }

    public void Resume(VoiceConnection newConnection, long acknowledged)
    {
        Attach(newConnection);
        Resumes++;
        newConnection.Send(9, null);
        foreach (VoiceReplayBuffer.Entry entry in buffer.After(acknowledged))
            newConnection.Send(entry);
    }

    public bool CanResumeAfter(long acknowledged) => buffer.Contains(acknowledged);

    public void Detached(VoiceConnection old)
    {
        if (connection != old)
            return;
        connection = null;
        expiry = world.Loop.Schedule(
            world.Options.VoiceSessionLifetime, () => world.Voice.Remove(this));
    }

    public void SendNumbered(int op, JsonNode? data)
    {
        VoiceReplayBuffer.Entry entry = buffer.AddText(op, data);
        connection?.Send(entry);
    }

    /// <summary><c>u16 seq || u8 op || payload</c></summary>
    public void SendBinary(byte op, ReadOnlySpan<byte> payload)
    {
        VoiceReplayBuffer.Entry entry = buffer.AddBinary(op, payload);
        connection?.Send(entry);
    }

    public void SendRaw(string text) => connection?.SendText(text);

    public void SendDatagram(ReadOnlySpan<byte> bytes) => Transport.SendRaw(bytes);

    public void SelectProtocol(string mode)
    {
        Transport.Select(mode, NewKey());
        SendSessionDescription();
    }

    public void RenewKey()
    {
        if (Transport.Mode is not { } mode)
            return;
        Transport.Select(mode, NewKey());
        SendSessionDescription();
    }

    /// <summary>Closes the web socket; a session that is not resumable leaves the call at once.</summary>
    public void Close(int code, string reason, bool resumable)
    {
        VoiceConnection? current = connection;
        if (!resumable)
            connection = null;
        current?.Close(code, reason);
        if (!resumable)
            world.Voice.Remove(this);
    }

    public void Abort() => connection?.Abort();

    public void Expire() => expiry?.Cancel();

    public MediaLink Link(CallMember sender)
    {
        if (links.TryGetValue(sender, out MediaLink? link) && link.Ssrc == sender.Ssrc)
            return link;
        link = new MediaLink(world, this, sender);
        links[sender] = link;
        return link;
    }

    private byte[] NewKey()
    {
        byte[] key = new byte[32];
        world.Random.NextBytes(key);
        return key;
    }

    private void SendSessionDescription()
    {
        JsonArray key = [.. Transport.Key.Select(octet => (JsonNode)octet)];
        SendNumbered(4, new JsonObject
        {
            ["mode"] = Transport.Mode,
            ["secret_key"] = key,
            ["dave_protocol_version"] = Call.Delivery.VersionFor(this),
            ["audio_codec"] = "opus",
            ["video_codec"] = "H264",
            ["media_session_id"] = Ssrc.ToString("x8", CultureInfo.InvariantCulture),
        });
    }
}
