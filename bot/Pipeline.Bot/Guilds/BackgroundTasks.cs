using System.Collections.Concurrent;

namespace Pipeline.Bot.Guilds;

/// <summary>Work that nobody waits for now, so that the stop can. Any thread.</summary>
internal sealed class BackgroundTasks
{
    private readonly ConcurrentDictionary<Task, bool> running = new();

    /// <summary>Keeps the task until it is done. What it throws is its own to log.</summary>
    public void Add(Task task)
    {
        running.TryAdd(task, true);
        _ = task.ContinueWith(done =>
            running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Completes when all that was begun is done or the token is cancelled. Never throws.</summary>
    public async Task WhenDoneAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(running.Keys).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
