using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator.Peers;

/// <summary>
/// An unmodified discord.js 14 client with @discordjs/voice in a Node process of its own (tests/peers/discordjs): the
/// proof that the simulator is not only its author's opinion of Discord.
/// </summary>
public sealed class DiscordJsPeer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly Lock gate = new(); // the process's output arrives on pool threads
    private readonly List<JsonObject> events = [];
    private readonly List<(TaskCompletionSource<JsonObject> Done, Func<JsonObject, bool> Fits)> waiting = [];

    private bool hasEnded;

    private DiscordJsPeer(Process process, SimulatedApplication application)
    {
        this.process = process;
        Application = application;
        process.OutputDataReceived += (_, line) => Receive(line.Data);
        process.ErrorDataReceived += (_, line) => ReceiveError(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _ = WatchAsync();
    }

    /// <summary>The account that the client plays.</summary>
    public SimulatedApplication Application { get; }

    /// <summary>Account id.</summary>
    public ulong UserId => Application.Id;

    /// <summary>What the client says when somebody else decides when; packets of 20 ms.</summary>
    public OpusClip? Script { get; set; }

    /// <summary>Everything that the client told so far.</summary>
    public IReadOnlyList<JsonObject> Events
    {
        get
        {
            lock (gate)
                return [.. events];
        }
    }

    /// <summary>Starts the client and waits until it is ready. Its account is added to the guild.</summary>
    /// <param name="discord">Where it connects.</param>
    /// <param name="name">Account name.</param>
    /// <param name="folder">tests/peers/discordjs with its packages installed.</param>
    /// <param name="dave">End-to-end encryption on or off.</param>
    /// <param name="guild">Null is the simulator's own.</param>
    public static async Task<DiscordJsPeer> StartAsync(
        Simulator discord, string name, string folder, bool dave = false, SimulatedGuild? guild = null)
    {
        SimulatedApplication application = discord.AddApplication(name);
        (guild ?? discord.Guild).AddBot(application);
        ProcessStartInfo start = new("node", [Path.Combine(folder, "peer.mjs")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PEER_TOKEN"] = application.Token;
        start.Environment["PEER_API"] = discord.ApiBaseUrl[..discord.ApiBaseUrl.LastIndexOf('/')];
        start.Environment["PEER_DAVE"] = dave ? "1" : "0";
        start.Environment["NODE_EXTRA_CA_CERTS"] = discord.CertificateAuthorityFile;
        Process process = Process.Start(start) ?? throw new InvalidOperationException("node does not start");
        DiscordJsPeer peer = new(process, application);
        await peer.ExpectAsync("ready");
        return peer;
    }

    /// <summary>Joins a voice channel and waits until the connection is ready.</summary>
    public async Task JoinAsync(SimulatedChannel channel)
    {
        int seen = Events.Count;
        await SendAsync("join", ("guild", Text(channel.Guild!.Id)), ("channel", Text(channel.Id)));
        await ExpectAsync("joined", after: seen);
    }

    /// <summary>Leaves the call.</summary>
    public async Task LeaveAsync()
    {
        await SendAsync("leave");
        await ExpectAsync("left");
    }

    /// <summary>Begins to collect a user's packets.</summary>
    public async Task ListenToAsync(ulong userId)
    {
        await SendAsync("listen", ("user", Text(userId)));
        await ExpectAsync("listening");
    }

    /// <summary>Says a clip (packets of 20 ms) and waits until it was played.</summary>
    public async Task SayAsync(OpusClip clip)
    {
        int seen = Events.Count;
        JsonArray packets = [.. clip.Frames.Select(frame => (JsonNode)Convert.ToBase64String(frame.Payload.Span))];
        await SendAsync("say", ("packets", packets));
        await ExpectAsync("said", after: seen, patience: clip.Duration + Patience);
    }

    /// <summary>The call's privacy code as the client computes it (30 digits); null without encryption or before a group.</summary>
    public async Task<string?> PrivacyCodeAsync()
    {
        int seen = Events.Count;
        await SendAsync("code");
        return (await ExpectAsync("code", after: seen))["privacyCode"].ReadText();
    }

    /// <summary>What was heard of a user so far, in order.</summary>
    public IReadOnlyList<byte[]> Heard(ulong userId) =>
        [.. Events.Where(e => e["event"].ReadText() == "packet" && e["user"].ReadText() == Text(userId))
            .Select(e => Convert.FromBase64String(e["data"].ReadText()!))];

    /// <summary>Sends any command of the peer.</summary>
    public async Task SendAsync(string command, params (string Name, JsonNode Value)[] fields)
    {
        JsonObject line = new() { ["command"] = command };
        foreach ((string name, JsonNode value) in fields)
            line[name] = value;
        await process.StandardInput.WriteLineAsync(line.ToJsonString());
        await process.StandardInput.FlushAsync();
    }

    /// <summary>Waits for an event, also one that came before, but not earlier than the <paramref name="after"/>-th.</summary>
    /// <exception cref="TimeoutException">It does not come.</exception>
    /// <exception cref="InvalidOperationException">The peer tells that a command failed, or has ended.</exception>
    public async Task<JsonObject> ExpectAsync(string name, int after = 0, TimeSpan? patience = null)
    {
        bool Fits(JsonObject told) => told["event"].ReadText() is { } kind && (kind == name || kind == "failed");
        TaskCompletionSource<JsonObject> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (events.Skip(after).FirstOrDefault(Fits) is { } known)
                done.SetResult(known);
            else if (hasEnded)
                done.SetException(Ended());
            else
                waiting.Add((done, Fits));
        }

        JsonObject result;
        try
        {
            result = await done.Task.WaitAsync(patience ?? Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The peer did not tell '{name}'. It told: {Tail()}");
        }

        return result["event"].ReadText() == name
            ? result
            : throw new InvalidOperationException($"The peer failed: {result.ToJsonString()}");
    }

    /// <summary>Ends the process.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            process.StandardInput.Close(); // the peer leaves when its input ends
        }
        catch (IOException)
        {
            // It has left already.
        }
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(5));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        process.Dispose();
    }

    private static string Text(ulong id) => id.ToString(CultureInfo.InvariantCulture);

    private string Tail() => string.Join('\n', Events.TakeLast(20).Select(told => told.ToJsonString()));

    // Nobody waits for the events of a client that has ended. Its last lines are read by then.
    private async Task WatchAsync()
    {
        await process.WaitForExitAsync();
        List<TaskCompletionSource<JsonObject>> release;
        lock (gate)
        {
            hasEnded = true;
            release = [.. waiting.Select(entry => entry.Done)];
            waiting.Clear();
        }

        release.ForEach(done => done.TrySetException(Ended()));
    }

    private InvalidOperationException Ended() => new($"The peer has ended. It told: {Tail()}");

    private void Receive(string? line)
    {
        if (line is null || !Json.TryObject(line, out JsonObject told))
            return;
        List<TaskCompletionSource<JsonObject>> release = [];
        lock (gate)
        {
            events.Add(told);
            waiting.RemoveAll(entry =>
            {
                if (!entry.Fits(told))
                    return false;
                release.Add(entry.Done);
                return true;
            });
        }

        release.ForEach(done => done.TrySetResult(told));
    }

    private void ReceiveError(string? line)
    {
        if (line is not null)
            Receive(new JsonObject { ["event"] = "stderr", ["message"] = line }.ToJsonString());
    }
}
