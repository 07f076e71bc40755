using Microsoft.Extensions.Time.Testing;

namespace Pipeline.DiscordSimulator.Tests;

/// <summary>Lets virtual time pass in steps, the simulator following each of them.</summary>
internal static class VirtualTime
{
    public static async Task RunAsync(this FakeTimeProvider time, Simulator discord, Task until, int stepMilliseconds = 10)
    {
        await discord.DrainAsync(); // what was asked for begins now, not a step later
        while (!until.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(stepMilliseconds));
            await discord.DrainAsync();
        }

        await until;
    }

    public static Task RunAsync(this FakeTimeProvider time, Simulator discord, TimeSpan duration) =>
        time.RunAsync(discord, Task.Delay(duration, time));
}
