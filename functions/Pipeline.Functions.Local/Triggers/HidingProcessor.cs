using System.Collections.Concurrent;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Azure.WebJobs.Host.Executors;
using Microsoft.Azure.WebJobs.Host.Queues;
using Pipeline.Storage;

namespace Pipeline.Functions.Local.Triggers;

/// <summary>
/// The SDK's rules of a queue (delete, put back, poison) with a shorter hiding: a message under way is hidden again at half time,
/// so that the messages of a killed process come back after seconds and not after ten minutes.
/// </summary>
internal sealed class HidingProcessor(QueueProcessorOptions queue, LocalOptions options, DrainPeriod drain, TimeProvider time,
    ILogger logger) : QueueProcessor(queue)
{
    private readonly QueueClient client = queue.Queue;
    private readonly ConcurrentDictionary<string, Hiding> underWay = new();

    protected override async Task<bool> BeginProcessingMessageAsync(QueueMessage message, CancellationToken cancellationToken)
    {
        try
        {
            if (!await base.BeginProcessingMessageAsync(message, cancellationToken)) return false;
        }
        catch (RequestFailedException fault)
        {
            Log.QueueAway(logger, client.Name, StorageFault.Describe(fault));
            return false;
        }
        Hiding hiding = new(message);
        hiding.Renewal = RenewAsync(hiding);
        underWay[message.MessageId] = hiding;
        return true;
    }

    protected override async Task CompleteProcessingMessageAsync(QueueMessage message, FunctionResult result,
        CancellationToken cancellationToken)
    {
        try
        {
            QueueMessage latest = underWay.TryRemove(message.MessageId, out Hiding? hiding) ? await hiding.EndAsync() : message;
            // Cut off because the process ends: the next one may have it at once.
            if (!result.Succeeded && drain.Token.IsCancellationRequested)
                await ReleaseMessageAsync(latest, result, TimeSpan.Zero, CancellationToken.None);
            else await base.CompleteProcessingMessageAsync(latest, result, CancellationToken.None);
        }
        catch (RequestFailedException fault)
        {
            // The message becomes visible by itself when its hiding runs out.
            Log.QueueAway(logger, client.Name, StorageFault.Describe(fault));
        }
    }

    protected override async Task CopyMessageToPoisonQueueAsync(QueueMessage message, QueueClient poisonQueue,
        CancellationToken cancellationToken)
    {
        await base.CopyMessageToPoisonQueueAsync(message, poisonQueue, cancellationToken);
        Log.Poisoned(logger, client.Name, message.DequeueCount);
    }

    private async Task RenewAsync(Hiding hiding)
    {
        while (true)
        {
            await Task.Delay(options.LocalHide / 2, time, hiding.Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (hiding.Ended.IsCancellationRequested) return;
            try
            {
                UpdateReceipt receipt = await client.UpdateMessageAsync(hiding.Message.MessageId, hiding.Message.PopReceipt,
                    visibilityTimeout: options.LocalHide, cancellationToken: CancellationToken.None);
                hiding.Message = hiding.Message.Update(receipt);
            }
            catch (RequestFailedException fault)
            {
                // Somebody else has it by now, and finds the work done; or the storage is away, and the next renewal may succeed.
                if (!StorageFault.IsTransient(fault)) return;
                Log.QueueAway(logger, client.Name, StorageFault.Describe(fault));
            }
        }
    }

    /// <summary>A message under way; its pop receipt changes with every renewal.</summary>
    private sealed class Hiding(QueueMessage message) : IDisposable
    {
        private readonly CancellationTokenSource ended = new();

        public QueueMessage Message { get; set; } = message;
        public Task Renewal { get; set; } = Task.CompletedTask;
        public CancellationToken Ended => ended.Token;

        public async Task<QueueMessage> EndAsync()
        {
            await ended.CancelAsync();
            await Renewal;
            Dispose();
            return Message;
        }

        public void Dispose() => ended.Dispose();
    }
}

/// <summary>Gives every queue its processor.</summary>
internal sealed class HidingProcessorFactory(LocalOptions options, DrainPeriod drain, TimeProvider time, ILogger<HidingProcessor> logger)
    : IQueueProcessorFactory
{
    public QueueProcessor Create(QueueProcessorOptions queueProcessorOptions) =>
        new HidingProcessor(queueProcessorOptions, options, drain, time, logger);
}
