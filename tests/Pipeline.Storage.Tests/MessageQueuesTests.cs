using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Storage.Tests;

public sealed class MessageQueuesTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_message_goes_into_its_queue_and_waits_for_as_long_as_it_takes()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite, account: 4);
        MessageQueues queues = room.Queues;
        using Activity activity = new Activity("a test").Start();
        await queues.SendAsync(new RecordingStarted { Session = room.Session }, TimeSpan.Zero, Cancel);
        await queues.SendAsync(room.Segment(7), TimeSpan.Zero, Cancel);
        await queues.SendAsync(new RecordingStopped
        {
            Session = room.Session,
            EndedAt = room.Session.StartedAt,
            EndReason = EndReason.Limit,
            SampleCount = 9,
        }, TimeSpan.Zero, Cancel);
        await queues.SendAsync(new RenderWindow { RecordingId = room.Recording }, TimeSpan.Zero, Cancel);
        await queues.SendAsync(new TranscribeStretch { RecordingId = room.Recording }, TimeSpan.Zero, Cancel);

        Assert.Equal(room.Session, Read(await TakeAsync(room, StorageNames.RecordingStartedQueue),
            ContractsJsonContext.Default.RecordingStarted).Session);
        Assert.Equal(room.Segment(7), Read(await TakeAsync(room, StorageNames.SegmentReadyQueue),
            ContractsJsonContext.Default.SegmentReady));
        Assert.Equal(9, Read(await TakeAsync(room, StorageNames.RecordingStoppedQueue),
            ContractsJsonContext.Default.RecordingStopped).SampleCount);
        Assert.Equal(activity.Id, Read(await TakeAsync(room, StorageNames.RenderWindowQueue),
            ContractsJsonContext.Default.RenderWindow).Traceparent);
        Assert.Equal(activity.Id, Read(await TakeAsync(room, StorageNames.TranscribeQueue),
            ContractsJsonContext.Default.TranscribeStretch).Traceparent);
    }

    [Fact]
    public async Task Messages_are_counted_and_the_oldest_is_known_and_a_queue_that_is_not_there_has_none()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite, account: 5);
        MessageQueues queues = room.Queues;
        Assert.Null(await queues.CountAsync("no-such-queue", Cancel));
        Assert.Null(await queues.FirstSinceAsync("no-such-queue", Cancel));
        Assert.Empty(await queues.ReceivePoisonAsync("no-such-queue", Cancel));
        Assert.Equal(0, await queues.CountAsync(StorageNames.WebhookQueue, Cancel));
        Assert.Null(await queues.FirstSinceAsync(StorageNames.WebhookQueue, Cancel));

        await queues.SendAsync(StorageNames.WebhookQueue, "later", TimeSpan.FromHours(1), Cancel);
        Assert.Null(await queues.FirstSinceAsync(StorageNames.WebhookQueue, Cancel)); // hidden
        await queues.SendAsync(StorageNames.WebhookQueue, "now", TimeSpan.Zero, Cancel);
        Assert.Equal(2, await queues.CountAsync(StorageNames.WebhookQueue, Cancel));
        Assert.InRange(Assert.NotNull(await queues.FirstSinceAsync(StorageNames.WebhookQueue, Cancel)),
            TimeProvider.System.GetUtcNow().AddMinutes(-5), TimeProvider.System.GetUtcNow().AddMinutes(5));
    }

    [Fact]
    public async Task Message_that_failed_too_often_is_taken_by_one_and_may_be_gone_already()
    {
        using StorageRoom room = await StorageRoom.OpenAsync(azurite, account: 6);
        MessageQueues queues = room.Queues;
        QueueClient poison = room.Clients.Queues.GetQueueClient(StorageNames.SegmentReadyQueue + StorageNames.PoisonSuffix);
        for (int i = 0; i < 40; i++) await poison.SendMessageAsync($"bad {i}", Cancel);
        IReadOnlyList<PoisonMessage> first = await queues.ReceivePoisonAsync(StorageNames.SegmentReadyQueue, Cancel);
        IReadOnlyList<PoisonMessage> rest = await queues.ReceivePoisonAsync(StorageNames.SegmentReadyQueue, Cancel);
        Assert.Equal((32, 8), (first.Count, rest.Count)); // hidden from the second look
        Assert.Equal(40, first.Concat(rest).Select(message => message.Text).Distinct().Count());
        Assert.All(first, message => Assert.Equal(StorageNames.SegmentReadyQueue, message.Queue));
        foreach (PoisonMessage message in first) await queues.DeletePoisonAsync(message, Cancel);
        Assert.Equal(8, await queues.CountAsync(StorageNames.SegmentReadyQueue + StorageNames.PoisonSuffix, Cancel));
        await queues.DeletePoisonAsync(first[0], Cancel); // gone
        string receipt = Convert.ToBase64String(Encoding.ASCII.GetBytes("another sweep has it"));
        await queues.DeletePoisonAsync(rest[0] with { PopReceipt = receipt }, Cancel);
    }

    [Fact]
    public void Text_of_a_queue_is_of_our_contract_or_named()
    {
        byte[] good = JsonSerializer.SerializeToUtf8Bytes(new RenderWindow { RecordingId = RecordingId.New(TimeProvider.System) },
            ContractsJsonContext.Default.RenderWindow);
        Assert.Equal(1, MessageText.Read(good, ContractsJsonContext.Default.RenderWindow).Version);
        Assert.Equal(1, MessageText.Read(good, ContractsJsonContext.Default.RenderWindow, message => message.Version, 1).Version);
        Assert.Equal("version is 1; this program knows 2", Assert.Throws<MalformedMessageException>(() =>
            MessageText.Read(good, ContractsJsonContext.Default.RenderWindow, message => message.Version, 2)).Message);
        Assert.Equal("the message is null", Assert.Throws<MalformedMessageException>(() =>
            MessageText.Read("null"u8.ToArray(), ContractsJsonContext.Default.RenderWindow)).Message);
        Assert.Throws<MalformedMessageException>(() => MessageText.Read("{ no"u8.ToArray(), ContractsJsonContext.Default.RenderWindow));
        Assert.Throws<MalformedMessageException>(() => MessageText.Read(
            "{\"recordingId\":\"\\ud800\"}"u8.ToArray(), ContractsJsonContext.Default.RenderWindow));
    }

    private static async Task<QueueMessage> TakeAsync(StorageRoom room, string queue)
    {
        QueueMessage message = (await room.Clients.Queues.GetQueueClient(queue).ReceiveMessageAsync(cancellationToken: Cancel)).Value;
        Assert.True(message.ExpiresOn > TimeProvider.System.GetUtcNow().AddYears(1), queue);
        return message;
    }

    private static T Read<T>(QueueMessage message, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class => MessageText.Read(Encoding.UTF8.GetBytes(message.MessageText), type);
}
