using System.Globalization;
using Pipeline.DiscordSimulator;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Deploy;

/// <summary>One revision of the bot as a platform runs it: a process, a disk of its own, an address for probes.</summary>
internal sealed class BotProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TempFolder folder = new();
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly Uri health = new($"http://127.0.0.1:{FreePort.Take(1)[0]}");

    private BotProcess(Simulator discord, IReadOnlyDictionary<string, string?> storage, FunctionsApp functions, bool includeBots,
        IReadOnlyDictionary<string, string?> settings)
    {
        Settings = new(storage)
        {
            ["DISCORD_TOKEN"] = discord.Bot.Token,
            ["DISCORD_API_BASE"] = discord.ApiBaseUrl,
            ["DISCORD_CA_FILE"] = discord.CertificateAuthorityFile,
            ["DISCORD_GUILD_ID"] = discord.Guild.Id.ToString(CultureInfo.InvariantCulture),
            ["RecordingApi__BaseUrl"] = functions.BaseUrl.ToString(),
            ["RecordingApi__ApiKey"] = FunctionsApp.BotKey,
            ["RECORDING_SPOOL_FOLDER"] = folder.Combine("spool"),
            ["RECORDING_MIN_FREE_DISK_MB"] = "0",
            ["RECORDING_VAD_RMS_THRESHOLD"] = "0",
            ["RECORDING_INCLUDE_BOTS"] = includeBots ? "true" : "false",
            ["HEALTH_ENDPOINT"] = health.ToString(),
        };
        foreach ((string name, string? value) in settings) Settings[name] = value;
        Process = BuiltProject.StartBot(["run"], Settings);
    }

    public ChildProcess Process { get; }
    public Dictionary<string, string?> Settings { get; }

    /// <param name="includeBots">discord.js clients are bots in Discord's eyes.</param>
    public static BotProcess Start(Simulator discord, Azurite azurite, FunctionsApp functions, bool includeBots = false) =>
        new(discord, azurite.Settings, functions, includeBots, new Dictionary<string, string?>());

    /// <param name="storage">Where the storage account is.</param>
    /// <param name="settings">Settings that go before those of every bot here, by environment name.</param>
    public static BotProcess Start(Simulator discord, IReadOnlyDictionary<string, string?> storage, FunctionsApp functions,
        IReadOnlyDictionary<string, string?> settings) =>
        new(discord, storage, functions, includeBots: false, settings);

    /// <summary>Status and text of a probe; null while nobody answers.</summary>
    public async Task<(int Status, string Text)?> ProbeAsync(string path)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri(health, path));
            return ((int)answer.StatusCode, (await answer.Content.ReadAsStringAsync()).Trim());
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Polls <c>/readyz</c> until it answers 200 with this text.</summary>
    public async Task UntilReadyAsync(string text)
    {
        using CancellationTokenSource limit = new(Patience);
        while (await ProbeAsync("/readyz") != (200, text))
        {
            Assert.False(Process.HasExited || limit.IsCancellationRequested, $"not '{text}':\n{string.Join('\n', Process.Lines)}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    public async Task<int> TerminateAsync()
    {
        await Process.SignalAsync(15);
        return await Process.WaitForExitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        http.Dispose();
        folder.Dispose();
    }
}
