using System.Net;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>What a process has asked for once is not asked for again, and what it could not ask for is.</summary>
public sealed class RenderTriggersTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Window_is_asked_for_once_and_again_where_the_queue_was_away()
    {
        using Wire wire = new();
        await using RenderStage stage = await RenderStage.StartAsync(ClassStorage.Of(azurite), transport: wire);
        Recorded recorded = await stage.BeginAsync();
        RenderTriggers triggers = stage.Get<RenderTriggers>();
        wire.CutAfter(0);
        await Assert.ThrowsAsync<InvalidOperationException>(() => HeardAsync(100));
        wire.Mend();
        Assert.Empty(await stage.TakeMessagesAsync(recorded.Id));

        await HeardAsync(100);
        Assert.Single(await stage.TakeMessagesAsync(recorded.Id));
        foreach (int seconds in new[] { 80, 100, 149 }) await HeardAsync(seconds);
        Assert.Empty(await stage.TakeMessagesAsync(recorded.Id));
        await HeardAsync(150);
        Assert.Single(await stage.TakeMessagesAsync(recorded.Id));

        wire.CutAfter(0);
        await Assert.ThrowsAsync<InvalidOperationException>(() => triggers.EndsAsync($"{recorded.Id}", Cancellation));
        wire.Mend();
        for (int part = 0; part < 3; part++) await triggers.EndsAsync($"{recorded.Id}", Cancellation);
        Assert.Single(await stage.TakeMessagesAsync(recorded.Id));

        Task HeardAsync(int seconds) => triggers.HeardAsync($"{recorded.Id}", TimeSpan.FromSeconds(seconds), Cancellation);
    }

    [Fact]
    public async Task End_that_was_refused_leaves_a_recording_whose_minutes_are_asked_for()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 48_000), 1);
        await stage.SpoilAsync(recorded, segment: 0, []);
        for (int attempt = 0; attempt < 2; attempt++)
        {
            using HttpResponseMessage refused = await stage.EndAsync(recorded);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }
        Assert.Single(await stage.TakeMessagesAsync(recorded.Id));

        for (int attempt = 0; attempt < 2; attempt++) await UploadAsync(stage, recorded, minute: 3);
        Assert.Single(await stage.TakeMessagesAsync(recorded.Id));
        await UploadAsync(stage, recorded, minute: 4);
        Assert.Single(await stage.TakeMessagesAsync(recorded.Id));
    }

    private static async Task UploadAsync(RenderStage stage, Recorded recorded, int minute)
    {
        long end = recorded.StartedAt.ToUnixTimeMilliseconds() + (minute * 60_000);
        SegmentUploadRequest request = new()
        {
            UserId = $"{Ada}",
            Username = "Ada",
            SegmentIndex = minute,
            FileName = BlobPaths.SegmentFileName(minute, SegmentFormat.Wav),
            FileSize = 960_044,
            AbsoluteStartTime = end - 10_000,
            AbsoluteEndTime = end,
            Duration = 10_000,
            Format = "wav",
        };
        using HttpResponseMessage answer = await stage.PostAsync($"api/recordings/{recorded.Id}/segment-upload-url",
            JsonSerializer.Serialize(request, WireJsonContext.Default.SegmentUploadRequest));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }
}
