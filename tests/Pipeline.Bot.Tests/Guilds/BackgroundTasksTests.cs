using Pipeline.Bot.Guilds;

namespace Pipeline.Bot.Tests.Guilds;

public sealed class BackgroundTasksTests
{
    [Fact]
    public async Task Stop_waits_for_what_was_begun_and_no_longer_than_it_may()
    {
        BackgroundTasks tasks = new();
        TaskCompletionSource work = new();
        tasks.Add(work.Task);
        Task waiting = tasks.WhenDoneAsync(TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        await tasks.WhenDoneAsync(new CancellationToken(canceled: true));
        work.SetResult();
        await waiting;
    }

    [Fact]
    public async Task Failure_of_one_is_not_the_stop_s()
    {
        BackgroundTasks tasks = new();
        tasks.Add(Task.FromException(new InvalidOperationException("its own")));
        await tasks.WhenDoneAsync(TestContext.Current.CancellationToken);
    }
}
