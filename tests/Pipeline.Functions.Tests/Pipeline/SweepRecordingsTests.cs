using System.Text.Json;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Ledger;
using Pipeline.Delivery.Segments;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

/// <summary>Sweeps look at a whole account, so these tests have an emulator of their own and run one after the other.</summary>
public sealed class SweepRecordingsTests(SweepRecordingsTests.OwnAzurite azurite) : IClassFixture<SweepRecordingsTests.OwnAzurite>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Orphan_is_adopted_from_its_own_metadata_once()
    {
        FakeTimeProvider clock = Clock();
        await using App app = await StartAsync(clock);
        Session session = await SessionAsync(app, 400, (5, "Ada", 1));
        Assert.True(await app.SweepAsync());
        Assert.Empty(await ReceiveAsync(app, StorageNames.SegmentReadyQueue));

        clock.Advance(TimeSpan.FromSeconds(90));
        Assert.True(await app.SweepAsync());
        Assert.True(await app.SweepAsync());

        string text = Assert.Single(await ReceiveAsync(app, StorageNames.SegmentReadyQueue));
        Assert.True(await app.TriggerAsync("MoveSegment", text));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Orphan_of_either_format_is_adopted()
    {
        FakeTimeProvider clock = Clock();
        await using App app = await StartAsync(clock);
        Session session = new Session(412, (5, "Ada", 2)).WithOpus(1);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);

        clock.Advance(TimeSpan.FromSeconds(90));
        Assert.True(await app.SweepAsync());

        string[] adopted = await ReceiveAsync(app, StorageNames.SegmentReadyQueue);
        Assert.Equal(session.Segments.Select(segment => segment.BlobName).Order(StringComparer.Ordinal),
            adopted.Select(text => JsonSerializer.Deserialize(text, ContractsJsonContext.Default.SegmentReady)!.BlobName)
                .Order(StringComparer.Ordinal));
        foreach (string text in adopted) Assert.True(await app.TriggerAsync("MoveSegment", text));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    // Two segments of Ada; between the second one's confirmed upload and its deletion she opted out and the bot crashed.
    [Theory]
    [InlineData(ManifestState.Recording)]
    [InlineData(ManifestState.Stopped)]
    public async Task Segment_that_its_speaker_refused_while_the_bot_crashed_is_deleted_and_never_adopted(ManifestState state)
    {
        FakeTimeProvider clock = Clock();
        await using App app = await StartAsync(clock);
        Session session = await SessionAsync(app, 406 + (int)state, (5, "Ada", 2), (6, "Ben", 1));
        SessionManifest manifest = session.Manifest(state, clock.GetUtcNow());
        TrackSummary[] tracks = [.. manifest.Tracks.Select(track =>
            track.UserId == 5 ? track with { Segments = [new IndexRange(0, 0)] } : track)];
        await session.PutManifestAsync(app.Storage, manifest with { OptedOut = [5], Tracks = tracks });
        SegmentReady refused = session.Segments.Single(segment => segment is { UserId: 5, SegmentIndex: 1 });

        clock.Advance(TimeSpan.FromSeconds(130));
        for (int sweep = 0; sweep < 2; sweep++) await SweepLaterAsync(app, clock);
        Assert.DoesNotContain(refused.BlobName, await session.LeftInTempAsync(app.Storage));
        string[] adopted = await ReceiveAsync(app, StorageNames.SegmentReadyQueue);
        Assert.Equal(2, adopted.Length); // hers from before, and Ben's
        foreach (string text in adopted) Assert.True(await app.TriggerAsync("MoveSegment", text));
        foreach (string text in await ReceiveAsync(app, StorageNames.RecordingStoppedQueue))
            Assert.True(await app.TriggerAsync("FinalizeRecording", text));
        if (state == ManifestState.Stopped) Assert.Equal(2, (await app.RecordingAsync(session.Id))!.SegmentCount);
    }

    [Fact]
    public async Task Refused_segment_goes_before_the_manifest_that_tells_of_it()
    {
        FakeTimeProvider clock = Clock();
        await using App app = await StartAsync(clock, new() { ["RECORDING_ADOPT_AFTER"] = "1h" });
        Session session = await SessionAsync(app, 408, (5, "Ada", 1), (6, "Ben", 1));
        SegmentReady bens = session.Segments.Single(segment => segment.UserId == 6);
        SessionManifest manifest = session.Manifest(ManifestState.Stopped, clock.GetUtcNow()) with { OptedOut = [5] };
        await session.PutManifestAsync(app.Storage, manifest with { Tracks = [.. manifest.Tracks.Where(track => track.UserId == 6)] });
        Assert.True(await app.MoveAsync(bens));
        Assert.True(await app.FinalizeAsync(session.Stopped with { Tracks = [.. session.Tracks.Where(track => track.UserId == 6)] }));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
        Assert.Equal(1, (await app.RecordingAsync(session.Id))!.SegmentCount);
    }

    [Fact]
    public async Task While_many_segments_wait_in_the_queue_a_blob_is_no_orphan_for_longer()
    {
        FakeTimeProvider clock = Clock();
        await using App app = await StartAsync(clock);
        Session session = await SessionAsync(app, 410, (5, "Ada", 1));
        foreach (int _ in Enumerable.Range(0, 101)) await SendAsync(app, StorageNames.SegmentReadyQueue, "{\"not\":\"ours\"}");

        clock.Advance(TimeSpan.FromMinutes(11));
        Assert.True(await app.SweepAsync());
        Assert.Equal(101, await app.Get<MessageQueues>().CountAsync(StorageNames.SegmentReadyQueue, Cancellation));
        clock.Advance(TimeSpan.FromMinutes(1.5));
        Assert.True(await app.SweepAsync());
        Assert.Equal(102, await app.Get<MessageQueues>().CountAsync(StorageNames.SegmentReadyQueue, Cancellation));

        await app.Storage.Queues.GetQueueClient(StorageNames.SegmentReadyQueue).ClearMessagesAsync(Cancellation);
        Assert.True(await app.MoveAsync(session.Segments[0]));
    }

    [Fact]
    public async Task Moved_segment_whose_blob_stayed_is_cleaned_up()
    {
        FakeTimeProvider clock = Clock();
        await using App app = await StartAsync(clock);
        Session session = await SessionAsync(app, 401, (5, "Ada", 1));
        Assert.True(await app.MoveAsync(session.Segments[0]));
        await session.PutAsync(app.Storage, session.Segments[0]);

        clock.Advance(TimeSpan.FromSeconds(90));
        Assert.True(await app.SweepAsync());
        foreach (string text in await ReceiveAsync(app, StorageNames.SegmentReadyQueue))
            Assert.True(await app.TriggerAsync("MoveSegment", text));

        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Recording_without_its_bot_is_finalized_as_interrupted()
    {
        FakeTimeProvider clock = Clock();
        await using App app = await StartAsync(clock);
        Session session = await SessionAsync(app, 402, (5, "Ada", 1));
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Recording, clock.GetUtcNow()));
        Assert.True(await app.MoveAsync(session.Segments[0]));
        BlobLeaseClient lease = app.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).GetBlobLeaseClient();
        await lease.AcquireAsync(BlobLeaseClient.InfiniteLeaseDuration, cancellationToken: Cancellation);

        clock.Advance(TimeSpan.FromSeconds(100));
        for (int sweep = 0; sweep < 2; sweep++) await SweepLaterAsync(app, clock);
        Assert.Empty(await ReceiveAsync(app, StorageNames.RecordingStoppedQueue));

        await lease.ReleaseAsync(cancellationToken: Cancellation);
        for (int sweep = 0; sweep < 3; sweep++) await SweepLaterAsync(app, clock);
        string text = Assert.Single(await ReceiveAsync(app, StorageNames.RecordingStoppedQueue));
        Assert.True(await app.TriggerAsync("FinalizeRecording", text));

        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal((RecordingStatus.Completed, "interrupted", 1), (recording.Status, recording.EndReason, recording.SegmentCount));
        Assert.Empty(await session.LeftInTempAsync(app.Storage));
    }

    [Fact]
    public async Task Stop_message_that_was_lost_is_sent_again()
    {
        FakeTimeProvider clock = Clock();
        await using App app = await StartAsync(clock);
        Session session = await SessionAsync(app, 403, (5, "Ada", 1));
        Assert.True(await app.MoveAsync(session.Segments[0]));
        await session.PutManifestAsync(app.Storage, session.Manifest(ManifestState.Stopped, clock.GetUtcNow()));

        clock.Advance(TimeSpan.FromSeconds(130));
        Assert.True(await app.SweepAsync());
        Assert.True(await app.TriggerAsync("FinalizeRecording",
            Assert.Single(await ReceiveAsync(app, StorageNames.RecordingStoppedQueue))));

        Assert.Equal("stopped", (await app.RecordingAsync(session.Id))!.EndReason);
    }

    [Fact]
    public async Task Poison_is_driven_back_with_a_limit_and_then_reported()
    {
        FakeTimeProvider clock = Clock();
        await using App app = await StartAsync(clock, new() { ["Functions:PoisonRedrives"] = "2" });
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        string poisonQueue = StorageNames.SegmentReadyQueue + StorageNames.PoisonSuffix;
        for (int redrive = 0; redrive < 2; redrive++)
        {
            await SendAsync(app, poisonQueue, "{\"not\":\"ours\"}");
            clock.Advance(TimeSpan.FromMinutes(3));
            Assert.True(await app.SweepAsync());
            string text = Assert.Single(await ReceiveAsync(app, StorageNames.SegmentReadyQueue));
            Assert.False(await app.TriggerAsync("MoveSegment", text));
        }
        await SendAsync(app, poisonQueue, "{\"not\":\"ours\"}");
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.True(await app.SweepAsync());

        Assert.Empty(await ReceiveAsync(app, StorageNames.SegmentReadyQueue));
        Assert.Equal(0, await app.Get<MessageQueues>().CountAsync(poisonQueue, Cancellation));
        Assert.Equal(1, (await app.Get<Reports>().CountAsync(Cancellation)).GivenUpMessages);
        string health = await app.Http.GetStringAsync(new Uri("api/health", UriKind.Relative), Cancellation);
        Assert.Contains("\"status\":\"degraded\"", health, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_stays_live_for_more_than_a_day()
    {
        FakeTimeProvider clock = Clock();
        await using App app = await StartAsync(clock);
        Session session = new(404, clock.GetUtcNow() - TimeSpan.FromHours(25), (5, "Ada", 1));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);
        Assert.True(await app.MoveAsync(session.Segments[0]));
        Session nobody = new(405);
        using HttpResponseMessage begun = await app.PostAsync("api/recordings/init-live", $$"""
            {"sessionId":"{{nobody.Id}}","guildId":"1","guildName":"g","channelId":"2","userId":"3","recordedAt":"2025-01-01T00:00:00Z"}
            """);
        Assert.True(begun.IsSuccessStatusCode);

        Assert.True(await app.SweepAsync());
        foreach (string text in await ReceiveAsync(app, StorageNames.RecordingStoppedQueue))
            Assert.True(await app.TriggerAsync("FinalizeRecording", text));

        Assert.Equal((RecordingStatus.Completed, "interrupted"),
            ((await app.RecordingAsync(session.Id))!.Status, (await app.RecordingAsync(session.Id))!.EndReason));
        Assert.Equal(RecordingStatus.Completed, (await app.RecordingAsync(nobody.Id))!.Status);
    }

    [Theory]
    [InlineData(413, ManifestState.Recording)] // of a bot that is gone
    [InlineData(414, ManifestState.Stopped)] // of an earlier end
    public async Task Recording_that_is_ended_after_a_day_ends_where_the_last_account_of_it_says(int seed, ManifestState state)
    {
        FakeTimeProvider clock = Clock();
        await using App app = await StartAsync(clock);
        Session session = new(seed, clock.GetUtcNow() - TimeSpan.FromHours(24));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        Assert.True(await app.StartRecordingAsync(session.Started));
        SessionManifest last = session.Manifest(state, session.Info.StartedAt.AddHours(2)) with { SampleCount = 7_200 * 48_000 };
        if (state == ManifestState.Recording) await session.PutManifestAsync(app.Storage, last);
        else await app.Get<LedgerTable>().PutManifestAsync(last, Cancellation);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.True(await app.SweepAsync());
        (DateTimeOffset, EndReason, long) expected = state == ManifestState.Recording
            ? (last.UpdatedAt, EndReason.Interrupted, last.SampleCount) : (last.EndedAt!.Value, EndReason.Stopped, last.SampleCount);
        Assert.Equal([expected], await StopsAsync(app, session));
        await app.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).DeleteIfExistsAsync(cancellationToken: Cancellation);
        if (state == ManifestState.Stopped)
        {
            // Of which nothing came.
            clock.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromMilliseconds(1));
            Assert.True(await app.SweepAsync());
            Assert.Empty(await StopsAsync(app, session));
            clock.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True(await app.SweepAsync());
            Assert.Equal([expected], await StopsAsync(app, session));
        }
        await app.Get<LedgerTable>().UnlistAsync(session.Id, Cancellation);
    }

    [Theory]
    [InlineData(415, RecordingState.Finalized, ManifestState.Stopped, false)]
    [InlineData(416, RecordingState.Deleted, ManifestState.Stopped, false)]
    [InlineData(417, RecordingState.Finalized, ManifestState.Recording, true)] // by a bot that may come back to it
    [InlineData(418, RecordingState.Stopping, ManifestState.Stopped, true)]
    [InlineData(419, RecordingState.Amending, ManifestState.Stopped, true)]
    public async Task Account_goes_with_the_end_of_its_recording_and_a_finalizer_at_work_is_not_called(int seed, RecordingState recording,
        ManifestState state, bool stays)
    {
        FakeTimeProvider clock = Clock();
        await using App app = await StartAsync(clock);
        Session session = new(seed, clock.GetUtcNow());
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutManifestAsync(app.Storage, session.Manifest(state, clock.GetUtcNow()));
        clock.Advance(TimeSpan.FromMinutes(5));
        await app.Get<LedgerTable>().AddRecordingAsync(new LedgerRecording
        {
            Session = session.Info,
            State = recording,
            Flow = UploadFlow.Live,
            CreatedAt = session.Info.StartedAt,
            StopSeenAt = clock.GetUtcNow(),
        }, Cancellation);
        Assert.True(await app.SweepAsync());
        Assert.Equal(stays ? [BlobPaths.Manifest(session.Id)] : [], await session.LeftInTempAsync(app.Storage));
        Assert.Empty(await StopsAsync(app, session));
        await app.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).DeleteIfExistsAsync(cancellationToken: Cancellation);
        await app.Get<LedgerTable>().UnlistAsync(session.Id, Cancellation);
    }

    [Fact]
    public async Task Stop_that_was_lost_is_sent_again_after_two_minutes_however_long_a_bot_may_be_silent()
    {
        FakeTimeProvider clock = Clock();
        await using App app = await StartAsync(clock, new() { ["RECORDING_ABANDON_AFTER"] = "10m" });
        Session session = new(420);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        SessionManifest manifest = session.Manifest(ManifestState.Stopped, session.Info.StartedAt.AddHours(1)); // as the storage has it
        await session.PutManifestAsync(app.Storage, manifest);
        clock.Advance(TimeSpan.FromSeconds(125));
        Assert.True(await app.SweepAsync());
        Assert.Equal([(manifest.EndedAt!.Value, EndReason.Stopped, session.SampleCount)], await StopsAsync(app, session));
        await app.Storage.Temp.GetBlobClient(BlobPaths.Manifest(session.Id)).DeleteAsync(cancellationToken: Cancellation);
    }

    private static async Task<(DateTimeOffset, EndReason, long)[]> StopsAsync(App app, Session session) =>
        [.. (await ReceiveAsync(app, StorageNames.RecordingStoppedQueue))
            .Select(text => JsonSerializer.Deserialize(text, ContractsJsonContext.Default.RecordingStopped)!)
            .Where(stop => stop.Session.RecordingId == session.Id).Select(stop => (stop.EndedAt, stop.EndReason, stop.SampleCount))];

    private static async Task SweepLaterAsync(App app, FakeTimeProvider clock)
    {
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.True(await app.SweepAsync());
    }

    // Near the real time, because the emulator judges signatures by its own clock.
    private static FakeTimeProvider Clock() => new(TimeProvider.System.GetUtcNow());

    private Task<App> StartAsync(FakeTimeProvider clock, Dictionary<string, string?>? settings = null) => App.StartAsync(
        azurite.Azurite.ConnectionString,
        new Dictionary<string, string?>(settings ?? [])
        {
            ["RECORDING_ADOPT_AFTER"] = settings?.GetValueOrDefault("RECORDING_ADOPT_AFTER") ?? "1m",
            ["RECORDING_ABANDON_AFTER"] = settings?.GetValueOrDefault("RECORDING_ABANDON_AFTER") ?? "90s",
        },
        clock);

    private static async Task<Session> SessionAsync(App app, int seed, params (ulong, string, int)[] speakers)
    {
        Session session = new(seed, speakers);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);
        return session;
    }

    private static async Task SendAsync(App app, string queue, string text) =>
        await app.Storage.Queues.GetQueueClient(queue).SendMessageAsync(text, Cancellation);

    private static async Task<string[]> ReceiveAsync(App app, string queue)
    {
        List<string> texts = [];
        foreach (QueueMessage message in (await app.Storage.Queues.GetQueueClient(queue)
            .ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value)
        {
            texts.Add(message.MessageText);
            await app.Storage.Queues.GetQueueClient(queue).DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
        }
        return [.. texts];
    }

    public sealed class OwnAzurite : IAsyncLifetime
    {
        private Azurite? azurite;

        internal Azurite Azurite => azurite!;

        public async ValueTask InitializeAsync() => azurite = await Azurite.StartAsync();

        public async ValueTask DisposeAsync() => await azurite!.DisposeAsync();
    }
}
