namespace Pipeline.AppHost;

/// <summary>
/// Storage, functions, Discord and bot on this machine, with data of their own: the simulated Discord with somebody who talks, or the real
/// one where DISCORD_TOKEN is set.
/// </summary>
internal sealed class DevelopmentStage
{
    private const string Account = "pipeline";
    private const string Key = "a-key-for-development-only";
    private const string BotKey = "a-key-for-the-bot-in-development";

    // Of an emulator on loopback; worth nothing elsewhere.
    private static readonly string AccountKey = Convert.ToBase64String(new byte[64]);

    private readonly IDistributedApplicationBuilder builder;
    private readonly string root;
    private readonly string? token;
    private readonly DevelopmentData data;

    public DevelopmentStage(IDistributedApplicationBuilder builder)
    {
        this.builder = builder;
        root = Path.GetFullPath(Path.Combine(builder.AppHostDirectory, "..", ".."));
        token = builder.Configuration["DISCORD_TOKEN"] is { Length: > 0 } given ? given : null;
        data = DevelopmentData.Open(Path.Combine(root, "data"), isReal: token is not null);
        data.RequireFreePorts();
    }

    private IReadOnlyList<int> Ports => data.Ports;

    private string Api => $"http://localhost:{Ports[3]}";

    private string Connection => $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={AccountKey};"
        + $"BlobEndpoint=http://127.0.0.1:{Ports[0]}/{Account};QueueEndpoint=http://127.0.0.1:{Ports[1]}/{Account};"
        + $"TableEndpoint=http://127.0.0.1:{Ports[2]}/{Account}";

    public IResourceBuilder<ExecutableResource> AddStorage()
    {
        string azurite = Path.Combine(root, "infra", "azurite"), modules = Path.Combine(azurite, "node_modules");
        string main = Path.Combine(modules, "azurite", "dist", "src", "azurite.js");
        if (!File.Exists(main)) throw new InvalidOperationException($"{main} is missing: run infra/setup.sh");
        string location = Directory.CreateDirectory(Path.Combine(data.Folder, "storage")).FullName;
        return builder.AddExecutable("storage", Path.Combine(modules, ".bin", "node"), root,
            "--require", Path.Combine(azurite, "indices.cjs"), "--require", Path.Combine(azurite, "durable.cjs"),
            main, "--location", location, "--silent",
            "--skipApiVersionCheck", "--disableTelemetry", "--blobHost", "127.0.0.1", "--blobPort", $"{Ports[0]}",
            "--queueHost", "127.0.0.1", "--queuePort", $"{Ports[1]}", "--tableHost", "127.0.0.1", "--tablePort", $"{Ports[2]}")
            .WithEnvironment("AZURITE_ACCOUNTS", $"{Account}:{AccountKey}");
    }

    public IResourceBuilder<ProjectResource> AddFunctions(IResourceBuilder<ExecutableResource> storage) =>
        builder.AddProject<Projects.Pipeline_Functions_Local>("functions", launchProfileName: null)
            .WithHttpEndpoint(port: Ports[3], isProxied: false)
            .WithEnvironment("PipelineStorage", Connection)
            .WithEnvironment("Functions__Key", Key)
            .WithEnvironment("Functions__BotKey", BotKey)
            .WithEnvironment("PUBLIC_BASE_URL", Api)
            .WithEnvironment("Functions__ServeStorage", "true")
            .WithEnvironment("RENDER_FOLDER", Path.Combine(data.Folder, "files"))
            .WaitFor(storage);

    public void AddBot(IResourceBuilder<ProjectResource> functions)
    {
        IResourceBuilder<ProjectResource> bot = builder.AddProject<Projects.Pipeline_Bot>("bot", launchProfileName: null)
            .WithArgs("run")
            .WithEnvironment("PipelineStorage", Connection)
            .WithEnvironment("RecordingApi__BaseUrl", Api)
            .WithEnvironment("RecordingApi__ApiKey", BotKey)
            .WithEnvironment("RECORDING_SPOOL_FOLDER", Path.Combine(data.Folder, "spool"))
            .WithEnvironment("RECORDING_MIN_FREE_DISK_MB", "0")
            .WaitFor(functions);
        if (token is not null) bot.WithEnvironment("DISCORD_TOKEN", token);
        else WithSimulator(bot);
    }

    // The simulator writes what a bot has to be told into a file once it listens.
    private void WithSimulator(IResourceBuilder<ProjectResource> bot)
    {
        string settings = Path.Combine(data.Folder, $"discord-{Ports[4]}.env");
        IResourceBuilder<ProjectResource> discord = builder.AddProject<Projects.Pipeline_DiscordSimulator>("discord",
            launchProfileName: null).WithArgs("--port", $"{Ports[4]}", "--env-file", settings, "--record-start-after", "3s", "--repeat",
            "--speaker", $"Ada={Path.Combine(root, "tests", "speech", "ada.opus")}");
        bot.WaitFor(discord).WithEnvironment(async context =>
        {
            while (!File.Exists(settings) || !(await File.ReadAllTextAsync(settings, context.CancellationToken)).Contains("CONTROL"))
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, context.CancellationToken);
            foreach (string line in await File.ReadAllLinesAsync(settings, context.CancellationToken))
            {
                if (line.Split('=', 2) is [{ } name, { } value] && name.StartsWith("DISCORD_", StringComparison.Ordinal))
                    context.EnvironmentVariables[name] = value;
            }
        });
    }
}
