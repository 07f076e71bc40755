using Azure.Storage.Blobs;
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
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Hosting;

/// <summary>Two bots of one shard: one serves, and everything that two would do to a call is done by one.</summary>
public sealed class ShardLeaseTests(AzuriteFixture azurite) : IDisposable
{
    private const int StandingBy = 4303, Taken = 4304, Released = 4305, Unconfirmed = 4307, Lost = 4308;
    private const string SomebodyElse = "6f1f2bd0-0000-4000-8000-000000000003";

    private readonly ShardName name = ShardName.For(Guid.NewGuid().ToString(), null);
    private readonly LogSink log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => log.Dispose();

    [Fact]
    public async Task Second_bot_stands_by_until_the_first_leaves()
    {
        using TempFolder ours = new(), theirs = new();
        using IHost first = Bot(ours, azurite.ConnectionString), second = Bot(theirs, azurite.ConnectionString);
        ShardLease one = first.Services.GetRequiredService<ShardLease>(), two = second.Services.GetRequiredService<ShardLease>();
        Assert.Equal(ShardState.Unknown, one.State);
        await one.StartAsync(Cancel);
        Assert.Equal(ShardState.Ours, one.State);
        Assert.Empty(Said()); // who never waited says nothing
        Task waiting = two.StartAsync(Cancel);
        await BotRoom.UntilAsync(() => two.State == ShardState.StandingBy, "the second stands by");
        Assert.False(waiting.IsCompleted);
        await one.StopAsync(Cancel);
        Assert.Equal(ShardState.Left, one.State);
        await waiting.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal(ShardState.Ours, two.State);
        await two.StopAsync(Cancel);
        Assert.Equal([StandingBy, Released, Taken, Released], Said());
    }

    [Fact]
    public async Task Bot_whose_shard_was_taken_stops_and_gives_nothing_back()
    {
        using TempFolder folder = new();
        using IHost bot = Bot(folder, azurite.ConnectionString);
        ShardLease lease = bot.Services.GetRequiredService<ShardLease>();
        TempStorage storage = bot.Services.GetRequiredService<TempStorages>().All[0];
        CancellationToken stopping = bot.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        await lease.StartAsync(Cancel);
        BlobBaseClient blob = new(azurite.ConnectionString, StorageNames.TempContainer, name.BlobName);
        await blob.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Cancel);
        Assert.Equal(LeaseOutcome.Ours, await storage.AcquireShardAsync(name.BlobName, SomebodyElse, Cancel));
        await BotRoom.UntilAsync(() => stopping.IsCancellationRequested, "the bot is told to stop");
        Assert.Equal(ShardState.Lost, lease.State);
        await lease.StopAsync(Cancel);
        Assert.Equal(ShardState.Lost, lease.State);
        Assert.Equal([Lost], Said());
    }

    /// <summary>A call is recorded into the spool while the storage is away; who could not ask serves.</summary>
    [Fact]
    public async Task Storage_that_does_not_answer_keeps_the_bot_from_serving_for_ten_seconds_only()
    {
        const string nowhere = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=AAAA;"
            + "BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;QueueEndpoint=http://127.0.0.1:1/devstoreaccount1;";
        using TempFolder folder = new();
        LeapingTime time = new();
        using IHost bot = Bot(folder, nowhere, time);
        ShardLease lease = bot.Services.GetRequiredService<ShardLease>();
        Task starting = lease.StartAsync(Cancel);
        Assert.False(starting.IsCompleted);
        time.Leap(TimeSpan.FromSeconds(11));
        await starting.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal((ShardState.Ours, false),
            (lease.State, bot.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested));
        Assert.Equal([Unconfirmed], Said());
        await lease.StopAsync(new CancellationToken(canceled: true));
    }

    [Fact]
    public async Task One_line_a_minute_says_that_the_bot_lives_and_who_serves()
    {
        using TempFolder folder = new();
        FakeTimeProvider time = new();
        using IHost bot = Bot(folder, azurite.ConnectionString, time);
        ShardLease lease = bot.Services.GetRequiredService<ShardLease>();
        using Heartbeat heartbeat = ActivatorUtilities.CreateInstance<Heartbeat>(bot.Services);
        await heartbeat.StartAsync(Cancel);
        await BotRoom.UntilAsync(() => Beats().Length == 1, "the first line, at once");
        Assert.Contains("not claimed yet", Beats()[0], StringComparison.Ordinal);
        await lease.StartAsync(Cancel);
        time.Advance(TimeSpan.FromSeconds(59));
        time.Advance(TimeSpan.FromSeconds(1));
        await BotRoom.UntilAsync(() => Beats().Length == 2, "the second one, a minute later");
        Assert.Contains("(we serve our part of the servers): 0 recordings, 0 segments of 0 MB", Beats()[1], StringComparison.Ordinal);
        await lease.StopAsync(Cancel);
        time.Advance(TimeSpan.FromMinutes(1));
        await BotRoom.UntilAsync(() => Beats().Length == 3, "the third one");
        Assert.Contains("left to the next bot", Beats()[2], StringComparison.Ordinal);
        await heartbeat.StopAsync(Cancel);
        Assert.DoesNotContain(log.Lines, line => line.EventId == 4302); // no alarm: all is well

        string[] Beats() => [.. log.Lines.Where(line => line.EventId == 4301).Select(line => line.Text)];
    }

    private int[] Said() => [.. log.Lines.Select(line => line.EventId).Where(id => id is >= StandingBy and <= Lost)];

    // Everything that a bot has, and nothing of it is started.
    private IHost Bot(TempFolder folder, string storage, TimeProvider? time = null)
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
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddRecordings(new BotOptions
        {
            Spool = new SpoolOptions { Folder = folder.Path, MinimumFreeBytes = 0 },
            Storage = new TempStorageOptions { Account = new StorageOptions { ConnectionString = storage } },
        });
        builder.Services.AddShardLease(name).AddDiscord(recorder);
        return builder.Build();
    }
}
