using Azure.Storage.Blobs.Models;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

/// <summary>Segments of both formats in one recording: its bot was started again with the other format.</summary>
public sealed class OpusSegmentsTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Own_api_keeps_names_formats_and_bytes_apart()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = new Session(7300, (5, "Ada", 3)).WithOpus(1, 2);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);

        foreach (SegmentReady segment in session.Segments.Concat(session.Segments)) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));
        Assert.True(await app.FinalizeAsync(session.Stopped));

        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal(["wav", "opus", "opus"], recording.Segments.OrderBy(one => one.SegmentIndex).Select(one => one.Format));
        Assert.Equal(["segment_000.wav", "segment_001.opus", "segment_002.opus"],
            recording.Segments.OrderBy(one => one.SegmentIndex).Select(one => new Uri(one.BlobUrl).Segments[^1]));
        foreach (RecordingSegment segment in recording.Segments)
        {
            string name = string.Join("", new Uri(segment.BlobUrl).Segments[^3..]);
            BlobDownloadResult stored = await app.Storage.Recordings.GetBlobClient(Uri.UnescapeDataString(name))
                .DownloadContentAsync(Cancellation);
            Assert.Equal(session.BytesOf(session.Segments[segment.SegmentIndex]), stored.Content.ToArray());
            Assert.Equal(segment.Format == "opus" ? "audio/ogg" : "audio/wav", stored.Details.ContentType);
        }
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Theory]
    [InlineData(true, 7301)]
    [InlineData(false, 7302)]
    public async Task Foreign_service_is_told_the_format_in_both_flows(bool hasInitLive, int seed)
    {
        await using ForeignApi foreign = await ForeignApi.StartAsync();
        foreign.HasInitLive = hasInitLive;
        await using App app = await App.StartAsync(azurite.ConnectionString,
            new() { ["RecordingApi:BaseUrl"] = foreign.Address.AbsoluteUri });
        Session session = new Session(seed, (5, "Ada", 2)).WithOpus(1);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);

        Assert.True(await app.StartRecordingAsync(session.Started));
        foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
        Assert.True(await app.FinalizeAsync(session.Stopped));

        Assert.Equal(["audio/ogg", "audio/wav"], foreign.PutHeaders.Select(headers => headers.Split('|')[0]).Order());
        string list = hasInitLive ? "finalize" : "init";
        Assert.Equal(["segment_000.wav wav", "segment_001.opus opus"], foreign.Last(list).GetProperty("segments").EnumerateArray()
            .Select(one => $"{one.GetProperty("fileName").GetString()} {one.GetProperty("format").GetString()}"));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }
}
