using Azure.Storage.Blobs.Models;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

public sealed class SegmentUploaderTests(AzuriteFixture azurite)
{
    private const ulong Ada = 501;
    private const ulong Grace = 502;

    private readonly SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));
    private readonly StorageEye eye = new(azurite.ConnectionString);

    [Fact]
    public async Task Closed_segment_is_put_announced_and_deleted()
    {
        using TempFolder spool = new();
        string name = string.Concat(Enumerable.Repeat("🎙", 50));
        string wav = SpoolWriter.Write(spool.Path, session, Ada, 7, name);
        byte[] content = await File.ReadAllBytesAsync(wav, TestContext.Current.CancellationToken);

        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        await room.Uploader.DrainAsync(TestContext.Current.CancellationToken);

        SegmentReady message = Assert.Single(await eye.SegmentsAsync(session.RecordingId));
        Assert.Equal((Ada, 7, name), (message.UserId, message.SegmentIndex, message.Username));
        Assert.Equal((7 * 48_000L, 48_000L, 1), (message.StartSample, message.SampleCount, message.Channels));
        Assert.Equal((content.LongLength, StorageEye.Md5(content)), (message.FileSize, message.ContentMd5));
        Assert.Equal(session, message.Session);
        BlobProperties blob = await eye.Blob(message.BlobName).GetPropertiesAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(message.ContentMd5, Convert.ToBase64String(blob.ContentHash));
        Assert.Equal("audio/wav", blob.ContentType);
        Assert.True(SegmentMetadata.TryRead(blob.Metadata[SegmentMetadata.Key], out SegmentReady? metadata));
        Assert.Equal(message, metadata);
        Assert.Equal(content, (await eye.BlobsAsync(session.RecordingId))[message.BlobName]);
        Assert.False(File.Exists(wav));
        Assert.False(File.Exists(Path.ChangeExtension(wav, ".json")));
    }

    [Fact]
    public async Task Segment_that_was_put_before_a_crash_is_announced_again_and_deleted()
    {
        using TempFolder spool = new();
        for (int run = 0; run < 2; run++)
        {
            SpoolWriter.Write(spool.Path, session, Ada, 0);
            await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
            await room.Uploader.DrainAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotContain(room.Log.Lines, line => line.Level >= Microsoft.Extensions.Logging.LogLevel.Warning);
        }

        IReadOnlyList<SegmentReady> messages = await eye.SegmentsAsync(session.RecordingId);
        Assert.Equal(2, messages.Count);
        Assert.Equal(messages[0].ContentMd5, messages[1].ContentMd5);
        Assert.Equal(1, await eye.CountSegmentsAsync(session.RecordingId));
    }

    [Fact]
    public async Task Other_bytes_under_the_same_name_are_kept_on_both_sides_and_said_loudly()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        string blobName = BlobPaths.Segment(new SegmentKey(session.RecordingId, Ada, 0), "Ada");
        await eye.Blob(blobName).UploadAsync(new BinaryData("other bytes"), TestContext.Current.CancellationToken);
        string wav = SpoolWriter.Write(spool.Path, session, Ada, 0);
        byte[] ours = await File.ReadAllBytesAsync(wav, TestContext.Current.CancellationToken);

        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        await room.Uploader.DrainAsync(TestContext.Current.CancellationToken);

        Assert.Equal("other bytes", System.Text.Encoding.UTF8.GetString((await eye.BlobsAsync(session.RecordingId))[blobName]));
        Assert.Contains(room.Log.Lines, line => line.EventId == 4004 && line.Level == Microsoft.Extensions.Logging.LogLevel.Error);
        string kept = Assert.Single(Directory.EnumerateFiles(spool.Path, "*.wav", SearchOption.AllDirectories));
        Assert.Equal(ours, await File.ReadAllBytesAsync(kept, TestContext.Current.CancellationToken));
        Assert.Empty(await eye.SegmentsAsync(session.RecordingId));
    }

    [Fact]
    public async Task Uploaded_segments_are_kept_when_the_owner_wants_it_and_not_uploaded_again()
    {
        using TempFolder spool = new();
        SpoolWriter.Write(spool.Path, session, Ada, 0);
        for (int run = 0; run < 2; run++)
        {
            await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path, options =>
                options with { Upload = new UploadOptions { KeepLocal = true } });
            await room.Uploader.DrainAsync(TestContext.Current.CancellationToken);
        }

        Assert.Single(await eye.SegmentsAsync(session.RecordingId));
        string kept = Path.Combine(spool.Path, "kept", session.RecordingId.ToString(), "501", "000000.wav");
        Assert.Equal(SpoolWriter.Wav(Ada, 0, 48_000), await File.ReadAllBytesAsync(kept, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Backlog_waits_while_the_storage_is_cut_off_and_drains_by_itself()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Cut();
        queue.Cut();
        for (int index = 0; index < 30; index++) SpoolWriter.Write(spool.Path, session, index % 2 == 0 ? Ada : Grace, index / 2);

        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path);
        await BotRoom.UntilAsync(() => room.Log.Lines.Any(line => line.EventId == 4001), "the outage is said");
        Assert.Equal(30, room.Spool.Refresh().Files);
        blob.Mend();
        queue.Mend();
        await BotRoom.UntilAsync(() => room.Metrics.Uploaded > 5, "uploads begin again");
        blob.Cut();
        queue.Cut();
        blob.Mend();
        queue.Mend();
        await room.Uploader.DrainAsync(TestContext.Current.CancellationToken);

        Assert.Equal(30, await eye.CountSegmentsAsync(session.RecordingId));
        Assert.Equal(30, (await eye.SegmentsAsync(session.RecordingId)).Select(message => message.Key).Distinct().Count());
        Assert.Contains(room.Log.Lines, line => line.EventId == 4002);
        Assert.DoesNotContain(room.Log.Lines, line => line.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
    }

    [Theory]
    [InlineData("503 Server Busy")]
    [InlineData("429 Too Many Requests")]
    [InlineData("500 Internal Server Error")]
    public async Task Busy_storage_is_waited_for(string status)
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        (blob.FaultStatus, blob.Faults, queue.FaultStatus, queue.Faults) = (status, 4, status, 2);
        for (int index = 0; index < 4; index++) SpoolWriter.Write(spool.Path, session, Ada, index);

        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path);
        await room.Uploader.DrainAsync(TestContext.Current.CancellationToken);

        Assert.Equal(4, await eye.CountSegmentsAsync(session.RecordingId));
        Assert.True(blob.Faulted > 0 && queue.Faulted > 0);
        Assert.DoesNotContain(room.Log.Lines, line => line.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
    }

    [Fact]
    public async Task Segment_without_its_sidecar_is_set_aside_and_does_not_hold_up_others()
    {
        using TempFolder spool = new();
        File.Delete(Path.ChangeExtension(SpoolWriter.Write(spool.Path, session, Ada, 0), ".json"));
        await File.WriteAllTextAsync(Path.ChangeExtension(SpoolWriter.Write(spool.Path, session, Ada, 1), ".json"), "{ no json",
            TestContext.Current.CancellationToken);
        SpoolWriter.Write(spool.Path, session, Ada, 2);

        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        await room.Uploader.DrainAsync(TestContext.Current.CancellationToken);

        Assert.Equal(2, Assert.Single(await eye.SegmentsAsync(session.RecordingId)).SegmentIndex);
        Assert.Equal(2, Directory.EnumerateFiles(spool.Path, "*.wav", SearchOption.AllDirectories).Count());
    }

    [Fact]
    public async Task Second_bot_on_the_same_spool_is_refused()
    {
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);

        SpoolInUseException refused = Assert.Throws<SpoolInUseException>(() => new SegmentSpool(new SpoolOptions { Folder = spool.Path }));

        Assert.Contains(spool.Path, refused.Message, StringComparison.Ordinal);
        Assert.Contains("RECORDING_SPOOL_FOLDER", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Level_rises_at_80_and_100_percent_and_falls_below_95()
    {
        using TempFolder folder = new();
        using SegmentSpool spool = new(new SpoolOptions { Folder = folder.Path, LimitBytes = 1000, MinimumFreeBytes = 0 });
        Assert.Equal(SpoolLevel.Ok, spool.Refresh().Level);
        spool.Added(800);
        Assert.Equal(SpoolLevel.High, spool.Refresh().Level);
        spool.Added(200);
        Assert.Equal(SpoolLevel.Full, spool.Refresh().Level);
        spool.Added(-40);
        Assert.Equal(SpoolLevel.Full, spool.Refresh().Level);
        spool.Added(-20);
        Assert.Equal(SpoolLevel.High, spool.Refresh().Level);
    }

    [Fact]
    public void Disk_below_its_minimum_is_full_whatever_the_limit_says()
    {
        using TempFolder folder = new();
        using SegmentSpool spool = new(new SpoolOptions { Folder = folder.Path, MinimumFreeBytes = long.MaxValue / 200 });

        Assert.Equal(SpoolLevel.Full, spool.Refresh().Level);
    }
}
