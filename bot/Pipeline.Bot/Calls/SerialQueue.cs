using System.Threading.Channels;

namespace Pipeline.Bot.Calls;

/// <summary>Does one thing after the other for one owner. Full means that the caller is told; nothing waits in front of it.</summary>
internal sealed class SerialQueue : IAsyncDisposable
{
    public const int Capacity = 512;

    private readonly Channel<Func<Task>> work = Channel.CreateBounded<Func<Task>>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly Action<Exception> failed;
    private readonly Task run;
    private long refused;

    /// <param name="failed">Told of what a posted piece of work threw; the queue goes on.</param>
    public SerialQueue(Action<Exception> failed)
    {
        this.failed = failed;
        run = Task.Run(RunAsync);
    }

    /// <summary>How often <see cref="Post"/> found no room.</summary>
    public long Refused => Interlocked.Read(ref refused);

    /// <summary>False: 512 things wait already, or the queue has ended.</summary>
    public bool Post(Func<Task> action)
    {
        if (work.Writer.TryWrite(action)) return true;
        Interlocked.Increment(ref refused);
        return false;
    }

    /// <summary>As <see cref="Post"/>, but waits for room: for what must not be missed. After the end it is nothing.</summary>
    public async Task PostSurelyAsync(Func<Task> action)
    {
        try
        {
            await work.Writer.WriteAsync(action);
        }
        catch (ChannelClosedException)
        {
            return;
        }
    }

    /// <summary>Does it in turn and hands the result, or the exception, to the caller.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> action)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await work.Writer.WriteAsync(async () =>
        {
            try
            {
                done.TrySetResult(await action());
            }
            catch (Exception problem)
            {
                done.TrySetException(problem);
            }
        });
        return await done.Task;
    }

    /// <summary>Finishes what was posted.</summary>
    public async ValueTask DisposeAsync()
    {
        work.Writer.TryComplete();
        await run;
    }

    private async Task RunAsync()
    {
        await foreach (Func<Task> action in work.Reader.ReadAllAsync())
        {
            try
            {
                await action();
            }
            catch (Exception problem)
            {
                failed(problem);
            }
        }
    }
}
