using Pipeline.TestKit;

namespace Pipeline.Deployment.Tests.Local;

/// <summary>kill -9 while blobs, messages and rows are confirmed: what was confirmed is there afterwards.</summary>
public sealed class DurableAzuriteTests
{
    [Fact]
    [Trait("Category", "Long")]
    public Task Nothing_that_was_confirmed_is_lost() => KillAsync(times: 4, seed: 31);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Nothing_that_was_confirmed_is_lost_in_twenty_kills() => KillAsync(times: 20, seed: 32);

    /// <summary>Why <c>durable.cjs</c> is there. Where a new version of Azurite passes without it, it can go.</summary>
    [Fact]
    [Trait("Category", "Soak")]
    public async Task Without_it_confirmed_writes_are_lost()
    {
        int lost = 0;
        await foreach ((int blobs, int messages, int rows) in KillsAsync(times: 20, seed: 32, durable: false))
            lost += blobs + messages + rows;
        Assert.True(lost > 0, "the plain emulator lost nothing");
    }

    private static async Task KillAsync(int times, int seed)
    {
        await foreach ((int, int, int) lost in KillsAsync(times, seed, durable: true)) Assert.Equal((0, 0, 0), lost);
    }

    private static async IAsyncEnumerable<(int Blobs, int Messages, int Rows)> KillsAsync(int times, int seed, bool durable)
    {
        using TempFolder folder = new();
        Random random = new(seed);
        ConfirmedWrites writes = new(random);
        for (int kill = 0; kill < times; kill++)
        {
            Azurite azurite = await Azurite.StartAsync(folder.Path, durable: durable);
            await ConfirmedWrites.PrepareAsync(azurite);
            using CancellationTokenSource gone = new();
            Task writing = writes.WriteAsync(azurite, gone.Token);
            await Task.Delay(random.Next(100, 2500));
            await azurite.DisposeAsync(); // SIGKILL
            await gone.CancelAsync();
            await writing;
            await using Azurite again = await Azurite.StartAsync(folder.Path, durable: durable);
            await ConfirmedWrites.PrepareAsync(again);
            int confirmed = writes.Count;
            (int blobs, int messages, int rows) = await writes.CountLostAsync(again);
            TestContext.Current.SendDiagnosticMessage("kill {0}: {1} confirmed; lost {2} blobs, {3} messages, {4} rows", kill, confirmed,
                blobs, messages, rows);
            Assert.True(confirmed > 0, "killed before anything was confirmed");
            yield return (blobs, messages, rows);
            writes.Forget();
        }
    }
}
