using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Pipeline.Contracts;
using Pipeline.Storage;

namespace Pipeline.Functions.Storage;

/// <summary>One queue as the Functions host's listener sees it: receive, renew, release, delete, poison.</summary>
public sealed class LocalQueue(StorageClients clients, string name)
{
    private readonly QueueClient queue = clients.Queues.GetQueueClient(name);

    public string Name => name;

    /// <summary>Up to <paramref name="count"/> messages (at most 32), hidden for <paramref name="hide"/>. Empty where the queue does not exist yet.</summary>
    public async Task<IReadOnlyList<QueueItem>> ReceiveAsync(int count, TimeSpan hide, CancellationToken cancellation)
    {
        try
        {
            QueueMessage[] messages = await queue.ReceiveMessagesAsync(count, hide, cancellation);
            return [.. messages.Select(message => new QueueItem(message))];
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return [];
        }
    }

    /// <summary>Hides the message for longer, or for nothing to give it back. False when it is somebody else's by now.</summary>
    public async Task<bool> HideAsync(QueueItem item, TimeSpan time, CancellationToken cancellation)
    {
        try
        {
            UpdateReceipt receipt = await queue.UpdateMessageAsync(item.MessageId, item.PopReceipt, visibilityTimeout: time, cancellationToken: cancellation);
            item.PopReceipt = receipt.PopReceipt;
            return true;
        }
        catch (RequestFailedException lost) when (IsLost(lost))
        {
            return false;
        }
    }

    /// <summary>Deletes the message; one that is somebody else's by now is left to him.</summary>
    public async Task DeleteAsync(QueueItem item, CancellationToken cancellation)
    {
        try
        {
            await queue.DeleteMessageAsync(item.MessageId, item.PopReceipt, cancellation);
        }
        catch (RequestFailedException lost) when (IsLost(lost))
        {
            // Its time ran out: whoever has it now finds the work done.
        }
    }

    /// <summary>Copies the text to the poison queue, made when needed, and deletes the message.</summary>
    public async Task PoisonAsync(QueueItem item, CancellationToken cancellation)
    {
        QueueClient poison = clients.Queues.GetQueueClient(name + StorageNames.PoisonSuffix);
        try
        {
            await poison.SendMessageAsync(item.Text, cancellation);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            await poison.CreateIfNotExistsAsync(cancellationToken: cancellation);
            await poison.SendMessageAsync(item.Text, cancellation);
        }
        await DeleteAsync(item, cancellation);
    }

    // The emulator answers an old pop receipt with 400 where Azure says that there is no such message.
    private static bool IsLost(RequestFailedException fault) => fault.Status == 404 || fault.ErrorCode == "PopReceiptMismatch";
}

/// <summary>A received message. Its pop receipt changes with every renewal; one pump owns it.</summary>
public sealed class QueueItem
{
    internal QueueItem(QueueMessage message)
    {
        MessageId = message.MessageId;
        Text = message.MessageText;
        DequeueCount = message.DequeueCount;
        InsertedOn = message.InsertedOn ?? default;
        ExpiresOn = message.ExpiresOn ?? default;
        NextVisibleOn = message.NextVisibleOn ?? default;
        PopReceipt = message.PopReceipt;
    }

    public string MessageId { get; }
    public string Text { get; }

    /// <summary>1 with the first delivery.</summary>
    public long DequeueCount { get; }

    public DateTimeOffset InsertedOn { get; }
    public DateTimeOffset ExpiresOn { get; }
    public DateTimeOffset NextVisibleOn { get; }
    public string PopReceipt { get; internal set; }
}
