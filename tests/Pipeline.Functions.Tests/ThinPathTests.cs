using System.Security.Cryptography;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests;

public sealed class ThinPathTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Every_function_twice_gives_one_finished_recording_with_the_right_bytes()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        Session session = new(1, (11, "Ada", 3), (22, "Grace ✨", 2));
        await app.Get<StorageSetup>().EnsureAsync(TestContext.Current.CancellationToken);
        await session.PutAllAsync(app.Storage);
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));

        for (int round = 0; round < 2; round++)
        {
            Assert.True(await app.StartRecordingAsync(session.Started));
            foreach (SegmentReady segment in session.Segments) Assert.True(await app.MoveAsync(segment));
            Assert.True(await app.FinalizeAsync(session.Stopped));
        }

        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal(RecordingStatus.Completed, recording.Status);
        Assert.Equal(5, recording.SegmentCount);
        Assert.Empty(recording.MissingSegments);
        Assert.Empty(recording.UnverifiedUserIds);
        Assert.Single(recording.Gaps);
        using HttpClient http = new();
        foreach (RecordingSegment segment in recording.Segments)
        {
            byte[] content = await http.GetByteArrayAsync(segment.DownloadUrl, TestContext.Current.CancellationToken);
            Assert.Equal(segment.ContentMd5, Convert.ToBase64String(MD5.HashData(content)));
        }
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }
}
