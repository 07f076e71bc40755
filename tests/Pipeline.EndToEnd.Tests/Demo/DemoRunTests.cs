using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Demo;

/// <summary>The demo as people start it, where the machine or the line is at its worst.</summary>
[Trait("Category", "Long")]
public sealed partial class DemoRunTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>A sender that gets its turn late puts its packets on the wire late; the tracks keep to the wire.</summary>
    [Fact]
    public async Task Tracks_keep_to_the_wire_beside_eight_busy_programs()
    {
        List<ChildProcess> busy = [];
        try
        {
            for (int count = 0; count < 8; count++) busy.Add(ChildProcess.Start("sh", ["-c", "while :; do :; done"]));
            await RequireWellAsync("--talks", "3");
        }
        finally
        {
            foreach (ChildProcess one in busy) await one.DisposeAsync();
        }
    }

    [Fact]
    public Task Speakers_of_discord_js_keep_their_places_over_60_ms_of_jitter()
    {
        Assert.SkipUnless(Directory.Exists(RepositoryRoot.Combine("tests", "peers", "discordjs", "node_modules")),
            "discord.js is not installed (SETUP_PARTS=peers infra/setup.sh)");
        return RequireWellAsync("--jitter", "60", "--talks", "6");
    }

    private static async Task RequireWellAsync(params string[] arguments)
    {
        await using ChildProcess demo = BuiltProject.Start("tests/Pipeline.Demo", ["demo", .. arguments]);
        int code = await demo.WaitForExitAsync(Patience);
        string said = string.Join('\n', demo.Lines);
        Assert.True(code == 0 && demo.Lines.Contains("demo: all is well"), said);
        Assert.DoesNotContain("WRONG", said, StringComparison.Ordinal);
        Match apart = Apart().Match(said);
        Assert.InRange(double.Parse(apart.Groups[1].Value, CultureInfo.InvariantCulture), 0, 20);
    }

    [GeneratedRegex(@"tracks and talks lie ([0-9.]+) ms apart at most")]
    private static partial Regex Apart();
}
