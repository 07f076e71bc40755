using Pipeline.Bot.Calls;

namespace Pipeline.Bot.Tests.Calls;

public sealed class SerialQueueTests
{
    [Fact]
    public async Task Full_queue_refuses_counts_and_loses_nothing_that_it_took()
    {
        TaskCompletionSource begun = new(), gate = new();
        List<int> done = [];
        await using SerialQueue queue = new(_ => { });
        Assert.True(queue.Post(async () =>
        {
            begun.SetResult();
            await gate.Task;
        }));
        await begun.Task;
        for (int i = 0; i < SerialQueue.Capacity; i++)
        {
            int number = i;
            Assert.True(queue.Post(() => Note(number)));
        }
        for (int i = 0; i < 3; i++) Assert.False(queue.Post(() => Note(-1)));
        Assert.Equal(3, queue.Refused);
        Task surely = queue.PostSurelyAsync(() => Note(SerialQueue.Capacity));
        Task<string> asked = queue.RunAsync(() => Task.FromResult("answer"));
        Assert.False(surely.IsCompleted); // it waits for room instead of being refused

        gate.SetResult();
        Assert.Equal("answer", await asked);
        await surely;
        Assert.Equal(Enumerable.Range(0, SerialQueue.Capacity + 1), done);

        Task Note(int number)
        {
            done.Add(number);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task What_fails_is_told_and_the_next_runs()
    {
        List<Exception> failures = [];
        await using SerialQueue queue = new(failures.Add);
        Assert.True(queue.Post(() => throw new InvalidDataException("one")));
        Assert.Equal(2, await queue.RunAsync(() => Task.FromResult(2)));
        Assert.IsType<InvalidDataException>(Assert.Single(failures));
    }
}
