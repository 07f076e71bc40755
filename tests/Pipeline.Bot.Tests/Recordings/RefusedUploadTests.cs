using Pipeline.Bot.Recordings;
using Pipeline.Bot.Replay;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

public sealed class RefusedUploadTests(AzuriteFixture azurite)
{
    private const ulong Ada = 501, Ben = 502;

    /// <summary>
    /// Ada's second segment has reached the storage, whose answer is still on its way, when she opts out; then the bot is gone. Neither the
    /// bot that comes after it on the same disk nor one without the disk counts that blob as hers, and the manifest says so to the sweep.
    /// </summary>
    [Fact]
    public async Task Crash_between_a_confirmed_upload_and_its_deletion_leaves_a_blob_that_the_manifest_refuses()
    {
        StorageEye eye = new(azurite.ConnectionString);
        using TempFolder spool = new(), otherDisk = new();
        await eye.CreateAsync();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        RecordingId recording;
        await using (BotRoom room = await BotRoom.StartAsync(connection, spool.Path))
        {
            ReplayClock clock = new(TimeProvider.System.GetUtcNow());
            ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), TestContext.Current.CancellationToken);
            recording = host.Session.RecordingId;
            TestVoice ada = new(host, clock, Ada, "Ada");
            ada.Talk(2);
            Cut(host);
            await BotRoom.UntilAsync(async () => (await eye.SegmentsAsync(recording)).Count == 1, "the first segment is stored");
            blob.Delay = TimeSpan.FromHours(1);
            ada.Talk(2);
            Cut(host);
            await BotRoom.UntilAsync(async () => await eye.CountSegmentsAsync(recording) == 2, "the second is there, unconfirmed");
            host.SetOptOut(Ada, optedOut: true);
            host.Tick();
            await BotRoom.UntilAsync(() => !room.Spool.Closed(recording, Ada).Any(), "her file is gone");
            blob.Cut();
            queue.Cut();
        }
        await using (BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path))
        {
            RecordingCandidate left = Assert.Single(await room.Unowned.FindAsync(TestContext.Current.CancellationToken), one =>
                one.Session.RecordingId == recording);
            ActiveRecording host = (await room.Unowned.TakeOverAsync(left, null, ticksByCaller: false,
                TestContext.Current.CancellationToken))!;
            host.OptOut([Ada]); // as the settings know it, which keep it before anything else does
            await BotRoom.UntilAsync(async () => await eye.ManifestAsync(recording) is { Incarnation: 2, OptedOut: [Ada] }, "it is stored");
        }
        SessionManifest stored = (await eye.ManifestAsync(recording))!;
        Assert.Equal(2, await eye.CountSegmentsAsync(recording));
        Assert.Equal((false, true), (stored.Refuses(Ada, 0), stored.Refuses(Ada, 1)));
        Assert.False(stored.Refuses(Ben, 0));

        await using BotRoom other = await BotRoom.StartAsync(azurite.ConnectionString, otherDisk.Path);
        FoundRecording found = await FoundRecording.LookAsync(other.Storage, stored, TestContext.Current.CancellationToken);
        Assert.Equal([new IndexRange(0, 0)], Assert.Single(found.Manifest.Tracks, track => track.UserId == Ada).Segments);
    }

    private static void Cut(ActiveRecording host)
    {
        host.Recording.Post(new Bot.Capture.RecordingAction.Cut());
        host.Tick();
    }
}
