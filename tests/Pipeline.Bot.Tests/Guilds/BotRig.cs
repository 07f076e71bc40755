using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Cli;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Commands;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Rest;
using Pipeline.DiscordSimulator.World;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Guilds;

/// <summary>
/// The whole bot against a simulated Discord. Its storage is away (a port that nobody listens on) unless a test has one; that must not
/// matter to commands.
/// </summary>
internal sealed class BotRig : IAsyncDisposable
{
    private const string NoStorage =
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;QueueEndpoint=http://127.0.0.1:1/devstoreaccount1;";

    // Each simulator has servers of its own: what another test left in the storage is of nobody here.
    private static int seeds;

    private readonly bool ownsDiscord;
    private IHost? host;

    private BotRig(Simulator discord, bool ownsDiscord, TempFolder? folder)
    {
        (Discord, this.ownsDiscord) = (discord, ownsDiscord);
        Folder = folder ?? new TempFolder();
    }

    public Simulator Discord { get; }
    public TempFolder Folder { get; }
    public LogSink Log { get; } = new();
    public RecordingApiStandIn Api { get; private set; } = null!;
    public SimulatedMember Admin { get; private set; } = null!;
    public GuildRecorders Recorders => Host.Services.GetRequiredService<GuildRecorders>();
    public GuildSettingsStore Settings => Host.Services.GetRequiredService<GuildSettingsStore>();
    public ActiveRecordings Recordings => Host.Services.GetRequiredService<ActiveRecordings>();
    public RecordingSearch Search => Host.Services.GetRequiredService<RecordingSearch>();
    public GatewayPump Pump => Host.Services.GetRequiredService<GatewayPump>();
    public GatewayClient Gateway => Host.Services.GetRequiredService<GatewayClient>();
    public RecordedCall? Current => Recorders.For(Discord.Guild.Id).Current;
    public string PanelText => Panel?.Text ?? "";
    public SimulatedMessage? Panel => Discord.TextChannel.Messages.LastOrDefault(IsPanel);
    private IHost Host => host!;

    /// <param name="prepare">Before the bot connects.</param>
    /// <param name="storage">A connection string.</param>
    /// <param name="folder">Another disk than the rig before had.</param>
    /// <param name="time">Its clock, when that is not the real one.</param>
    public static async Task<BotRig> StartAsync(
        Action<Simulator>? prepare = null, Func<RecorderOptions, RecorderOptions>? change = null, CaptureOptions? capture = null,
            BotRig? after = null, RecordingApiStandIn? api = null, string storage = NoStorage, DaveMode dave = DaveMode.Off,
            TempFolder? folder = null, TimeProvider? time = null)
    {
        Simulator discord = after?.Discord ?? await Simulator.StartAsync(
            new SimulatorOptions { EnforceIdentifyPace = false, Dave = dave, Seed = Interlocked.Increment(ref seeds) });
        BotRig rig = new(discord, after is null, folder ?? after?.Folder);
        prepare?.Invoke(discord);
        rig.Api = api ?? after?.Api ?? new RecordingApiStandIn();
        rig.Admin = after?.Admin
            ?? discord.Guild.AddMember("Ada").With(discord.Guild.AddRole("Admins", DiscordSimulator.World.Permissions.ManageGuild));
        RecorderOptions options = rig.Options();
        rig.host = rig.Build(change?.Invoke(options) ?? options, capture ?? new CaptureOptions(), storage, time ?? TimeProvider.System);
        await rig.host.StartAsync();
        await rig.UntilAsync(() => rig.Gateway.IsReady && rig.Gateway.Guilds.Find(discord.Guild.Id) is { Unavailable: false });
        await rig.UntilAsync(() => discord.CommandWrites > 0);
        return rig;
    }

    /// <summary>Types a command and waits for the real answer.</summary>
    public async Task<SimulatedInteraction> AskAsync(SimulatedMember member, string command, Dictionary<string, object>? options = null)
    {
        SimulatedInteraction interaction = await Discord.Interactions.SlashCommandAsync(member, Discord.TextChannel, command, options);
        await UntilAsync(() => interaction.HasAnswer, command);
        if (interaction.Text == Texts.SomethingBroke)
            throw new InvalidOperationException(command, Log.Lines.Last(line => line.EventId == 4206).Exception);
        return interaction;
    }

    public async Task<SimulatedInteraction> PressAsync(SimulatedMember member, SimulatedMessage message, string label)
    {
        string id = message.ButtonWithLabel(label) ?? throw new InvalidOperationException($"no button {label} on: {message.Text}");
        SimulatedInteraction interaction = await Discord.Interactions.PressAsync(member, message, id);
        await UntilAsync(() => interaction.HasAnswer, label);
        return interaction;
    }

    /// <summary>Ada joins the voice channel and starts.</summary>
    public async Task<SimulatedInteraction> RecordAsync(Dictionary<string, object>? options = null)
    {
        Discord.Guild.Join(Admin, Discord.VoiceChannel);
        return await AskAsync(Admin, "record start", options);
    }

    /// <summary>Ada starts, Ben says a second of something, and it has arrived.</summary>
    public async Task<RecordedCall> RecordSpeechAsync()
    {
        DiscordSimulator.Speakers.SimulatedSpeaker ben = Discord.AddSpeaker("Ben");
        await RecordAsync();
        await ben.SayAsync(DiscordSimulator.Speakers.OpusClip.Generate(7, TimeSpan.FromSeconds(1)));
        await UntilAsync(() => Current!.Panel.Draw().Speakers.Any(speaker => speaker.Received > 0));
        return Current!;
    }

    public bool Said(string text) =>
        Discord.Guild.Channels.SelectMany(channel => channel.Messages)
        .Any(message => !message.IsEphemeral && message.Text.Contains(text, StringComparison.Ordinal));

    public bool Told(SimulatedMember member, string text) =>
        Discord.DirectChannel(member.User).Messages.Any(message => message.Text.Contains(text, StringComparison.Ordinal));

    /// <summary>Waits; what the bot logged last is in the failure.</summary>
    public async Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        try
        {
            await Simulator.WaitUntilAsync(condition, TimeSpan.FromSeconds(60), what);
        }
        catch (TimeoutException late)
        {
            IEnumerable<string> lines = Log.Lines.Where(line => line.Level > LogLevel.Debug).TakeLast(40)
                .Select(line => $"{line.EventId} {line.Text} {line.Exception?.Message}");
            throw new TimeoutException(late.Message + "\n" + string.Join('\n', lines), late);
        }
    }

    public Task UntilSaidAsync(string text) => UntilAsync(() => Said(text), text);

    /// <summary>A message of its own beside the panel's line, and none after it that says the same.</summary>
    public async Task UntilSaidOnceAsync(string text)
    {
        await UntilAsync(() => MessagesWith(text) > 0, text);
        await SettleAsync();
        Assert.True(MessagesWith(text) == 1, $"said {MessagesWith(text)} times: {text}");
    }

    /// <summary>Two answers later everything that was posted before has arrived.</summary>
    public async Task SettleAsync()
    {
        for (int i = 0; i < 2; i++) await AskAsync(Admin, "record status");
    }

    /// <summary>A deploy: the process ends as a signal ends it. Discord, folder and API stay.</summary>
    public async Task StopAsync()
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(3));
        await Host.StopAsync(limit.Token);
        Host.Dispose();
        host = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (host is not null) await StopAsync();
        if (!ownsDiscord) return;
        await Api.DisposeAsync();
        await Discord.DisposeAsync();
        Folder.Dispose();
    }

    private int MessagesWith(string text) =>
        Discord.Guild.Channels.SelectMany(channel => channel.Messages)
        .Count(message => !message.IsEphemeral && message.Text.Contains(text, StringComparison.Ordinal) && !IsPanel(message));

    private static bool IsPanel(SimulatedMessage message) => message.Text.Contains("Recording 0", StringComparison.Ordinal);

    private RecorderOptions Options() => new()
    {
        Gateway = new GatewayOptions
        {
            Token = Discord.Bot.Token,
            ReconnectDelay = TimeSpan.FromMilliseconds(20),
            IdentifyInterval = TimeSpan.FromMilliseconds(20)
        },
        Rest = new DiscordRestOptions
        {
            Token = Discord.Bot.Token,
            ApiBase = new Uri(Discord.ApiBaseUrl),
            RetryDelay = TimeSpan.FromMilliseconds(20)
        },
        Api = new CatalogueOptions { BaseUrl = Api.BaseUrl, ApiKey = "key-of-the-api" },
        Voice = new VoiceCallOptions
        {
            Session = new VoiceSessionOptions { ExtraRoots = [Discord.CertificateAuthority] },
            JoinTimeout = TimeSpan.FromSeconds(3),
            FirstBackoff = TimeSpan.FromMilliseconds(100),
            AwaitGatewayTimeout = TimeSpan.FromSeconds(2),
        },
        RejoinDelay = TimeSpan.FromMilliseconds(50),
        StateFolder = Folder.Combine("spool", "state"),
    };

    private IHost Build(RecorderOptions options, CaptureOptions capture, string storage, TimeProvider time)
    {
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddProvider(Log).SetMinimumLevel(LogLevel.Trace);
        builder.Services.Configure<HostOptions>(settings => settings.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddSingleton(time);
        builder.Services.AddRecordings(new BotOptions
        {
            Capture = capture,
            Spool = new SpoolOptions { Folder = Folder.Combine("spool"), MinimumFreeBytes = 0 },
            Storage = new TempStorageOptions { Account = new StorageOptions { ConnectionString = storage } },
        });
        builder.Services.AddDiscord(options);
        return builder.Build();
    }
}
