using System.Diagnostics;
using System.Text.Json;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>Sends the pipeline's messages and looks at the poison queues.</summary>
public sealed class MessageQueues(StorageClients clients)
{
    // A message must outlive any outage; the default would be 7 days.
    private static readonly TimeSpan NeverExpires = TimeSpan.FromSeconds(-1);
    private static readonly TimeSpan PoisonHide = TimeSpan.FromMinutes(2);

    public Task SendAsync(RecordingStarted message, TimeSpan delay, CancellationToken cancellation) =>
        SendAsync(StorageNames.RecordingStartedQueue, JsonSerializer.Serialize(message, ContractsJsonContext.Default.RecordingStarted),
            delay, cancellation);

    public Task SendAsync(SegmentReady message, TimeSpan delay, CancellationToken cancellation) =>
        SendAsync(StorageNames.SegmentReadyQueue, JsonSerializer.Serialize(message, ContractsJsonContext.Default.SegmentReady), delay,
            cancellation);

    public Task SendAsync(RecordingStopped message, TimeSpan delay, CancellationToken cancellation) =>
        SendAsync(StorageNames.RecordingStoppedQueue, JsonSerializer.Serialize(message, ContractsJsonContext.Default.RecordingStopped),
            delay, cancellation);

    /// <summary>The work goes on in the trace of its sender.</summary>
    public Task SendAsync(RenderWindow message, TimeSpan delay, CancellationToken cancellation) =>
        SendAsync(StorageNames.RenderWindowQueue, JsonSerializer.Serialize(message with { Traceparent = Activity.Current?.Id },
            ContractsJsonContext.Default.RenderWindow), delay, cancellation);

    /// <summary>The work goes on in the trace of its sender.</summary>
    public Task SendAsync(TranscribeStretch message, TimeSpan delay, CancellationToken cancellation) =>
        SendAsync(StorageNames.TranscribeQueue, JsonSerializer.Serialize(message with { Traceparent = Activity.Current?.Id },
            ContractsJsonContext.Default.TranscribeStretch), delay, cancellation);

    /// <param name="delay">The message stays invisible for this long; the service counts whole seconds.</param>
    public Task SendAsync(string queue, string text, TimeSpan delay, CancellationToken cancellation) =>
        clients.Queues.GetQueueClient(queue).SendMessageAsync(text, delay, NeverExpires, cancellation);

    /// <summary>Messages in a queue, hidden ones included; the service calls it approximate. Null where the queue does not exist.</summary>
    public async Task<int?> CountAsync(string queue, CancellationToken cancellation)
    {
        try
        {
            QueueProperties properties = await clients.Queues.GetQueueClient(queue).GetPropertiesAsync(cancellation);
            return properties.ApproximateMessagesCount;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>When the first visible message of a queue was put there; null where none is.</summary>
    public async Task<DateTimeOffset?> FirstSinceAsync(string queue, CancellationToken cancellation)
    {
        try
        {
            PeekedMessage? first = await clients.Queues.GetQueueClient(queue).PeekMessageAsync(cancellation);
            return first?.InsertedOn;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Up to 32 messages of a queue's poison queue, hidden from others for two minutes.</summary>
    public async Task<IReadOnlyList<PoisonMessage>> ReceivePoisonAsync(string queue, CancellationToken cancellation)
    {
        try
        {
            QueueMessage[] messages = await clients.Queues.GetQueueClient(queue + StorageNames.PoisonSuffix)
                .ReceiveMessagesAsync(32, PoisonHide, cancellation);
            return [.. messages.Select(message => new PoisonMessage(queue, message.MessageText, message.MessageId, message.PopReceipt))];
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return [];
        }
    }

    public async Task DeletePoisonAsync(PoisonMessage message, CancellationToken cancellation)
    {
        try
        {
            await clients.Queues.GetQueueClient(message.Queue + StorageNames.PoisonSuffix)
                .DeleteMessageAsync(message.MessageId, message.PopReceipt, cancellation);
        }
        catch (RequestFailedException gone) when (gone.Status == 404 || gone.ErrorCode == "PopReceiptMismatch")
        {
            // Another sweep has it now; what it does with it is the same.
        }
    }
}

/// <summary>A message that failed too often. <paramref name="Queue"/> is the queue that it came from, without the suffix.</summary>
public sealed record PoisonMessage(string Queue, string Text, string MessageId, string PopReceipt);
