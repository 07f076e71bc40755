using System.Security.Cryptography;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Ledger;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

public sealed class MoveSegmentTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Message_alone_is_enough_to_create_the_recording()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 200, (5, "Ada", 1));

        Assert.True(await app.MoveAsync(session.Segments[0]));

        Assert.Equal(RecordingStatus.Live, (await app.RecordingAsync(session.Id))!.Status);
    }

    [Fact]
    public async Task Two_workers_at_once_move_every_segment_once()
    {
        await using App first = await App.StartAsync(azurite.ConnectionString);
        await using App second = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(first, 201, (5, "Ada", 8), (6, "Grace", 8));

        bool[] moved = await Task.WhenAll(
            session.Segments.SelectMany(segment => new[] { first.MoveAsync(segment), second.MoveAsync(segment) }));
        bool[] finalized = await Task.WhenAll(first.FinalizeAsync(session.Stopped), second.FinalizeAsync(session.Stopped));

        Assert.All(moved, Assert.True);
        Assert.All(finalized, Assert.True);
        RecordingDetails recording = (await first.RecordingAsync(session.Id))!;
        Assert.Equal(session.Segments.Select(segment => segment.ContentMd5).Order(),
            recording.Segments.Select(segment => segment.ContentMd5).Order());
        Assert.Empty(await session.LeftInTempAsync(first.Storage));
    }

    [Fact]
    public async Task Vanished_blob_fails_and_is_named_as_missing()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["RECORDING_FINALIZE_DEADLINE"] = "1s" });
        Session session = await SessionAsync(app, 202, (5, "Ada", 2));
        await app.Storage.Temp.GetBlobClient(session.Segments[1].BlobName).DeleteAsync(cancellationToken: Cancellation);

        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.False(await app.MoveAsync(session.Segments[1]));
        await FinalizeUntilDoneAsync(app, session);

        MissingSegment missing = Assert.Single((await app.RecordingAsync(session.Id))!.MissingSegments);
        Assert.Equal(("5", 1, "vanished"), (missing.UserId, missing.SegmentIndex, missing.Reason));
        Assert.Equal(1, await app.Storage.Tables.GetTableClient(StorageNames.ReportsTable)
            .QueryAsync<TableEntity>($"Recording eq '{session.Id}' and Subject eq 'missing'", cancellationToken: Cancellation)
            .CountAsync(Cancellation));
    }

    [Fact]
    public async Task Vanished_blob_with_a_row_is_done()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 203, (5, "Ada", 1));
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));

        Assert.True(await app.MoveAsync(session.Segments[0]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Altered_blob_is_neither_moved_nor_deleted(int extraBytes)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["RECORDING_FINALIZE_DEADLINE"] = "1s" });
        Session session = await SessionAsync(app, 204 + extraBytes, (5, "Ada", 2));
        byte[] altered = [.. session.BytesOf(session.Segments[1]), .. new byte[extraBytes]];
        altered[7] ^= 0x40;
        BlobClient blob = app.Storage.Temp.GetBlobClient(session.Segments[1].BlobName);
        await blob.UploadAsync(new BinaryData(altered), overwrite: true, Cancellation);
        // A hash that was taken over from the right bytes excuses no wrong length.
        if (extraBytes > 0)
            await blob.SetHttpHeadersAsync(new BlobHttpHeaders { ContentHash = Convert.FromBase64String(session.Segments[1].ContentMd5) },
                cancellationToken: Cancellation);

        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.False(await app.MoveAsync(session.Segments[1]));
        await FinalizeUntilDoneAsync(app, session);

        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal("altered", Assert.Single(recording.MissingSegments).Reason);
        Assert.Equal([session.Segments[1].BlobName], await session.LeftInTempAsync(app.Storage));
        List<string> moved = [];
        await foreach (BlobItem item in app.Storage.Recordings.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{session.Id}/" },
            Cancellation)) moved.Add(item.Name);
        Assert.Single(moved);
    }

    [Fact]
    public async Task Crash_between_copy_and_row_is_repaired_by_the_next_try()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 207, (5, "Ada", 1));
        SegmentReady segment = session.Segments[0];
        await app.Storage.Recordings.GetBlobClient(segment.BlobName).UploadAsync(new BinaryData(session.BytesOf(segment)), Cancellation);

        Assert.True(await app.MoveAsync(segment));

        Assert.NotNull(await app.Get<LedgerTable>().FindSegmentAsync(segment.Key, Cancellation));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Theory]
    [InlineData(208, 1)]
    [InlineData(74_001, 0)] // as many of them
    public async Task Other_bytes_at_the_last_place_stop_the_move(int seed, int fewer)
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, seed, (5, "Ada", 1));
        SegmentReady segment = session.Segments[0];
        byte[] other = [.. session.BytesOf(segment)[fewer..].Select(value => (byte)(value ^ 1))];
        await app.Storage.Recordings.GetBlobClient(segment.BlobName).UploadAsync(new BinaryData(other), Cancellation);

        Assert.False(await app.MoveAsync(segment));

        Assert.Null(await app.Get<LedgerTable>().FindSegmentAsync(segment.Key, Cancellation));
        Assert.Single(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Bytes_that_came_under_the_name_of_a_moved_segment_are_neither_moved_nor_deleted()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 74_002, (5, "Ada", 1));
        SegmentReady segment = session.Segments[0];
        Assert.True(await app.MoveAsync(segment));
        byte[] other = [.. session.BytesOf(segment).Select(value => (byte)(value ^ 1))];
        await app.Storage.Temp.GetBlobClient(segment.BlobName).UploadAsync(new BinaryData(other), Cancellation);

        Assert.True(await app.MoveAsync(segment)); // of its own bytes nothing is left to do
        Assert.Equal([segment.BlobName], await session.LeftInTempAsync(app.Storage));
        Assert.False(await app.MoveAsync(segment with { ContentMd5 = Convert.ToBase64String(MD5.HashData(other)) }));
        Assert.Equal([segment.BlobName], await session.LeftInTempAsync(app.Storage));
        Assert.Equal([new(segment.Key, "conflict")], await app.Get<LedgerTable>().FaultsAsync(session.Id, Cancellation));
    }

    [Fact]
    public async Task Blob_put_in_blocks_is_hashed_before_it_is_believed()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 209, (5, "Ada", 1));
        SegmentReady segment = session.Segments[0];
        Azure.Storage.Blobs.Specialized.BlockBlobClient blob = new(azurite.ConnectionString, StorageNames.TempContainer, segment.BlobName);
        using MemoryStream content = new(session.BytesOf(segment));
        await blob.StageBlockAsync("AAAA", content, cancellationToken: Cancellation);
        await blob.CommitBlockListAsync(["AAAA"], cancellationToken: Cancellation);

        Assert.True(await app.MoveAsync(segment));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Segment_of_a_deleted_recording_is_thrown_away_and_brings_nothing_back()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 210, (5, "Ada", 2));
        Assert.True(await app.MoveAsync(session.Segments[0]));
        await app.DeleteRecordingAsync(session.Id);
        await session.PutAsync(app.Storage, session.Segments[1]);

        Assert.True(await app.MoveAsync(session.Segments[1]));
        Assert.True(await app.FinalizeAsync(session.Stopped));

        Assert.Null(await app.RecordingAsync(session.Id));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
        Assert.Equal(RecordingState.Deleted, (await app.Get<LedgerTable>().FindRecordingAsync(session.Id, Cancellation))!.State);
        await foreach ((RecordingId live, _) in app.Get<LedgerTable>().ListLiveAsync(Cancellation)) Assert.NotEqual(session.Id, live);
        await foreach (BlobItem item in app.Storage.Recordings.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{session.Id}/" },
            Cancellation)) Assert.Fail(item.Name);
    }

    [Fact]
    public async Task Message_of_a_deleted_recording_is_over_however_late_and_often_it_comes()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 212, (5, "Ada", 3));
        Assert.True(await app.MoveAsync(session.Segments[0]));
        await app.DeleteRecordingAsync(session.Id);
        Assert.True(await app.MoveAsync(session.Segments[0])); // moved before
        Assert.True(await app.MoveAsync(session.Segments[1])); // its file went with the recording
        await session.PutAsync(app.Storage, session.Segments[2] with { FileSize = 5 }, session.Segments[2]);
        Assert.True(await app.MoveAsync(session.Segments[2] with { FileSize = 5 })); // not what its message says
        await session.PutAsync(app.Storage, session.Segments[2]);
        for (int turn = 0; turn < 2; turn++) Assert.True(await app.MoveAsync(session.Segments[2]));

        Assert.Empty(await session.LeftInTempAsync(app.Storage));
        Assert.Empty(await app.Get<LedgerTable>().FaultsAsync(session.Id, Cancellation));
        Assert.Null(await app.RecordingAsync(session.Id));
    }

    [Fact]
    public async Task Message_that_names_another_blob_is_refused()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = await SessionAsync(app, 211, (5, "Ada", 2));

        Assert.False(await app.MoveAsync(session.Segments[0] with { BlobName = session.Segments[1].BlobName }));
        Assert.False(await app.MoveAsync(session.Segments[0] with { BlobName = "../x.wav" }));
        Assert.False(await app.MoveAsync(session.Segments[0] with { Version = 9 }));
        Assert.False(await app.MoveAsync(session.Segments[0] with { ContentMd5 = "short" }));

        Assert.Equal(2, (await session.LeftInTempAsync(app.Storage)).Length);
    }

    private static async Task FinalizeUntilDoneAsync(App app, Session session)
    {
        LoopLimit limit = new("the recording is finalized");
        while ((await app.RecordingAsync(session.Id))!.Status == RecordingStatus.Live)
        {
            limit.Turn();
            Assert.True(await app.FinalizeAsync(session.Stopped));
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Cancellation);
        }
    }

    private static async Task<Session> SessionAsync(App app, int seed, params (ulong, string, int)[] speakers)
    {
        Session session = new(seed, speakers);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);
        return session;
    }
}
