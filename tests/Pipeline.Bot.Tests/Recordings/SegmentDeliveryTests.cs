using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

/// <summary>One segment on its way: what is there when it counts as delivered, and what is not when its speaker has said no.</summary>
public sealed class SegmentDeliveryTests(AzuriteFixture azurite)
{
    private const ulong Ada = 501;

    private static readonly AsyncLocal<List<double>?> Measured = new();

    private readonly SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));
    private readonly StorageEye eye = new(azurite.ConnectionString);
    private readonly FakeTimeProvider time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Delivered_means_that_bytes_and_message_are_there_also_where_the_storage_was_busy_first()
    {
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        (blob.Faults, queue.Faults) = (1, 1);
        using TempFolder folder = new();
        using SegmentSpool spool = Spool(folder);
        using BotMetrics metrics = new();
        PreparedSegment segment = await PrepareAsync(spool);

        Assert.NotNull(await Delivery(connection, metrics).DeliverAsync(segment, null, Cancel));

        Assert.Equal(1, await eye.CountSegmentsAsync(session.RecordingId));
        Assert.Equal(segment.Message.ContentMd5, Assert.Single(await eye.SegmentsAsync(session.RecordingId)).ContentMd5);
        Assert.Equal((1L, segment.Message.FileSize), (metrics.Uploaded, metrics.UploadedBytes));
    }

    [Fact]
    public async Task Segment_of_somebody_who_said_no_is_not_put()
    {
        using TempFolder folder = new();
        using SegmentSpool spool = Spool(folder);
        using BotMetrics metrics = new();
        PreparedSegment segment = await PrepareAsync(spool);
        LiveManifest manifest = Manifest(spool);
        manifest.Refuse(Ada, below: 1);

        Assert.Null(await Delivery(azurite.ConnectionString, metrics).DeliverAsync(segment, manifest, Cancel));

        Assert.Equal(0, await eye.CountSegmentsAsync(session.RecordingId));
        Assert.Empty(await eye.SegmentsAsync(session.RecordingId));
        Assert.Equal(0, metrics.Uploaded);
    }

    /// <summary>The answer to an earlier try was lost, and the bytes are there when she says no: they go, nobody hears of them.</summary>
    [Fact]
    public async Task Bytes_that_came_before_she_said_no_are_deleted_also_where_the_storage_is_busy()
    {
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        using TempFolder folder = new();
        using SegmentSpool spool = Spool(folder);
        using BotMetrics metrics = new();
        PreparedSegment segment = await PrepareAsync(spool);
        LiveManifest manifest = Manifest(spool);
        await eye.Blob(segment.Message.BlobName).UploadAsync(new BinaryData("of an earlier try"), Cancel);
        manifest.Refuse(Ada, below: 1);
        blob.Faults = 1;

        Assert.Null(await Delivery(connection, metrics).DeliverAsync(segment, manifest, Cancel));

        Assert.Equal(0, await eye.CountSegmentsAsync(session.RecordingId));
        Assert.Empty(await eye.SegmentsAsync(session.RecordingId));
    }

    [Fact]
    public async Task Segment_that_has_departed_is_no_longer_refused()
    {
        using TempFolder folder = new();
        using SegmentSpool spool = Spool(folder);
        using BotMetrics metrics = new();
        LiveManifest manifest = Manifest(spool);
        PreparedSegment segment = await PrepareAsync(spool);
        Assert.NotNull(await Delivery(azurite.ConnectionString, metrics).DeliverAsync(segment, manifest, Cancel));
        manifest.Refuse(Ada, below: 1);
        Assert.False(manifest.IsRefused(segment.File.Key));
    }

    [Fact]
    public async Task Time_from_the_spoken_word_to_the_storage_is_measured()
    {
        using TempFolder folder = new();
        using SegmentSpool spool = Spool(folder);
        using BotMetrics metrics = new();
        List<double> spokenToDurable = [];
        Measured.Value = spokenToDurable;
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (instrument.Name == BotMetrics.SpokenToDurable) own.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, _, _) => Measured.Value?.Add(seconds));
        listener.Start();
        SegmentDelivery delivery = Delivery(azurite.ConnectionString, metrics);
        PreparedSegment segment = await PrepareAsync(spool);

        time.SetUtcNow(segment.Message.ClosedAt + TimeSpan.FromSeconds(3));
        delivery.Closed(segment.File.Key, TimeSpan.FromSeconds(12));
        Assert.Equal(TimeSpan.FromSeconds(3), await delivery.DeliverAsync(segment, null, Cancel));
        Assert.NotNull(await delivery.DeliverAsync(segment, null, Cancel)); // nobody knows any more when it was spoken
        delivery.Closed(segment.File.Key, TimeSpan.FromSeconds(12));
        delivery.Forget(segment.File.Key);
        Assert.NotNull(await delivery.DeliverAsync(segment, null, Cancel));

        Assert.Equal([15, 4, 4], spokenToDurable.Select(seconds => Math.Round(seconds, 3)));
        Assert.Equal(2, metrics.Closed);
    }

    [Fact]
    public async Task Clock_that_was_set_back_makes_no_negative_time()
    {
        using TempFolder folder = new();
        using SegmentSpool spool = Spool(folder);
        using BotMetrics metrics = new();
        PreparedSegment segment = await PrepareAsync(spool);
        FakeTimeProvider early = new(segment.Message.ClosedAt - TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.Zero, await Delivery(azurite.ConnectionString, metrics, early).DeliverAsync(segment, null, Cancel));
    }

    private static SegmentSpool Spool(TempFolder folder) => new(new SpoolOptions { Folder = folder.Path, MinimumFreeBytes = 0 });

    private async Task<PreparedSegment> PrepareAsync(SegmentSpool spool)
    {
        SpoolWriter.Write(spool.Root, session, Ada, 0);
        return await PreparedSegment.ReadAsync(Assert.Single(spool.Closed()), Cancel);
    }

    private LiveManifest Manifest(SegmentSpool spool) => LiveManifest.Start(spool.Folder(session.RecordingId), BotRoom.Manifest(session));

    private SegmentDelivery Delivery(string connection, BotMetrics metrics, TimeProvider? clock = null)
    {
        TempStorage storage = new(new TempStorageOptions { Account = new StorageOptions { ConnectionString = connection } });
        StorageRetry retry = new(TimeProvider.System, NullLogger<StorageRetry>.Instance);
        return new SegmentDelivery(new TempStorages([storage]), retry, metrics, clock ?? time);
    }
}
