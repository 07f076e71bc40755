using System.Net;

namespace Pipeline.TestKit.Stage;

/// <summary>The real functions as a process of their own, without a Functions host, with the recording API on loopback.</summary>
public sealed class FunctionsApp : IAsyncDisposable
{
    public const string Key = "a-key-for-one-test-run";

    /// <summary>What a bot gets, as its owner is told to give it: it opens what a bot needs, and nothing else.</summary>
    public const string BotKey = "a-key-for-the-bot-of-one-test-run";

    private readonly IReadOnlyDictionary<string, string?> storage;
    private readonly IReadOnlyDictionary<string, string?> settings;
    private ChildProcess process;

    private FunctionsApp(IReadOnlyDictionary<string, string?> storage, IReadOnlyDictionary<string, string?> settings, int port,
        HttpMessageHandler? handler, bool isMeasured)
    {
        (this.storage, this.settings) = (storage, settings);
        BaseUrl = new Uri($"http://127.0.0.1:{port}");
        Api = new ApiReader(BaseUrl, Key, isMeasured ? handler : new DocumentedAnswers(BaseUrl, handler ?? new SocketsHttpHandler()));
        process = StartProcess();
    }

    public Uri BaseUrl { get; }
    public ApiReader Api { get; }
    public ChildProcess Process => process;

    /// <param name="connectionString">Storage account.</param>
    /// <param name="settings">More settings of the app, by environment name.</param>
    /// <param name="port">Port of the recording API; 0 for a free one.</param>
    /// <param name="isMeasured">Answers are not held to the API's document: that costs time.</param>
    public static Task<FunctionsApp> StartAsync(string connectionString, IReadOnlyDictionary<string, string?>? settings = null,
        int port = 0, bool isMeasured = false) =>
        StartAsync(new Dictionary<string, string?> { ["PipelineStorage"] = connectionString }, null, settings, port, isMeasured);

    /// <summary>At an emulator with whatever it takes to reach it, keys or tokens.</summary>
    public static Task<FunctionsApp> StartAsync(Azurite azurite, IReadOnlyDictionary<string, string?>? settings = null, int port = 0,
        bool isMeasured = false) =>
        StartAsync(azurite.Settings, azurite.Certificate?.CreateHandler(), settings, port, isMeasured);

    private static async Task<FunctionsApp> StartAsync(IReadOnlyDictionary<string, string?> storage, HttpMessageHandler? handler,
        IReadOnlyDictionary<string, string?>? settings, int port, bool isMeasured)
    {
        FunctionsApp app = new(storage, settings ?? new Dictionary<string, string?>(), port == 0 ? FreePort.Take(1)[0] : port, handler,
            isMeasured);
        try
        {
            await app.WaitUntilReadyAsync();
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL, and a new process on the same port.</summary>
    public async Task KillAndRestartAsync()
    {
        await process.DisposeAsync();
        process = StartProcess();
        await WaitUntilReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        Api.Dispose();
    }

    private ChildProcess StartProcess()
    {
        Dictionary<string, string?> environment = new(storage)
        {
            ["Functions__Key"] = Key,
            ["Functions__BotKey"] = BotKey,
            ["ASPNETCORE_URLS"] = BaseUrl.ToString(),
            ["RENDER_FORMATS"] = "off", // what is measured and counted is the delivery; who wants files asks for them
        };
        foreach ((string name, string? value) in settings) environment[name] = value;
        return BuiltProject.Start("functions/Pipeline.Functions.Local", [], environment);
    }

    private async Task WaitUntilReadyAsync()
    {
        using CancellationTokenSource cancel = new(TimeSpan.FromSeconds(90));
        while (!process.HasExited)
        {
            try
            {
                if (await Api.HealthAsync(cancel.Token) == HttpStatusCode.OK) return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            await Task.Delay(50, cancel.Token);
        }
        throw new InvalidOperationException($"the functions app has ended:\n{string.Join('\n', process.Lines)}");
    }
}
