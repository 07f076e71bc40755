using System.Globalization;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Media;
using Pipeline.TestKit;
using Pipeline.TestKit.Speech;
using Pipeline.TestKit.Stage;

namespace Pipeline.Demo.Call;

/// <summary>
/// Everything that runs: Azurite, the functions app, the simulated Discord and the bot, the latter three as they are built.
/// </summary>
internal sealed class DemoStage : IAsyncDisposable
{
    private readonly TempFolder folder;
    private readonly List<IAsyncDisposable> running;

    private DemoStage(List<IAsyncDisposable> running, TempFolder folder) => (this.running, this.folder) = (running, folder);

    public required Simulator Discord { get; init; }
    public required FunctionsApp Functions { get; init; }
    public ChildProcess? Bot { get; private set; }

    /// <summary>It stays until Ctrl+C.</summary>
    public required bool IsKept { get; init; }

    /// <summary>
    /// Wall clock of the simulator's virtual zero. The two clocks are not read in one moment, and on a busy machine much lies between: the
    /// second can only be read too late, so that of many readings the latest is the best.
    /// </summary>
    public DateTimeOffset Origin => Enumerable.Range(0, 100).Max(_ => TimeProvider.System.GetUtcNow() - Discord.Elapsed);

    public static async Task<DemoStage> StartAsync(DemoOptions options, bool keepDeliveries = true)
    {
        if (options.Identity) DemoRun.Say("storage without keys: HTTPS, tokens of a managed identity, user-delegation links");
        DemoRun.Say("starting Azurite, the functions app, a simulated Discord and the bot");
        List<IAsyncDisposable> running = [];
        TempFolder folder = new();
        try
        {
            return await StartAsync(options, keepDeliveries, running, folder);
        }
        catch
        {
            await EndAsync(running, folder);
            throw;
        }
    }

    private static async Task<DemoStage> StartAsync(DemoOptions options, bool keepDeliveries, List<IAsyncDisposable> running,
        TempFolder folder)
    {
        Azurite azurite = await Azurite.StartAsync(identity: options.Identity);
        running.Add(azurite);
        int port = FreePort.Take(1)[0];
        DemoEar ear = new(DemoRun.Names.Select(DemoVoice.SpeechOf));
        SpeechService speech = await SpeechService.StartAsync();
        running.Add(speech);
        speech.Answer = (request, _) => ear.AnswerAsync(request);
        Dictionary<string, string?> settings = new()
        {
            ["RENDER_FORMATS"] = "flac,opus,mp3",
            ["PUBLIC_BASE_URL"] = $"http://127.0.0.1:{port}",
            ["Transcription__Endpoint"] = speech.OpenAi.AbsoluteUri,
            ["Transcription__Key"] = SpeechService.Key,
        };
        FunctionsApp functions = await FunctionsApp.StartAsync(azurite, settings, port, isMeasured: true);
        running.Add(functions);
        Simulator discord = await Simulator.StartAsync(
            new SimulatorOptions { Seed = 7, Dave = options.Plain ? DaveMode.Off : DaveMode.Enforced, KeepDeliveries = keepDeliveries });
        running.Add(discord);
        discord.Conditions = MediaConditions.Lossy(DemoOptions.Loss, options.Jitter);
        DemoStage stage = new(running, folder) { Discord = discord, Functions = functions, IsKept = options.Keep };
        stage.Bot = BuiltProject.StartBot(["run"], stage.BotEnvironment(azurite, options));
        running.Add(stage.Bot);
        await Simulator.WaitUntilAsync(() => discord.HasCommand("record") || stage.Bot.HasExited, TimeSpan.FromSeconds(60));
        if (stage.Bot.HasExited) throw new InvalidOperationException($"the bot has ended:\n{string.Join('\n', stage.Bot.Lines)}");
        return stage;
    }

    /// <summary>Shows where everything is and waits for Ctrl+C.</summary>
    public async Task KeepAsync(RecordingDetails recording, CancellationToken stop)
    {
        DemoRun.Say(
            $"kept running: recording API {Functions.BaseUrl} (x-functions-key: {FunctionsApp.Key}), Discord {Discord.ApiBaseUrl}; "
            + $"Ctrl+C ends it");
        DemoRun.Say($"try: curl -H 'x-functions-key: {FunctionsApp.Key}' {new Uri(Functions.BaseUrl, $"/api/recordings/{recording.Id}")}");
        await Interruption.UntilAsync(stop);
    }

    public ValueTask DisposeAsync() => EndAsync(running, folder);

    private static async ValueTask EndAsync(List<IAsyncDisposable> running, TempFolder folder)
    {
        foreach (IAsyncDisposable part in Enumerable.Reverse(running)) await part.DisposeAsync();
        folder.Dispose();
    }

    private Dictionary<string, string?> BotEnvironment(Azurite azurite, DemoOptions options) => new(azurite.Settings)
    {
        ["DISCORD_TOKEN"] = Discord.Bot.Token,
        ["DISCORD_API_BASE"] = Discord.ApiBaseUrl,
        ["DISCORD_CA_FILE"] = Discord.CertificateAuthorityFile,
        ["DISCORD_GUILD_ID"] = Discord.Guild.Id.ToString(CultureInfo.InvariantCulture),
        ["RecordingApi__BaseUrl"] = Functions.BaseUrl.ToString(),
        ["RecordingApi__ApiKey"] = FunctionsApp.BotKey,
        ["Logging__LogLevel__Pipeline.Bot.Recordings.SegmentUploader"] = "Debug", // a line for each segment that is durable
        ["RECORDING_SPOOL_FOLDER"] = folder.Combine("spool"),
        // discord.js clients are bots in Discord's eyes.
        ["RECORDING_INCLUDE_BOTS"] = options.Plain ? "false" : "true",
    };
}
