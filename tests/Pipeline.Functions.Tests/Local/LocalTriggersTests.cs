using System.Text.Json;
using Azure.Storage.Queues.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Ledger;
using Pipeline.Functions.Local.Triggers;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Local;

/// <summary>The app as a process with its own pumps, on an emulator of its own: what is in the queues is all there is.</summary>
public sealed class LocalTriggersTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private Azurite azurite = null!;
    private App storage = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        azurite = await Azurite.StartAsync();
        storage = await App.StartAsync(azurite.ConnectionString);
        await storage.Get<StorageSetup>().EnsureAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await storage.DisposeAsync();
        await azurite.DisposeAsync();
    }

    [Fact]
    public async Task Duplicated_and_shuffled_messages_give_the_rows_of_an_orderly_delivery()
    {
        Session session = new(700, (5, "Ada", 6), (6, "Grace", 4));
        Session orderly = new(700, session.Info.StartedAt, (5, "Ada", 6), (6, "Grace", 4));
        await session.PutAllAsync(storage.Storage);
        await session.PutManifestAsync(storage.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        Random random = new(7);
        List<string> messages = [Text(session.Started), Text(session.Stopped), .. session.Segments.Select(Text)];
        messages = [.. messages.Concat(messages).OrderBy(_ => random.Next())];
        foreach (string message in messages) await SendAsync(message, TimeSpan.FromSeconds(random.Next(0, 3)));

        int port = FreePort.Take(1)[0];
        await using ChildProcess app = LocalProcess.StartAlone(LocalProcess.BuildFolder, azurite.ConnectionString, port);
        await UntilFinalizedAsync(session);

        LedgerContent content = await storage.Get<LedgerTable>().ReadAsync(session.Id, Cancellation);
        Assert.Equal(orderly.Segments.Select(Row).OrderBy(row => row.Key.UserId).ThenBy(row => row.Key.Index),
            content.Segments.Values.Select(row => row with { BlobUrl = null }).OrderBy(row => row.Key.UserId).ThenBy(row => row.Key.Index));
        await UntilEmptyAsync(session);
        Assert.DoesNotContain(app.Lines, line =>
            line.Contains(" fail:", StringComparison.Ordinal) || line.Contains("Exception", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Category", "Long")]
    public Task Kills_at_seeded_moments_lose_nothing_and_double_nothing() => KillAsync(701, kills: 2, segments: 12);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Many_kills_at_seeded_moments_lose_nothing_and_double_nothing() => KillAsync(704, kills: 12, segments: 60);

    private async Task KillAsync(int room, int kills, int segments)
    {
        Session session = new(room, (5, "Ada", segments), (6, "Grace", segments));
        await session.PutAllAsync(storage.Storage);
        await session.PutManifestAsync(storage.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        await SendAsync(Text(session.Stopped), TimeSpan.Zero);
        Random random = new(11);
        Dictionary<string, string?> settings = new() { ["Functions__LocalHide"] = "4s" };
        // Each process gets some of the segments: one alone would be done before the second kill.
        foreach (SegmentReady[] some in session.Segments.Chunk(2 * segments / kills))
        {
            foreach (SegmentReady segment in some) await SendAsync(Text(segment), TimeSpan.Zero);
            int port = FreePort.Take(1)[0];
            await using ChildProcess doomed = LocalProcess.StartAlone(LocalProcess.BuildFolder, azurite.ConnectionString, port, settings);
            await doomed.WaitForLineAsync(line => line.Contains("Moved segment", StringComparison.Ordinal), Patience);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 250)), TimeProvider.System, Cancellation);
            doomed.Kill();
        }
        await using ChildProcess app = LocalProcess.StartAlone(LocalProcess.BuildFolder, azurite.ConnectionString, FreePort.Take(1)[0],
            settings);
        await UntilFinalizedAsync(session);

        LedgerContent content = await storage.Get<LedgerTable>().ReadAsync(session.Id, Cancellation);
        Assert.Equal(2 * segments, content.Segments.Count);
        Contracts.Api.RecordingDetails recording = (await storage.RecordingAsync(session.Id))!;
        Assert.Equal((2 * segments, 0, 0), (recording.SegmentCount, recording.MissingSegmentCount, recording.UnverifiedUserIds.Count));
        await UntilEmptyAsync(session);
    }

    [Fact]
    public async Task Message_that_always_fails_ends_in_the_poison_queue_and_lets_others_pass()
    {
        Session session = new(702, (5, "Ada", 1));
        await session.PutAllAsync(storage.Storage);
        await storage.Storage.Queues.GetQueueClient(StorageNames.SegmentReadyQueue).SendMessageAsync("no message of ours", Cancellation);
        await SendAsync(Text(session.Segments[0]), TimeSpan.Zero);

        // In this process, because there the half minute between two tries can be left out.
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["Functions:LocalTriggers"] = "true" },
            services: services => services.PostConfigure<QueuesOptions>(queues => queues.VisibilityTimeout = TimeSpan.Zero));
        await UntilAsync(() =>
            app.Log.Lines.Any(line => line.EventId == 5042 && line.Text.Contains("after 6 tries", StringComparison.Ordinal)));

        PeekedMessage[] poison = await storage.Storage.Queues.GetQueueClient(StorageNames.SegmentReadyQueue + StorageNames.PoisonSuffix)
            .PeekMessagesAsync(5, Cancellation);
        Assert.Equal("no message of ours", Assert.Single(poison).MessageText);
        await UntilAsync(() => app.Log.Lines.Any(line => line.EventId == 5002));
        Assert.Equal(6, app.Log.Lines.Count(line => line.EventId == 5032));
    }

    [Fact]
    public async Task App_that_is_asked_to_end_gives_its_messages_back_and_ends_with_0()
    {
        await using ChildProcess app = LocalProcess.StartAlone(LocalProcess.BuildFolder, azurite.ConnectionString, FreePort.Take(1)[0]);
        await app.WaitForLineAsync(line => line.Contains("Local triggers run", StringComparison.Ordinal), Patience);

        await app.SignalAsync(15);

        Assert.Equal(0, await app.WaitForExitAsync(Patience));
    }

    /// <summary>What is under way when the process is asked to end comes to its end, and nothing new is begun.</summary>
    [Fact]
    public async Task App_that_is_asked_to_end_ends_its_messages_first()
    {
        Session session = new(703, (5, "Ada", 1));
        await session.PutAllAsync(storage.Storage);
        await using SlowService service = await SlowService.StartAsync();
        await using ChildProcess app = LocalProcess.StartAlone(LocalProcess.BuildFolder, azurite.ConnectionString, FreePort.Take(1)[0],
            new() { ["RecordingApi__BaseUrl"] = service.Address.AbsoluteUri, ["SHUTDOWN_GRACE"] = "60" });
        await SendAsync(Text(session.Started), TimeSpan.Zero);
        await service.Asked.WaitAsync(Patience, Cancellation);

        await app.SignalAsync(15);
        await app.WaitForLineAsync(line => line.Contains("shutting down", StringComparison.OrdinalIgnoreCase), Patience);
        service.Answer();

        Assert.Equal(0, await app.WaitForExitAsync(Patience));
        Assert.NotNull(await storage.Get<LedgerTable>().FindRecordingAsync(session.Id, Cancellation));
        Assert.Equal(0, await storage.Get<MessageQueues>().CountAsync(StorageNames.RecordingStartedQueue, Cancellation));
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        while (!holds()) await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, patience.Token);
    }

    private async Task UntilFinalizedAsync(Session session)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        while ((await storage.RecordingAsync(session.Id))?.Status != Contracts.Api.RecordingStatus.Completed)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, patience.Token); // it takes half a minute
        }
    }

    private async Task UntilEmptyAsync(Session session)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        while ((await session.LeftInTempAsync(storage.Storage)).Length > 0
            || (await Task.WhenAll(StorageSetup.Queues.Select(queue => storage.Get<MessageQueues>().CountAsync(queue, Cancellation))))
            .Any(count => count > 0))
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, patience.Token); // it takes half a minute
        }
    }

    private Task SendAsync(string text, TimeSpan delay) => storage.Get<MessageQueues>().SendAsync(
        text.Contains("\"segmentIndex\"", StringComparison.Ordinal) && text.Contains("\"blobName\"", StringComparison.Ordinal)
            ? StorageNames.SegmentReadyQueue
            : text.Contains("\"endReason\"", StringComparison.Ordinal) ? StorageNames.RecordingStoppedQueue
            : StorageNames.RecordingStartedQueue,
        text, delay, Cancellation);

    private static LedgerSegment Row(SegmentReady segment) => LedgerSegment.From(segment, SegmentState.Moved, null);

    private static string Text(RecordingStarted message) =>
        JsonSerializer.Serialize(message, ContractsJsonContext.Default.RecordingStarted);

    private static string Text(SegmentReady message) => JsonSerializer.Serialize(message, ContractsJsonContext.Default.SegmentReady);

    private static string Text(RecordingStopped message) =>
        JsonSerializer.Serialize(message, ContractsJsonContext.Default.RecordingStopped);

    /// <summary>A recording API that answers its first call only when it is told to.</summary>
    private sealed class SlowService : IAsyncDisposable
    {
        private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private WebApplication app = null!;

        public Uri Address => new(app.Urls.First());
        public Task Asked => asked.Task;

        public static async Task<SlowService> StartAsync()
        {
            SlowService service = new();
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            service.app = builder.Build();
            service.app.Run(async context =>
            {
                service.asked.TrySetResult();
                await service.answered.Task;
                await context.Response.WriteAsync("""{"recordingId":"rec-1","status":"live"}""");
            });
            await service.app.StartAsync();
            return service;
        }

        public void Answer() => answered.TrySetResult();

        public async ValueTask DisposeAsync()
        {
            answered.TrySetResult();
            await app.DisposeAsync();
        }
    }
}
