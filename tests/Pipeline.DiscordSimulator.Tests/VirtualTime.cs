using Microsoft.Extensions.Time.Testing;
using Pipeline.TestKit;

namespace Pipeline.DiscordSimulator.Tests;

/// <summary>Lets virtual time pass in steps, the simulator following each of them.</summary>
internal static class VirtualTime
{
    public static async Task RunAsync(this FakeTimeProvider time, Simulator discord, Task until, int stepMilliseconds = 10)
    {
        await discord.DrainAsync(); // what was asked for begins now, not a step later
        LoopLimit limit = new("what virtual time was let pass for", TimeSpan.FromMinutes(2));
        while (!until.IsCompleted)
        {
            limit.Turn();
            time.Advance(TimeSpan.FromMilliseconds(stepMilliseconds));
            await discord.DrainAsync();
        }

        await until;
    }

    public static Task RunAsync(this FakeTimeProvider time, Simulator discord, TimeSpan duration) =>
        time.RunAsync(discord, Task.Delay(duration, time));
}
