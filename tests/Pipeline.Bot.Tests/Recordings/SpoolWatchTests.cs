using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Replay;
using Pipeline.Bot.Spool;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

public sealed class SpoolWatchTests(AzuriteFixture azurite) : IDisposable
{
    private const int SpoolHigh = 4007, SpoolFull = 4008, SpoolFree = 4009, SpoolLost = 4113;
    private const int Limit = 100_000;

    private readonly FakeTimeProvider time = new();
    private readonly LogSink log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => log.Dispose();

    /// <summary>Each level is said once, when it is come to; on the way down only that there is room again.</summary>
    [Fact]
    public async Task Levels_of_the_spool_are_said_once()
    {
        using TempFolder folder = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, folder.Path, options =>
            options with { Spool = options.Spool with { LimitBytes = Limit } });
        using BotMetrics metrics = new();
        using SpoolWatch watch = Watch(room, metrics);
        await watch.StartAsync(Cancel);
        (int Added, int[] Said)[] steps =
        [
            (Limit / 2, []),
            (Limit / 100 * 30, [SpoolHigh]),
            (Limit / 100 * 20, [SpoolHigh, SpoolFull]),
            (0, [SpoolHigh, SpoolFull]),
            (Limit / 100 * -15, [SpoolHigh, SpoolFull, SpoolFree]), // down to high: there is room, and no new warning
            (Limit / 100 * 15, [SpoolHigh, SpoolFull, SpoolFree, SpoolFull]),
            (-Limit, [SpoolHigh, SpoolFull, SpoolFree, SpoolFull, SpoolFree]),
            (Limit / 100 * 80, [SpoolHigh, SpoolFull, SpoolFree, SpoolFull, SpoolFree, SpoolHigh]),
        ];
        foreach ((int added, int[] said) in steps)
        {
            room.Spool.Added(added);
            for (int look = 0; look < 2; look++) await LookAsync(watch);
            Assert.Equal(said, log.Lines.Select(line => line.EventId));
        }
        await watch.StopAsync(Cancel);
    }

    [Fact]
    public async Task Deleted_spool_is_said_once_and_loudly()
    {
        using TempFolder folder = new();
        string spool = folder.Combine("spool");
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool);
        using BotMetrics metrics = new();
        using SpoolWatch watch = Watch(room, metrics);
        await watch.StartAsync(Cancel);
        await LookAsync(watch);
        Directory.Delete(spool, recursive: true);
        for (int look = 0; look < 2; look++) await LookAsync(watch);
        Assert.Equal(LogLevel.Critical, Assert.Single(log.Lines, line => line.EventId == SpoolLost).Level);
        await watch.StopAsync(Cancel);
    }

    [Fact]
    public async Task Watch_that_has_not_looked_for_more_than_a_minute_is_stalled()
    {
        using TempFolder folder = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, folder.Path);
        using BotMetrics metrics = new();
        using SpoolWatch watch = Watch(room, metrics); // not started: nothing looks
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(watch.Stalled);
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(["spool"], watch.Stalled);
    }

    [Fact]
    public async Task Recording_that_has_not_ticked_for_more_than_a_minute_is_stalled_until_it_ticks()
    {
        using TempFolder folder = new();
        Guilds.LeapingTime leaping = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, folder.Path, time: leaping);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(new ReplayClock(TimeProvider.System.GetUtcNow())), Cancel);
        string name = host.Session.RecordingId.ToString();
        Assert.DoesNotContain(name, room.Watch.Stalled);
        leaping.Leap(TimeSpan.FromSeconds(61));
        Assert.Contains(name, room.Watch.Stalled);
        host.Tick();
        Assert.True(host.SinceTick < TimeSpan.FromSeconds(61));
    }

    [Fact]
    public async Task Recording_that_broke_off_stops_the_bot()
    {
        using TempFolder folder = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, folder.Path);
        using BotMetrics metrics = new();
        ApplicationLifetime lifetime = new(log.CreateLogger<ApplicationLifetime>());
        using SpoolWatch watch = new(room.Spool, room.Hosts, metrics, lifetime, time, log.CreateLogger<SpoolWatch>());
        InvalidOperationException bug = new("a bug");
        Assert.False(lifetime.ApplicationStopping.IsCancellationRequested);
        room.Hosts.Broken(bug);
        Assert.Same(bug, room.Hosts.Failure);
        Assert.True(lifetime.ApplicationStopping.IsCancellationRequested);
        Assert.True(room.Hosts.Stopping.IsCancellationRequested); // and nothing is taken over any more
    }

    /// <summary>What an owner reads of the bot: how many calls, for how long, and whose audio waits longest.</summary>
    [Fact]
    public async Task Status_says_how_far_the_slowest_recording_is_behind()
    {
        using TempFolder folder = new();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Cut();
        await using BotRoom room = await BotRoom.StartAsync(connection, folder.Path);
        BotStatus status = new(room.Spool, room.Hosts, time);
        time.Advance(TimeSpan.FromHours(2));
        BotFigures idle = status.Read();
        Assert.Equal((0, 0L, TimeSpan.FromHours(2)), (idle.Recordings, idle.LagSamples, idle.Up));
        Assert.Same(room.Spool.Snapshot, idle.Spool);

        ReplayClock clock = new(TimeProvider.System.GetUtcNow());
        ActiveRecording quiet = await room.Hosts.StartAsync(BotRoom.Request(new ReplayClock(TimeProvider.System.GetUtcNow())), Cancel);
        Assert.Equal((1, 0L), (status.Read().Recordings, status.Read().LagSamples));
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), Cancel);
        new TestVoice(host, clock, 501, "Ada").Talk(3);

        BotFigures busy = status.Read();
        Assert.Equal(2, busy.Recordings);
        Assert.Equal(host.Recording.SampleCount - host.Upload.Safe.Sample, busy.LagSamples);
        Assert.InRange(busy.LagSamples, 2 * 48_000, 3 * 48_000);
        Assert.Equal(0, quiet.Upload.Safe.Sample);
    }

    private SpoolWatch Watch(BotRoom room, BotMetrics metrics) =>
        new(room.Spool, room.Hosts, metrics, new ApplicationLifetime(log.CreateLogger<ApplicationLifetime>()), time,
            log.CreateLogger<SpoolWatch>());

    // Two looks have begun since: the first of them is over.
    private async Task LookAsync(SpoolWatch watch)
    {
        for (int look = 0; look < 2; look++)
        {
            time.Advance(TimeSpan.FromSeconds(61));
            await BotRoom.UntilAsync(() =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return watch.Stalled.Count == 0;
            }, "the watch has looked");
        }
    }
}
