using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Pipeline.DiscordSimulator.Dave;
using Pipeline.DiscordSimulator.Engine;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.DiscordSimulator.Media;
using Pipeline.DiscordSimulator.Peers;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.Run;
using Pipeline.DiscordSimulator.Speakers;
using Pipeline.DiscordSimulator.Voice;
using Pipeline.DiscordSimulator.World;

namespace Pipeline.DiscordSimulator;

/// <summary>
/// A Discord on loopback: REST, gateway version 10, voice gateway version 8 over TLS, SFU. Starts with one guild that
/// has a text, a voice and a stage channel and the application <see cref="Bot"/> as a member.
/// </summary>
public sealed class Simulator : IAsyncDisposable
{
    private readonly SimulatedWorld world;
    private readonly RestServer rest;
    private readonly PrivateAuthority authority;
    private readonly WebApplication application;
    private readonly List<SimulatedSpeaker> speakers = [];
    private readonly List<DiscordJsPeer> peers = [];
    private readonly ControlInterface? control;
    private string? authorityFile;

    private Simulator(SimulatorOptions options)
    {
        world = new SimulatedWorld(options);
        rest = new RestServer(world);
        control = options.ControlInterface ? new ControlInterface(this, options.QuitRequested) : null;
        // Clients check the certificate by the real clock, whatever time the simulator lives in.
        authority = PrivateAuthority.Create(TimeProvider.System.GetUtcNow());
        application = Build(options);
        Bot = world.Loop.Run(() => world.AddApplication(options.BotName, options.BotToken));
        Guild = AddGuild("Simulated guild");
        TextChannel = Guild.AddTextChannel("general");
        VoiceChannel = Guild.AddVoiceChannel("Table");
        StageChannel = Guild.AddStageChannel("Stage");
        BotMember = Guild.AddBot(Bot);
    }

    /// <summary>For <c>DISCORD_API_BASE</c>: <c>http://127.0.0.1:port/api/v10</c>.</summary>
    public string ApiBaseUrl { get; private set; } = string.Empty;

    /// <summary>Base address of the control interface, if there is one.</summary>
    public string ControlUrl => ApiBaseUrl[..^RestServer.Base.Length] + ControlInterface.Base;

    /// <summary>Base address of the main gateway as clients are told it; another one where something stands in front of it.</summary>
    public string GatewayUrl
    {
        get => world.Gateway.Url;
        set => world.Loop.Run(() => world.Gateway.Url = value);
    }

    /// <summary>The root that signs the voice servers' certificate.</summary>
    public X509Certificate2 CertificateAuthority => authority.Certificate;

    /// <summary>
    /// For <c>DISCORD_CA_FILE</c> and <c>NODE_EXTRA_CA_CERTS</c>: the root in PEM, in a file that lives as long as the simulator.
    /// </summary>
    public string CertificateAuthorityFile => authorityFile ??= WriteAuthority();

    /// <summary>The application that every simulator has.</summary>
    public SimulatedApplication Bot { get; }

    /// <summary>The bot in <see cref="Guild"/>.</summary>
    public SimulatedMember BotMember { get; }

    /// <summary>The guild that every simulator has.</summary>
    public SimulatedGuild Guild { get; }

    /// <summary>Text channel of <see cref="Guild"/>.</summary>
    public SimulatedChannel TextChannel { get; }

    /// <summary>Voice channel of <see cref="Guild"/>.</summary>
    public SimulatedChannel VoiceChannel { get; }

    /// <summary>Stage channel of <see cref="Guild"/>.</summary>
    public SimulatedChannel StageChannel { get; }

    /// <summary>What goes wrong.</summary>
    public FaultBoard Faults => world.Faults;

    /// <summary>What people do.</summary>
    public InteractionDesk Interactions => rest.Interactions;

    /// <summary>What reached whom.</summary>
    public DeliveryLedger Deliveries => world.Voice.Deliveries;

    /// <summary>Every message.</summary>
    public SimulatorLog Log => world.Log;

    /// <summary>Every REST request.</summary>
    public IReadOnlyList<RecordedRequest> Requests => rest.Requests;

    /// <summary>Number of bulk overwrites of commands.</summary>
    public int CommandWrites => world.Loop.Run(() => rest.Commands.Writes);

    /// <summary>All guilds.</summary>
    public IReadOnlyList<SimulatedGuild> Guilds => world.Loop.Run(() => world.Guilds.ToArray());

    /// <summary>All channels: of every guild, and direct ones.</summary>
    public IReadOnlyList<SimulatedChannel> AllChannels => world.Loop.Run(() => world.Channels.ToArray());

    /// <summary>All speakers.</summary>
    public IReadOnlyList<SimulatedSpeaker> Speakers => world.Loop.Run(() => speakers.ToArray());

    /// <summary>Real clients started by <see cref="AddPeerAsync"/>.</summary>
    public IReadOnlyList<DiscordJsPeer> Peers => world.Loop.Run(() => peers.ToArray());

    /// <summary>Virtual time since the start.</summary>
    public TimeSpan Elapsed => world.Loop.Elapsed;

    /// <summary>What the network does to packets of speakers without conditions of their own.</summary>
    public MediaConditions Conditions
    {
        get => world.Voice.Conditions;
        set => world.Loop.Run(() => world.Voice.Conditions = value);
    }

    internal SimulatedWorld World => world;

    /// <summary>Starts one on free ports.</summary>
    public static async Task<Simulator> StartAsync(SimulatorOptions? options = null)
    {
        Simulator simulator = new(options ?? new SimulatorOptions());
        await simulator.application.StartAsync();
        simulator.ReadAddresses();
        return simulator;
    }

    /// <summary>Adds a guild with nobody but its owner.</summary>
    public SimulatedGuild AddGuild(string name) => world.Loop.Run(() => world.AddGuild(name));

    /// <summary>Adds another application, for example for a peer client.</summary>
    public SimulatedApplication AddApplication(string name) =>
        world.Loop.Run(() => world.AddApplication(name, world.NewToken()));

    /// <summary>Adds a member that talks, in a voice channel.</summary>
    public SimulatedSpeaker AddSpeaker(string name, SimulatedChannel? channel = null, SpeakerOptions? options = null) =>
        AddSpeaker((channel ?? VoiceChannel).Guild!.AddMember(name), channel ?? VoiceChannel, options);

    /// <summary>Lets a member talk, in a voice channel.</summary>
    public SimulatedSpeaker AddSpeaker(SimulatedMember member, SimulatedChannel channel, SpeakerOptions? options = null) =>
        world.Loop.Run(() =>
        {
            SimulatedSpeaker speaker = new(world, member, options ?? new SpeakerOptions());
            speakers.Add(speaker);
            speaker.Join(channel);
            return speaker;
        });

    /// <summary>Starts an unmodified discord.js client, encrypting as the call asks, and takes it into a voice channel.</summary>
    /// <exception cref="InvalidOperationException">There is no Node, or its packages cannot be installed.</exception>
    public async Task<DiscordJsPeer> AddPeerAsync(string name, SimulatedChannel? channel = null)
    {
        string folder = await PeerFolder.FindAsync()
            ?? throw new PeersMissingException("discord.js clients need node and their packages: run SETUP_PARTS=peers infra/setup.sh");
        SimulatedChannel entered = channel ?? VoiceChannel;
        DiscordJsPeer peer = await DiscordJsPeer.StartAsync(
            this, name, folder, world.Options.Dave != DaveMode.Off, entered.Guild);
        world.Loop.Run(() => peers.Add(peer));
        await peer.JoinAsync(entered);
        return peer;
    }

    /// <summary>The application's registered commands as JSON text, global ones when <paramref name="guild"/> is null.</summary>
    public string CommandsOf(SimulatedApplication owner, SimulatedGuild? guild) =>
        world.Loop.Run(() => rest.Commands.Of(owner.Id, guild?.Id).ToJsonString());

    /// <summary>True when <see cref="Bot"/> registered a command of this name, for everybody or for <see cref="Guild"/>.</summary>
    public bool HasCommand(string name) => world.Loop.Run(() => rest.Commands.Find(Bot.Id, Guild.Id, name) is not null);

    /// <summary>The direct channel to a user.</summary>
    public SimulatedChannel DirectChannel(SimulatedUser user) => world.Loop.Run(() => world.DirectChannel(user));

    /// <summary>A channel by id, or null.</summary>
    public SimulatedChannel? Channel(ulong id) => world.Loop.Run(() => world.Channel(id));

    /// <summary>How a client stands on the voice side, or null when it is in no call.</summary>
    public VoiceClientState? VoiceClient(ulong userId) =>
        world.Loop.Run(() => world.Voice.SessionsOf(userId).Select(VoiceClientState.Of).FirstOrDefault());

    /// <summary>End-to-end encryption of the call in a channel.</summary>
    public DaveCallState Encryption(SimulatedChannel channel) => world.Loop.Run(() => world.Voice.CallOf(channel).Delivery.State);

    /// <summary>True while the application has a live gateway connection.</summary>
    public bool IsConnected(SimulatedApplication owner) =>
        world.Loop.Run(() => world.Gateway.Sessions.Any(s => s.Application == owner && s.Connection is not null));

    /// <summary>Completes when everything posted and everything due by now has happened; for virtual time.</summary>
    public Task DrainAsync() => world.Loop.DrainAsync();

    /// <summary>Waits in real time until a condition holds.</summary>
    /// <exception cref="TimeoutException">It did not; the message tells which.</exception>
    public static async Task WaitUntilAsync(
        Func<bool> condition,
        TimeSpan? timeout = null,
        [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string what = "")
    {
        long start = TimeProvider.System.GetTimestamp();
        TimeSpan patience = timeout ?? TimeSpan.FromSeconds(60);
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > patience)
                throw new TimeoutException($"Not within {patience}: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    /// <summary>Stops everything and cuts every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (DiscordJsPeer peer in Peers)
            await peer.DisposeAsync();
        using (CancellationTokenSource now = new(TimeSpan.FromSeconds(1)))
        {
            try
            {
                await application.StopAsync(now.Token);
            }
            catch (OperationCanceledException)
            {
                world.Log.Event("engine", "connections were cut at the end");
            }
        }

        await application.DisposeAsync();
        foreach (VoiceServer server in world.Voice.Servers)
            server.Sfu.Dispose();
        await world.Loop.DisposeAsync();
        authority.Dispose();
        if (authorityFile is not null)
            File.Delete(authorityFile);
    }

    private WebApplication Build(SimulatorOptions options)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(System.Net.IPAddress.Loopback, options.Port);
            for (int i = 0; i < options.VoiceServers; i++)
                kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.UseHttps(authority.Leaf));
        });
        WebApplication built = builder.Build();
        built.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
        built.Run(RouteAsync);
        for (int i = 0; i < options.VoiceServers; i++)
        {
            SfuSocket sfu = new(world);
            VoiceServer server = new(world, i, sfu);
            sfu.Server = server;
            world.Voice.Servers.Add(server);
        }

        return built;
    }

    private Task RouteAsync(HttpContext context)
    {
        string port = $":{context.Connection.LocalPort}";
        VoiceServer? voice = world.Voice.Servers.Find(server => server.Endpoint.EndsWith(port, StringComparison.Ordinal));
        if (context.WebSockets.IsWebSocketRequest)
            return voice?.AcceptAsync(context) ?? world.Gateway.AcceptAsync(context);
        if (voice is null && control is not null
            && context.Request.Path.StartsWithSegments(ControlInterface.Base, StringComparison.Ordinal))
            return control.AnswerAsync(context);
        if (voice is null && context.Request.Path.StartsWithSegments(RestServer.Base, StringComparison.Ordinal))
            return rest.AnswerAsync(context);
        context.Response.StatusCode = 404;
        return Task.CompletedTask;
    }

    private void ReadAddresses()
    {
        string[] addresses =
            [.. application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
        Uri http = new(addresses.Single(address => address.StartsWith("http:", StringComparison.Ordinal)));
        Uri[] https = [.. addresses.Where(a => a.StartsWith("https:", StringComparison.Ordinal)).Select(a => new Uri(a))];
        ApiBaseUrl = $"http://127.0.0.1:{http.Port}{RestServer.Base}";
        world.Gateway.Url = $"ws://127.0.0.1:{http.Port}";
        for (int i = 0; i < https.Length; i++)
            world.Voice.Servers[i].Endpoint = $"127.0.0.1:{https[i].Port}";
    }

    private string WriteAuthority()
    {
        string path = Path.Combine(Path.GetTempPath(), $"simulated-discord-{Path.GetRandomFileName()}.pem");
        File.WriteAllText(path, authority.Pem);
        return path;
    }
}
