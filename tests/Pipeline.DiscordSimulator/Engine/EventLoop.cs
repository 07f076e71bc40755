using System.Collections.Concurrent;

namespace Pipeline.DiscordSimulator.Engine;

/// <summary>
/// The one thread that owns the whole simulated world: sockets post to it, timers fire on it, tests ask it.
/// Because everything happens here in one order, no part of the simulator needs a lock and a seed decides a run.
/// </summary>
/// <remarks>
/// Media are sent from timers on this thread, so a thousand packets a second cost no thread-pool work. Waits are
/// rounded up to <c>tick</c> so that many speakers share one wake-up. With a time provider other than the
/// system's, the loop sleeps on that provider's timer and so follows virtual time; <see cref="DrainAsync"/> then
/// tells when everything that was due has happened.
/// </remarks>
public sealed class EventLoop : IAsyncDisposable
{
    private readonly ConcurrentQueue<Action> posted = new();
    private readonly PriorityQueue<ScheduledAction, (long Due, long Order)> scheduled = new();
    private readonly AutoResetEvent wake = new(false);
    private readonly TimeProvider time;
    private readonly TimeSpan tick;
    private readonly Action<Exception> onFault;
    private readonly ITimer? timer;
    private readonly Thread thread;
    private readonly TaskCompletionSource finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long order;
    private volatile bool stopping;

    /// <summary>Starts the thread.</summary>
    /// <param name="time">The clock of every rule and every packet.</param>
    /// <param name="tick">Granularity of timers; 2 to 10 ms are sensible.</param>
    /// <param name="onFault">Told about an exception in an action; the loop goes on.</param>
    public EventLoop(TimeProvider time, TimeSpan tick, Action<Exception> onFault)
    {
        this.time = time;
        this.tick = tick;
        this.onFault = onFault;
        StartedAt = time.GetTimestamp();
        if (!ReferenceEquals(time, TimeProvider.System))
            timer = time.CreateTimer(_ => wake.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        thread = new Thread(Run) { IsBackground = true, Name = "discord-simulator", Priority = ThreadPriority.AboveNormal };
        thread.Start();
    }

    /// <summary>Timestamp of the provider at the start; the log counts from here.</summary>
    public long StartedAt { get; }

    /// <summary>Virtual time since the start.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(StartedAt);

    /// <summary>True on the loop's own thread.</summary>
    public bool IsCurrent => Thread.CurrentThread == thread;

    /// <summary>Queues an action; returns at once.</summary>
    public void Post(Action action)
    {
        posted.Enqueue(action);
        wake.Set();
    }

    /// <summary>Runs an action on the loop and waits for it; exceptions come back to the caller.</summary>
    public void Run(Action action) => Run(() =>
    {
        action();
        return true;
    });

    /// <summary>Runs a function on the loop and waits for its result; exceptions come back to the caller.</summary>
    public T Run<T>(Func<T> function)
    {
        if (IsCurrent)
            return function();
        return RunAsync(function).GetAwaiter().GetResult();
    }

    /// <summary>Runs a function on the loop; exceptions come back in the task.</summary>
    public Task<T> RunAsync<T>(Func<T> function)
    {
        ObjectDisposedException.ThrowIf(stopping, this);
        TaskCompletionSource<T> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                result.SetResult(function());
            }
            catch (Exception exception)
            {
                result.SetException(exception);
            }
        });
        return result.Task;
    }

    /// <summary>Runs an action after a delay of virtual time. Call on the loop's thread or from any other.</summary>
    public ScheduledAction Schedule(TimeSpan delay, Action action) =>
        ScheduleAt(time.GetTimestamp() + ToTicks(delay), action);

    /// <summary>Runs an action at a timestamp of the time provider.</summary>
    public ScheduledAction ScheduleAt(long due, Action action)
    {
        ScheduledAction item = new(due, action);
        if (IsCurrent)
            scheduled.Enqueue(item, (due, order++));
        else
            Post(() => scheduled.Enqueue(item, (item.Due, order++)));
        return item;
    }

    /// <summary>Completes when everything posted and everything due by now has happened.</summary>
    public async Task DrainAsync()
    {
        // Twice: what the first round posts to itself is seen by the second.
        for (int round = 0; round < 2; round++)
            await RunAsync(() =>
            {
                RunDue();
                return true;
            });
    }

    /// <summary>Length of a time span in timestamp units of the provider.</summary>
    public long ToTicks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private void Run()
    {
        while (!stopping)
        {
            try
            {
                while (posted.TryDequeue(out Action? action))
                    action();
                RunDue();
            }
            catch (Exception exception)
            {
                onFault(exception);
            }

            Wait();
        }

        finished.SetResult();
    }

    private void RunDue()
    {
        long now = time.GetTimestamp();
        while (scheduled.TryPeek(out _, out (long Due, long Order) next) && next.Due <= now)
        {
            ScheduledAction item = scheduled.Dequeue();
            if (!item.IsCancelled)
                item.Action();
        }
    }

    private void Wait()
    {
        if (!posted.IsEmpty)
            return;
        if (!scheduled.TryPeek(out _, out (long Due, long Order) next))
        {
            wake.WaitOne();
            return;
        }

        TimeSpan delay = time.GetElapsedTime(time.GetTimestamp(), next.Due);
        if (delay <= TimeSpan.Zero)
            return;
        long ticks = (delay.Ticks + tick.Ticks - 1) / tick.Ticks * tick.Ticks;
        TimeSpan rounded = TimeSpan.FromTicks(Math.Min(ticks, TimeSpan.TicksPerMinute));
        if (timer is null)
        {
            wake.WaitOne(rounded);
            return;
        }

        timer.Change(delay, Timeout.InfiniteTimeSpan);
        // Virtual time may have jumped between reading it and setting the timer.
        if (time.GetTimestamp() < next.Due)
            wake.WaitOne();
    }

    /// <summary>Stops the thread; what is scheduled does not happen any more.</summary>
    public async ValueTask DisposeAsync()
    {
        stopping = true;
        wake.Set();
        await finished.Task;
        if (timer is not null)
            await timer.DisposeAsync();
        wake.Dispose();
    }
}
