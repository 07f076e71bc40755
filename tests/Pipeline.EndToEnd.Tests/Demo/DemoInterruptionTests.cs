using System.Diagnostics;
using System.Globalization;
using Pipeline.DiscordSimulator;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Demo;

/// <summary>
/// Ctrl+C while a demo or a load run goes on: to its process alone, as from a script, or to its group, as from a terminal.
/// </summary>
public sealed class DemoInterruptionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("demo: starting", false, "demo", "--plain")]
    [InlineData("are in #Table", false, "demo", "--plain", Traits = ["Category", "Long"])]
    [InlineData("are in #Table", true, "demo", "--plain")]
    [InlineData("session: 4 speakers", false, "load", Traits = ["Category", "Long"])]
    public async Task Signal_ends_it_with_what_it_has_started(string when, bool isForGroup, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/setsid") && Directory.Exists("/proc/self"),
            "a process group of its own needs setsid and /proc");
        string program = BuiltProject.Assembly("tests/Pipeline.Demo");
        await using ChildProcess demo = ChildProcess.Start("/usr/bin/setsid", ["dotnet", program, .. arguments]);
        await demo.WaitForLineAsync(line => line.Contains(when, StringComparison.Ordinal), Patience);
        await Simulator.WaitUntilAsync(() => ChildrenOf(demo.Id).Count > 0, Patience);
        List<int> children = ChildrenOf(demo.Id);
        long signalled = TimeProvider.System.GetTimestamp();
        await InterruptAsync(isForGroup ? -demo.Id : demo.Id);
        await InterruptAsync(isForGroup ? -demo.Id : demo.Id); // changes nothing
        Assert.Equal(130, await demo.WaitForExitAsync(Patience));
        // Generous, for a machine that has other things to do; it takes one to three seconds.
        Assert.InRange(TimeProvider.System.GetElapsedTime(signalled).TotalSeconds, 0, 25);
        Assert.Single(demo.Lines, line => line.Contains("stopped by a signal before its end", StringComparison.Ordinal));
        Assert.DoesNotContain(demo.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
        await Simulator.WaitUntilAsync(() => children.TrueForAll(child => !IsRunning(child)), Patience);
    }

    private static async Task InterruptAsync(int target)
    {
        using Process kill = Process.Start(new ProcessStartInfo("kill", ["-2", "--", target.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardError = true, // it may be gone already
        })!;
        await kill.WaitForExitAsync();
    }

    private static List<int> ChildrenOf(int parent) => [.. Directory.EnumerateDirectories("/proc")
        .Select(Path.GetFileName).Where(name => name!.All(char.IsAsciiDigit)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture))
        .Where(process => Fields(process) is { } fields && fields[1] == parent.ToString(CultureInfo.InvariantCulture))];

    private static bool IsRunning(int process) => Fields(process) is { } fields && fields[0] != "Z";

    /// <summary>State, parent and so on; null when there is no such process.</summary>
    private static string[]? Fields(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
