using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Cli;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

/// <summary>The recordings as the bot hosts them, in this process, on a spool folder of the test.</summary>
internal sealed class BotRoom : IAsyncDisposable
{
    private readonly IHost app;

    private BotRoom(IHost app, LogSink log) => (this.app, Log) = (app, log);

    public LogSink Log { get; }
    public UnownedRecordings Unowned => app.Services.GetRequiredService<UnownedRecordings>();
    public RecordingCloser Closer => app.Services.GetRequiredService<RecordingCloser>();
    public ActiveRecordings Hosts => app.Services.GetRequiredService<ActiveRecordings>();
    public SegmentSpool Spool => app.Services.GetRequiredService<SegmentSpool>();
    public LiveManifests Manifests => app.Services.GetRequiredService<LiveManifests>();
    public SegmentUploader Uploader => app.Services.GetRequiredService<SegmentUploader>();
    public SpoolWatch Watch => app.Services.GetRequiredService<SpoolWatch>();
    public BotMetrics Metrics => app.Services.GetRequiredService<BotMetrics>();
    public TempStorage Storage => app.Services.GetRequiredService<TempStorages>().All[0];

    /// <param name="time">Its clock, when that is not the real one.</param>
    public static async Task<BotRoom> StartAsync(string connectionString, string folder, Func<BotOptions, BotOptions>? change = null,
        TimeProvider? time = null)
    {
        BotOptions options = new()
        {
            Storage = new TempStorageOptions { Account = new StorageOptions { ConnectionString = connectionString } },
            Spool = new SpoolOptions { Folder = folder, MinimumFreeBytes = 0 },
            Capture = new CaptureOptions { MinimumFreeDiskBytes = 0 },
        };
        options = change?.Invoke(options) ?? options;
        LogSink log = new();
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Debug).AddProvider(log);
        builder.Services.AddSingleton(time ?? TimeProvider.System).AddRecordings(options);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownGrace + TimeSpan.FromSeconds(5));
        IHost app = builder.Build();
        await app.StartAsync();
        return new BotRoom(app, log);
    }

    /// <summary>As SIGTERM does it.</summary>
    public Task StopAsync() => app.StopAsync();

    /// <summary>Ends it without any of the care of a stop: what a crash leaves is what the folder holds.</summary>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new();
        await now.CancelAsync();
        await app.StopAsync(now.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        app.Dispose();
    }

    public static StartRecordingRequest Request(TimeProvider? captureTime = null) => new()
    {
        GuildId = 11,
        GuildName = "Guild 🎙",
        ChannelId = 12,
        StartedBy = 13,
        Properties = new Dictionary<string, string> { ["panel"] = "99" },
        CaptureTime = captureTime,
        TicksByCaller = captureTime is not null,
    };

    /// <summary>Waits until something is true; a test that waits in vain says for what.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what, double seconds = 60)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(seconds));
        while (!condition())
        {
            if (patience.IsCancellationRequested) throw new TimeoutException($"in {seconds} s it did not come to this: {what}");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    public static async Task UntilAsync(Func<Task<bool>> condition, string what, double seconds = 60)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(seconds));
        while (!await condition())
        {
            if (patience.IsCancellationRequested) throw new TimeoutException($"in {seconds} s it did not come to this: {what}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    public static SessionInfo Session(RecordingId recording) => new()
    {
        RecordingId = recording,
        GuildId = 11,
        GuildName = "Guild 🎙",
        ChannelId = 12,
        StartedBy = 13,
        StartedAt = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero),
    };

    /// <summary>A track of which nothing is there but indexes that were set apart.</summary>
    public static TrackSummary Reserved(ulong userId, int nextFree) => new()
    {
        UserId = userId,
        Username = "Somebody",
        Segments = [],
        SampleCount = 0,
        ByteCount = 0,
        Chain = SegmentChain.Empty,
        NextFreeIndex = nextFree,
    };

    /// <summary>What a bot writes of a recording first.</summary>
    public static SessionManifest Manifest(SessionInfo session) => new()
    {
        Session = session,
        State = ManifestState.Recording,
        Incarnation = 1,
        UpdatedAt = DateTimeOffset.UnixEpoch,
        SampleCount = 0,
        Tracks = [],
    };
}
