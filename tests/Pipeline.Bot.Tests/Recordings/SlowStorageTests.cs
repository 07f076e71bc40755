using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

public sealed class SlowStorageTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Slow_answers_hold_nothing_up_for_good_and_nothing_is_doubled()
    {
        SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));
        StorageEye eye = new(azurite.ConnectionString);
        using TempFolder spool = new();
        await eye.CreateAsync();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Delay = queue.Delay = TimeSpan.FromMilliseconds(500);
        for (int index = 0; index < 8; index++) SpoolWriter.Write(spool.Path, session, 501, index);

        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path);
        await room.Uploader.DrainAsync(TestContext.Current.CancellationToken);

        Assert.Equal(8, (await eye.SegmentsAsync(session.RecordingId)).Count);
        Assert.Equal(8, await eye.CountSegmentsAsync(session.RecordingId));
        Assert.DoesNotContain(room.Log.Lines, line => line.Level >= Microsoft.Extensions.Logging.LogLevel.Warning);
    }

    [Fact]
    public async Task Storage_that_never_answers_is_given_up_and_asked_again()
    {
        SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));
        StorageEye eye = new(azurite.ConnectionString);
        using TempFolder spool = new();
        await eye.CreateAsync();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Delay = TimeSpan.FromHours(1);
        SpoolWriter.Write(spool.Path, session, 501, 0);

        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path, options =>
            options with { Storage = options.Storage with { CallTimeout = TimeSpan.FromSeconds(1) } });
        await BotRoom.UntilAsync(() => room.Log.Lines.Any(line => line.EventId == 4001), "the silence is noticed");
        blob.Delay = TimeSpan.Zero;
        blob.Cut();
        blob.Mend();
        await room.Uploader.DrainAsync(TestContext.Current.CancellationToken);

        Assert.NotEmpty(await eye.SegmentsAsync(session.RecordingId));
        Assert.Equal(1, await eye.CountSegmentsAsync(session.RecordingId));
    }
}
