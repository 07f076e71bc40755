using Pipeline.Bot.Recordings;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

public sealed class ReservedIndexesTests
{
    private const ulong Ada = 501;
    private readonly SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));

    [Fact]
    public async Task Waits_on_many_threads_end_with_the_manifest_that_reserves_them_and_none_is_forgotten()
    {
        ReservedIndexes indexes = new(Manifest(0));
        int asked = 0;
        indexes.Wanted = () => Interlocked.Increment(ref asked);
        Task<bool>[] waits = [.. Enumerable.Range(0, 200)
            .Select(index => Task.Run(() => indexes.WaitAsync(Key(index), () => false, TestContext.Current.CancellationToken)))];
        for (int reserved = 1; reserved <= 200; reserved++)
        {
            indexes.Stored(Manifest(reserved));
            await waits[reserved - 1].WaitAsync(TestContext.Current.CancellationToken);
        }
        Assert.All(await Task.WhenAll(waits), Assert.True);
        Assert.Equal(200, indexes.Of(Ada));
    }

    [Fact]
    public async Task Who_waits_asks_for_a_manifest_again_after_one_that_was_too_small()
    {
        ReservedIndexes indexes = new(Manifest(0));
        Task<bool> waiting = indexes.WaitAsync(Key(5), () => false, TestContext.Current.CancellationToken);
        Assert.True(indexes.IsWanted);
        indexes.Stored(Manifest(3));
        LoopLimit limit = new("who waits asks for another manifest");
        while (!indexes.IsWanted)
        {
            limit.Turn();
            await Task.Yield();
        }
        Assert.False(waiting.IsCompleted);
        indexes.Stored(Manifest(6));
        Assert.True(await waiting);
        Assert.True(indexes.WasStored);
    }

    [Fact]
    public async Task Lost_recording_gives_only_what_was_reserved_and_is_ours_again_after_a_takeover()
    {
        ReservedIndexes indexes = new(Manifest(2));
        indexes.Lost();
        Assert.True(await indexes.WaitAsync(Key(1), () => false, TestContext.Current.CancellationToken));
        Assert.False(await indexes.WaitAsync(Key(2), () => false, TestContext.Current.CancellationToken));
        Assert.True(await indexes.WaitAsync(Key(ReservedIndexes.Leftovers), () => false, TestContext.Current.CancellationToken));
        indexes.TakeOver(Manifest(9));
        Assert.False(indexes.IsLost);
        Assert.True(await indexes.WaitAsync(Key(8), () => false, TestContext.Current.CancellationToken));
    }

    private SegmentKey Key(int index) => new(session.RecordingId, Ada, index);

    private SessionManifest Manifest(int reserved) => BotRoom.Manifest(session) with { Tracks = [BotRoom.Reserved(Ada, reserved)] };
}
