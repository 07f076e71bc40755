using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Cli;
using Pipeline.Bot.Cli.Settings;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Hosting;
using Pipeline.Bot.ServerSettings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Cli;

/// <summary>Why the bot ended: 1 is a bug of ours, so that what watches it starts it again and counts it.</summary>
public sealed class ExitCodeTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Exception_that_nobody_expected_is_1() =>
        Assert.Equal(ExitCode.Failure, await CommandGuard.GuardAsync(() => throw new InvalidOperationException("a bug")));

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // while the others are still being started
    public async Task Bug_in_a_background_service_is_1(bool afterStart)
    {
        using TempFolder folder = new();
        using LogSink log = new();
        using IHost app = Bot(folder, log, services => services.AddHostedService(provider =>
            new Broken(provider.GetRequiredService<IHostApplicationLifetime>(), afterStart)));
        Assert.Equal(ExitCode.Failure, await RunAsync(app));
        Assert.Contains(log.Lines, line => line.Level == LogLevel.Critical && line.Exception is InvalidOperationException);
    }

    [Fact]
    public async Task Stop_that_was_asked_for_is_0()
    {
        using TempFolder folder = new();
        using LogSink log = new();
        using IHost app = Bot(folder, log, _ => { });
        IHostApplicationLifetime lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
        lifetime.ApplicationStarted.Register(lifetime.StopApplication);
        Assert.Equal(ExitCode.Success, await RunAsync(app));
    }

    [Fact]
    public async Task Shard_that_another_bot_took_is_6()
    {
        using TempFolder folder = new();
        using LogSink log = new();
        FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());
        ShardName name = ShardName.For(Guid.NewGuid().ToString(), null);
        using IHost app = Bot(folder, log, services => services.AddSingleton<TimeProvider>(time), name);
        ShardLease shard = app.Services.GetRequiredService<ShardLease>();
        TempStorage storage = app.Services.GetRequiredService<TempStorages>().All[0];
        Task<int> running = RunAsync(app);
        await BotRoom.UntilAsync(() => shard.State == ShardState.Ours, "the shard is ours");

        BlobBaseClient blob = new(azurite.ConnectionString, StorageNames.TempContainer, name.BlobName);
        await blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Cancel);
        Assert.Equal(LeaseOutcome.Ours, await storage.AcquireShardAsync(name.BlobName, $"{Guid.NewGuid()}", Cancel));
        await BotRoom.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return running.IsCompleted;
        }, "the bot ends");

        Assert.Equal((6, ShardState.Lost), (await running, shard.State));
    }

    private static Task<int> RunAsync(IHost app) =>
        CommandGuard.GuardAsync(() => RunCommand.RunAsync(app, Cancel)).WaitAsync(TimeSpan.FromMinutes(1), Cancel);

    // All of the bot, at a Discord that is away.
    private IHost Bot(TempFolder folder, LogSink log, Action<IServiceCollection> add, ShardName? shard = null)
    {
        RecorderOptions recorder = new()
        {
            Gateway = new GatewayOptions { Token = "a.token" },
            Rest = new DiscordRestOptions { Token = "a.token", ApiBase = new Uri("http://127.0.0.1:1/") },
            Api = new CatalogueOptions(),
            StateFolder = folder.Combine("state"),
        };
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddProvider(log).SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddRecordings(new BotOptions
        {
            Spool = new SpoolOptions { Folder = folder.Path, MinimumFreeBytes = 0 },
            Storage = new TempStorageOptions { Account = new StorageOptions { ConnectionString = azurite.ConnectionString } },
        });
        add(builder.Services);
        builder.Services.AddShardLease(shard ?? ShardName.For(Guid.NewGuid().ToString(), null)).AddDiscord(recorder);
        return builder.Build();
    }

    private sealed class Broken(IHostApplicationLifetime lifetime, bool afterStart) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            Task started = Task.Delay(Timeout.Infinite, lifetime.ApplicationStarted);
            if (afterStart) await started.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new InvalidOperationException("a bug");
        }
    }
}
