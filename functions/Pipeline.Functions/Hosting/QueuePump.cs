using Pipeline.Functions.Storage;

namespace Pipeline.Functions.Hosting;

/// <summary>
/// One queue, pumped as the Functions host does it: receive a batch, run its messages side by side, renew their hiding at
/// half time, delete on success, hide for a while on failure, and after too many failures into the poison queue.
/// </summary>
internal sealed class QueuePump(
    QueueFunction function, LocalQueue queue, QueueSettings settings, TimeSpan hide, Func<Uri> address, string? key,
    HttpClient http, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(100);
    private readonly HashSet<Task> running = [];

    /// <summary>Runs until cancelled, then waits for the messages under way; those that do not end are given back.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        TimeSpan pause = ShortestPoll;
        while (!cancellation.IsCancellationRequested)
        {
            running.RemoveWhere(task => task.IsCompleted);
            if (running.Count > settings.NewBatchThreshold)
            {
                await Task.WhenAny(running);
                continue;
            }
            int received = await ReceiveAsync(cancellation);
            pause = received > 0 ? ShortestPoll : pause * 1.5;
            if (pause > settings.MaxPollingInterval) pause = settings.MaxPollingInterval;
            if (received == 0) await PauseAsync(pause, cancellation);
        }
        await Task.WhenAll(running);
    }

    private async Task<int> ReceiveAsync(CancellationToken cancellation)
    {
        try
        {
            IReadOnlyList<QueueItem> items = await queue.ReceiveAsync(settings.BatchSize, hide, cancellation);
            foreach (QueueItem item in items) running.Add(RunAsync(item, cancellation));
            return items.Count;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception fault)
        {
            Log.QueueAway(log, queue.Name, fault.Message.Split('\n')[0].Trim());
            await PauseAsync(settings.MaxPollingInterval, cancellation);
            return 0;
        }
    }

    private async Task RunAsync(QueueItem item, CancellationToken stopping)
    {
        try
        {
            if (item.DequeueCount > settings.MaxDequeueCount)
            {
                await PoisonAsync(item);
                return;
            }
            bool succeeded = await InvokeAsync(item, stopping);
            // What was begun is ended even while stopping: a message half settled would only come twice.
            if (succeeded) await queue.DeleteAsync(item, CancellationToken.None);
            else if (stopping.IsCancellationRequested) await queue.HideAsync(item, TimeSpan.Zero, CancellationToken.None);
            else if (item.DequeueCount >= settings.MaxDequeueCount) await PoisonAsync(item);
            else await queue.HideAsync(item, settings.VisibilityTimeout, CancellationToken.None);
        }
        catch (Exception fault)
        {
            // The message becomes visible by itself when its hiding runs out.
            Log.QueueAway(log, queue.Name, fault.Message.Split('\n')[0].Trim());
        }
    }

    private async Task<bool> InvokeAsync(QueueItem item, CancellationToken stopping)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task<bool> answer = TriggerCall.PostAsync(http, new Uri(address(), function.Name), key, TriggerEnvelope.Write(function, item, time.GetUtcNow()), end.Token);
        while (!answer.IsCompleted)
        {
            using CancellationTokenSource woken = new();
            Task timer = Task.Delay(hide / 2, time, woken.Token);
            if (await Task.WhenAny(answer, timer) == answer)
            {
                await woken.CancelAsync();
                break;
            }
            if (!await queue.HideAsync(item, hide, CancellationToken.None)) await end.CancelAsync();
        }
        return await answer;
    }

    private async Task PoisonAsync(QueueItem item)
    {
        await queue.PoisonAsync(item, CancellationToken.None);
        Log.Poisoned(log, queue.Name, item.DequeueCount);
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(pause, time, cancellation);
        }
        catch (OperationCanceledException)
        {
            // The loop looks at the token itself.
        }
    }
}
