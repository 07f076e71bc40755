using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Gateway;

/// <summary>A bot that identifies too fast or too often has its token reset.</summary>
public sealed class IdentifyGateTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider time = new();
    private readonly LogSink log = new();
    private readonly IdentifyGate gate;
    private int asked;
    private int left = 1000;
    private int concurrency = 1;
    private int resetAfter = 60_000;

    public IdentifyGateTests() => gate = new IdentifyGate(_ =>
    {
        asked++;
        return Task.FromResult(new GatewayInfo
        {
            Url = "wss://x",
            SessionStartLimit = new SessionStartLimit { Remaining = left, ResetAfter = resetAfter, MaxConcurrency = concurrency },
        });
    }, Interval, time, log.CreateLogger("gateway"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => gate.Dispose();

    [Fact]
    public async Task Next_one_waits_five_seconds_from_the_moment_that_the_one_before_was_sent()
    {
        IDisposable first = await gate.TakeAsync(0, Cancel);
        time.Advance(TimeSpan.FromSeconds(20)); // connecting takes long
        first.Dispose();
        time.Advance(TimeSpan.FromSeconds(2));
        Task<IDisposable> second = gate.TakeAsync(1, Cancel);
        time.Advance(TimeSpan.FromSeconds(3) - TimeSpan.FromMilliseconds(1));
        Assert.False(second.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        (await second).Dispose();
        time.Advance(Interval);
        Assert.True(gate.TakeAsync(2, Cancel).IsCompletedSuccessfully);
        Task<IDisposable> meanwhile = gate.TakeAsync(3, Cancel);
        time.Advance(TimeSpan.FromHours(1)); // the one before has not sent yet
        Assert.False(meanwhile.IsCompleted);
    }

    [Fact]
    public async Task Shards_of_different_buckets_do_not_wait_for_each_other()
    {
        concurrency = 2;
        await gate.TakeAsync(0, Cancel);
        Assert.True(gate.TakeAsync(1, Cancel).IsCompletedSuccessfully);
        Assert.False(gate.TakeAsync(2, Cancel).IsCompleted);
    }

    [Fact]
    public async Task Budget_that_is_used_up_is_waited_for_and_asked_again()
    {
        left = 1;
        (await gate.TakeAsync(0, Cancel)).Dispose();
        time.Advance(Interval);
        left = 0;
        Task<IDisposable> second = gate.TakeAsync(0, Cancel);
        Assert.False(second.IsCompleted);
        Assert.Single(log.Lines, line => line.EventId == 1003);
        left = 5;
        time.Advance(TimeSpan.FromSeconds(60) - TimeSpan.FromMilliseconds(1));
        Assert.False(second.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        (await second).Dispose();
    }

    [Fact]
    public async Task Budget_that_is_said_to_come_back_at_once_is_asked_for_a_second_later()
    {
        (left, resetAfter, concurrency) = (0, 0, 0);
        Task<IDisposable> first = gate.TakeAsync(7, Cancel);
        left = 1;
        time.Advance(TimeSpan.FromSeconds(1) - TimeSpan.FromTicks(1));
        Assert.False(first.IsCompleted);
        time.Advance(TimeSpan.FromTicks(1));
        (await first).Dispose();
    }

    [Fact]
    public async Task Numbers_are_asked_once_and_again_when_they_are_older_than_half_a_minute()
    {
        await gate.GetInfoAsync(Cancel);
        await gate.GetInfoAsync(Cancel);
        Assert.Equal(1, asked);
        (await gate.TakeAsync(0, Cancel)).Dispose();
        Assert.Equal(1, asked);
        time.Advance(TimeSpan.FromSeconds(30));
        (await gate.TakeAsync(0, Cancel)).Dispose();
        Assert.Equal(1, asked);
        time.Advance(TimeSpan.FromSeconds(30) + TimeSpan.FromTicks(1));
        (await gate.TakeAsync(0, Cancel)).Dispose();
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Place_of_one_that_gave_up_is_free_again()
    {
        (await gate.TakeAsync(0, Cancel)).Dispose();
        using CancellationTokenSource over = new();
        Task<IDisposable> waiting = gate.TakeAsync(0, over.Token);
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        time.Advance(Interval);
        Assert.True(gate.TakeAsync(0, Cancel).IsCompletedSuccessfully);
    }
}
