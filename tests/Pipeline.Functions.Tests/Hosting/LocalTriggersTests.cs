using System.Text.Json;
using Azure.Storage.Queues.Models;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Ledger;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Hosting;

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
        Session session = new(700, (5, "Ada", 12), (6, "Grace", 9));
        Session orderly = new(700, session.Info.StartedAt, (5, "Ada", 12), (6, "Grace", 9));
        await session.PutAllAsync(storage.Storage);
        await session.PutManifestAsync(storage.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        Random random = new(7);
        List<string> messages = [Text(session.Started), Text(session.Stopped), .. session.Segments.Select(Text)];
        messages = [.. messages.Concat(messages).OrderBy(_ => random.Next())];
        foreach (string message in messages) await SendAsync(message, TimeSpan.FromSeconds(random.Next(0, 3)));

        int port = FreePort.Take(1)[0];
        await using ChildProcess app = HandlerProcess.StartAlone(HandlerProcess.BuildFolder, azurite.ConnectionString, port);
        await UntilFinalizedAsync(session);

        LedgerContent content = await storage.Get<LedgerTable>().ReadAsync(session.Id, Cancellation);
        Assert.Equal(orderly.Segments.Select(Row).OrderBy(row => row.Key.UserId).ThenBy(row => row.Key.Index), content.Segments.Values.Select(row => row with { BlobUrl = null }).OrderBy(row => row.Key.UserId).ThenBy(row => row.Key.Index));
        await UntilEmptyAsync(session);
        Assert.DoesNotContain(app.Lines, line => line.Contains(" fail:", StringComparison.Ordinal) || line.Contains("Exception", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Kills_at_seeded_moments_lose_nothing_and_double_nothing()
    {
        Session session = new(701, (5, "Ada", 30), (6, "Grace", 30));
        await session.PutAllAsync(storage.Storage);
        await session.PutManifestAsync(storage.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        foreach (SegmentReady segment in session.Segments) await SendAsync(Text(segment), TimeSpan.Zero);
        await SendAsync(Text(session.Stopped), TimeSpan.Zero);
        Random random = new(11);
        Dictionary<string, string?> settings = new() { ["Functions__LocalHide"] = "4s" };
        for (int kill = 0; kill < 4; kill++)
        {
            int port = FreePort.Take(1)[0];
            await using ChildProcess doomed = HandlerProcess.StartAlone(HandlerProcess.BuildFolder, azurite.ConnectionString, port, settings);
            await doomed.WaitForLineAsync(line => line.Contains("Moved segment", StringComparison.Ordinal) || line.Contains("Finalized", StringComparison.Ordinal) || line.Contains("waits for", StringComparison.Ordinal), Patience);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 250)), TimeProvider.System, Cancellation);
            doomed.Kill();
        }
        await using ChildProcess app = HandlerProcess.StartAlone(HandlerProcess.BuildFolder, azurite.ConnectionString, FreePort.Take(1)[0], settings);
        await UntilFinalizedAsync(session);

        LedgerContent content = await storage.Get<LedgerTable>().ReadAsync(session.Id, Cancellation);
        Assert.Equal(60, content.Segments.Count);
        Contracts.Api.RecordingDetails recording = (await storage.RecordingAsync(session.Id))!;
        Assert.Equal((60, 0, 0), (recording.SegmentCount, recording.MissingSegmentCount, recording.UnverifiedUserIds.Count));
        await UntilEmptyAsync(session);
    }

    [Fact]
    public async Task Message_that_always_fails_ends_in_the_poison_queue_and_lets_others_pass()
    {
        Session session = new(702, (5, "Ada", 1));
        await session.PutAllAsync(storage.Storage);
        await storage.Storage.Queues.GetQueueClient(StorageNames.SegmentReadyQueue).SendMessageAsync("no message of ours", Cancellation);
        await SendAsync(Text(session.Segments[0]), TimeSpan.Zero);

        // The same pump with a host.json that does not wait for half a minute between tries.
        using TempFolder folder = new();
        CopyFolder(HandlerProcess.BuildFolder, folder.Path);
        string host = folder.Combine("host.json");
        await File.WriteAllTextAsync(host, (await File.ReadAllTextAsync(host, Cancellation)).Replace("00:00:30", "00:00:00", StringComparison.Ordinal), Cancellation);
        await using ChildProcess app = HandlerProcess.StartAlone(folder.Path, azurite.ConnectionString, FreePort.Take(1)[0]);
        await app.WaitForLineAsync(line => line.Contains("to its poison queue after 6 tries", StringComparison.Ordinal), Patience);

        PeekedMessage[] poison = await storage.Storage.Queues.GetQueueClient(StorageNames.SegmentReadyQueue + StorageNames.PoisonSuffix).PeekMessagesAsync(5, Cancellation);
        Assert.Equal("no message of ours", Assert.Single(poison).MessageText);
        await app.WaitForLineAsync(line => line.Contains("Moved segment", StringComparison.Ordinal), Patience);
    }

    [Fact]
    public async Task App_that_is_asked_to_end_gives_its_messages_back_and_ends_with_0()
    {
        await using ChildProcess app = HandlerProcess.StartAlone(HandlerProcess.BuildFolder, azurite.ConnectionString, FreePort.Take(1)[0]);
        await app.WaitForLineAsync(line => line.Contains("Local triggers run", StringComparison.Ordinal), Patience);

        await app.SignalAsync(15);

        Assert.Equal(0, await app.WaitForExitAsync(Patience));
    }

    private async Task UntilFinalizedAsync(Session session)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        while ((await storage.RecordingAsync(session.Id))?.Status != Contracts.Api.RecordingStatus.Completed)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, patience.Token);
        }
    }

    private async Task UntilEmptyAsync(Session session)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        while ((await session.LeftInTempAsync(storage.Storage)).Length > 0
            || (await Task.WhenAll(StorageSetup.Queues.Select(queue => storage.Get<MessageQueues>().CountAsync(queue, Cancellation)))).Any(count => count > 0))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, patience.Token);
        }
    }

    private Task SendAsync(string text, TimeSpan delay) => storage.Get<MessageQueues>().SendAsync(
        text.Contains("\"segmentIndex\"", StringComparison.Ordinal) && text.Contains("\"blobName\"", StringComparison.Ordinal) ? StorageNames.SegmentReadyQueue
            : text.Contains("\"endReason\"", StringComparison.Ordinal) ? StorageNames.RecordingStoppedQueue : StorageNames.RecordingStartedQueue,
        text, delay, Cancellation);

    private static LedgerSegment Row(SegmentReady segment) => LedgerSegment.From(segment, SegmentState.Moved, null);

    private static string Text(RecordingStarted message) => JsonSerializer.Serialize(message, ContractsJsonContext.Default.RecordingStarted);

    private static string Text(SegmentReady message) => JsonSerializer.Serialize(message, ContractsJsonContext.Default.SegmentReady);

    private static string Text(RecordingStopped message) => JsonSerializer.Serialize(message, ContractsJsonContext.Default.RecordingStopped);

    private static void CopyFolder(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
