using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Gateway;

/// <summary>The main gateway: who is connected, who may identify or resume, and who hears of what.</summary>
internal sealed class GatewayServer(SimulatedWorld world)
{
    private static readonly TimeSpan IdentifyPace = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, GatewaySession> sessions = [];
    private readonly Dictionary<(ulong Application, int Key), TimeSpan> lastIdentify = [];
    private readonly List<GatewayConnection> connections = [];

    /// <summary>Base address of the web socket, without a query.</summary>
    public string Url { get; set; } = string.Empty;

    public IEnumerable<GatewaySession> Sessions => sessions.Values;

    public async Task AcceptAsync(HttpContext context)
    {
        using System.Net.WebSockets.WebSocket webSocket = await context.WebSockets.AcceptWebSocketAsync();
        JsonSocket socket = new(webSocket, world.Loop, context.Abort);
        string? version = context.Request.Query["v"];
        string? encoding = context.Request.Query["encoding"];
        GatewayConnection connection = new(world, this, socket);
        world.Loop.Post(() =>
        {
            connections.Add(connection);
            world.Log.Event("gateway", $"connected {context.Request.Path}{context.Request.QueryString}");
            if (world.Faults.Take<RefuseGateway>() is not null)
                connection.Abort();
            else if (version != "10")
                connection.Close(4012, "Invalid API version.");
            else if (encoding is not null and not "json" || context.Request.Query.ContainsKey("compress"))
                connection.Close(4002, "The simulator speaks plain JSON only.");
            else
                connection.Start();
        });
        await socket.RunAsync(connection.Received, code =>
        {
            connections.Remove(connection);
            connection.Ended(code);
        });
    }

    public IEnumerable<GatewayConnection> ConnectionsOf(ulong? userId) =>
        [.. connections.Where(connection => userId is null || connection.Session?.Application.Id == userId)];

    public void Identify(GatewayConnection connection, JsonNode? data)
    {
        string token = data?["token"].ReadText() ?? string.Empty;
        SimulatedApplication? application = world.ApplicationByToken(token);
        if (application is null || application.SessionStartsLeft <= 0)
        {
            connection.Close(4004, "Authentication failed.");
            return;
        }

        GatewayIntents intents = (GatewayIntents)(ulong)(data?["intents"].ReadNumber() ?? -1);
        if (IntentProblem(application, intents) is { } problem)
        {
            connection.Close(problem, problem == 4013 ? "Invalid intent(s)." : "Disallowed intent(s).");
            return;
        }

        int shard = (int)(data?["shard"]?[0].ReadNumber() ?? 0);
        int shardCount = (int)(data?["shard"]?[1].ReadNumber() ?? 1);
        if (shardCount < 1 || shard < 0 || shard >= shardCount)
            connection.Close(4010, "Invalid shard.");
        else if (IsTooEarly(application, shard))
            connection.SendOperation(9, JsonValue.Create(false));
        else
            Begin(connection, application, intents, shard, shardCount);
    }

    public void Resume(GatewayConnection connection, JsonNode? data)
    {
        SimulatedApplication? application = world.ApplicationByToken(data?["token"].ReadText());
        GatewaySession? session = sessions.GetValueOrDefault(data?["session_id"].ReadText() ?? string.Empty);
        long sequence = data?["seq"].ReadNumber() ?? -1;
        if (application is null)
            connection.Close(4004, "Authentication failed.");
        else if (session is null || session.Application != application
            || world.Faults.Take<RefuseResume>(application.Id) is not null)
            connection.SendOperation(9, JsonValue.Create(false));
        else if (sequence > session.Sequence)
            connection.Close(4007, "Invalid seq.");
        else if (!session.CanReplayAfter(sequence))
            connection.SendOperation(9, JsonValue.Create(false));
        else
        {
            connection.Attach(session);
            session.ReplayAfter(sequence);
            session.Dispatch("RESUMED", new JsonObject { ["_trace"] = new JsonArray("simulated") });
        }
    }

    /// <summary>Sends a dispatch to every session that serves the guild and asked for the intent.</summary>
    public void Dispatch(SimulatedGuild guild, string type, JsonObject data, GatewayIntents intent)
    {
        if (guild.IsUnavailable)
            return;
        foreach (GatewaySession session in sessions.Values.Where(session => session.Serves(guild)))
        {
            if ((session.Intents & intent) == intent)
                session.Dispatch(type, data);
        }
    }

    /// <summary>Sends a dispatch to one application only, on the guild's shard or on shard 0.</summary>
    /// <returns>False when no session takes it.</returns>
    public bool DispatchTo(ulong applicationId, SimulatedGuild? guild, string type, JsonObject data)
    {
        GatewaySession? session = sessions.Values.LastOrDefault(candidate =>
            candidate.Application.Id == applicationId
            && (guild is null ? candidate.Shard == 0 : candidate.Serves(guild)));
        session?.Dispatch(type, data);
        return session is not null;
    }

    public void GuildAvailable(SimulatedGuild guild, ulong userId)
    {
        foreach (GatewaySession session in sessions.Values.Where(s => s.Application.Id == userId && s.Serves(guild)))
            session.Dispatch("GUILD_CREATE", guild.ToJson());
    }

    public void GuildGone(SimulatedGuild guild, ulong userId, bool unavailable)
    {
        JsonObject data = new() { ["id"] = Json.Id(guild.Id) };
        if (unavailable)
            data["unavailable"] = true;
        foreach (GatewaySession session in sessions.Values.Where(s => s.Application.Id == userId))
        {
            if ((int)((guild.Id >> 22) % (ulong)session.ShardCount) == session.Shard)
                session.Dispatch("GUILD_DELETE", data);
        }
    }

    public void SendMembers(GatewaySession session, JsonNode? data)
    {
        if (world.Guild(data?["guild_id"].ReadId()) is not { } guild)
            return;
        session.Dispatch("GUILD_MEMBERS_CHUNK", new JsonObject
        {
            ["guild_id"] = Json.Id(guild.Id),
            ["members"] = new JsonArray([.. guild.Members.Select(member => (JsonNode)member.ToJson())]),
            ["chunk_index"] = 0,
            ["chunk_count"] = 1,
            ["not_found"] = new JsonArray(),
            ["nonce"] = data?["nonce"]?.DeepClone(),
        });
    }

    public void ExpireLater(GatewaySession session) =>
        session.Expiry = world.Loop.Schedule(
            world.Options.GatewaySessionLifetime, () => End(session, "not resumed in time"));

    /// <summary>Forgets a session; voice connections that hung on it are dropped.</summary>
    public void End(GatewaySession session, string reason)
    {
        session.Expiry?.Cancel();
        if (!sessions.Remove(session.Id))
            return;
        world.Log.Event("gateway", $"session of {session.Application.User.Username} ended: {reason}");
        world.Voice.SessionLost(session);
    }

    private static int? IntentProblem(SimulatedApplication application, GatewayIntents intents)
    {
        if ((intents & ~GatewayIntents.Known) != 0)
            return 4013;
        ulong privileged = (ulong)(intents & GatewayIntents.Privileged);
        return (privileged & ~application.PrivilegedIntents) != 0 ? 4014 : null;
    }

    private bool IsTooEarly(SimulatedApplication application, int shard)
    {
        // Discord "Gateway", Sharding: one identify per 5 seconds and key.
        (ulong, int) key = (application.Id, shard % application.MaxConcurrency);
        TimeSpan now = world.Loop.Elapsed;
        if (world.Options.EnforceIdentifyPace
            && lastIdentify.TryGetValue(key, out TimeSpan last) && now - last < IdentifyPace)
            return true;
        lastIdentify[key] = now;
        return false;
    }

    private void Begin(
        GatewayConnection connection, SimulatedApplication application, GatewayIntents intents, int shard, int shardCount)
    {
        foreach (GatewaySession old in sessions.Values
            .Where(s => s.Application == application && s.Shard == shard && s.Connection is null).ToArray())
            End(old, "replaced by a new identify");
        GatewaySession session = new(
            world.NewToken(16), application, intents, shard, shardCount, world.Options.GatewayReplayBuffer);
        sessions.Add(session.Id, session);
        application.Identifies++;
        application.SessionStartsLeft--;
        connection.Attach(session);
        SimulatedGuild[] guilds = [.. world.Guilds.Where(session.Serves)];
        session.Dispatch("READY", Ready(session, guilds));
        foreach (SimulatedGuild guild in guilds.Where(guild => !guild.IsUnavailable))
            session.Dispatch("GUILD_CREATE", guild.ToJson());
    }

    private JsonObject Ready(GatewaySession session, SimulatedGuild[] guilds)
    {
        JsonObject user = session.Application.User.ToJson();
        user["verified"] = true;
        user["mfa_enabled"] = false;
        user["email"] = null;
        return new JsonObject
        {
            ["v"] = 10,
            ["user"] = user,
            ["user_settings"] = new JsonObject(),
            ["session_type"] = "normal",
            ["session_id"] = session.Id,
            ["resume_gateway_url"] = session.Application.ResumeUrl ?? Url,
            ["relationships"] = new JsonArray(),
            ["private_channels"] = new JsonArray(),
            ["presences"] = new JsonArray(),
            ["guilds"] = new JsonArray([.. guilds.Select(guild => (JsonNode)guild.ToStub())]),
            ["guild_join_requests"] = new JsonArray(),
            ["geo_ordered_rtc_regions"] = new JsonArray(),
            ["auth"] = new JsonObject(),
            ["application"] = new JsonObject { ["id"] = Json.Id(session.Application.Id), ["flags"] = 0 },
            ["shard"] = new JsonArray(session.Shard, session.ShardCount),
            ["_trace"] = new JsonArray("simulated"),
        };
    }
}
