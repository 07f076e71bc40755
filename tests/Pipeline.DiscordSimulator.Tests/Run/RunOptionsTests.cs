using System.Text.RegularExpressions;
using Pipeline.DiscordSimulator.Run;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.DiscordSimulator.Tests.Run;

/// <summary>The simulator's command line, and the built program that reads it.</summary>
public sealed class RunOptionsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("2%", 0.02)]
    [InlineData("0.02", 0.02)]
    public void Share_is_a_percentage_or_a_fraction(string text, double share) =>
        Assert.Equal(share, RunOptions.Parse(["--loss", text]).Loss, 9);

    [Theory]
    [InlineData("60ms", 0.06)]
    [InlineData("2s", 2)]
    [InlineData("1m", 60)]
    public void Duration_has_its_unit(string text, double seconds) =>
        Assert.Equal(seconds, RunOptions.Parse(["--record-start-after", text]).RecordStartAfter!.Value.TotalSeconds, 9);

    [Theory]
    [InlineData("--loss is '200%'", "--loss", "200%")]
    [InlineData("--jitter is '99m'; use a duration such as 60ms or 2s, at most 10s", "--jitter", "99m")]
    [InlineData("--for is '1e300s'", "--for", "1e300s")]
    [InlineData("--speaker is 'Ada'; use NAME=FILE.opus", "--speaker", "Ada")]
    [InlineData("--speaker is 'Ada=nothing.opus', and that file cannot be read", "--speaker", "Ada=nothing.opus")]
    [InlineData("--talk is 'loudly'; use joined, now, asked", "--talk", "loudly")]
    [InlineData("--dave is '7'; use off, negotiated, enforced", "--dave", "7")]
    [InlineData("--port is '99999'; use a whole number from 0 to 65535", "--port", "99999")]
    [InlineData("--seed is 'x'", "--seed", "x")]
    [InlineData("There is no argument '--unheard'", "--unheard", "of")]
    public void Wrong_argument_is_named_with_its_value(string said, params string[] arguments) =>
        Assert.Contains(said, Assert.Throws<FormatException>(() => RunOptions.Parse(arguments)).Message, StringComparison.Ordinal);

    [Fact]
    public void File_that_is_no_speech_is_named()
    {
        string file = RepositoryRoot.Combine("README.md");
        string said = Assert.Throws<FormatException>(() => RunOptions.Parse(["--peer", $"Ada={file}"])).Message;
        Assert.Contains($"--peer is 'Ada={file}', and that file is no Ogg Opus", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_option_is_in_the_help_and_in_the_readme()
    {
        string readme = File.ReadAllText(RepositoryRoot.Combine("tests", "Pipeline.DiscordSimulator", "README.md"));
        string[] options = [.. Regex.Matches(RunOptions.Usage, "(?m)^ +(--[a-z-]+)").Select(match => match.Groups[1].Value)];
        Assert.True(options.Length > 10, RunOptions.Usage);
        Assert.All(options, option => Assert.Contains($"`{option}", readme, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, "simulator: --port is '99999'; use", "--port", "99999")]
    [InlineData(5, "nowhere/settings.env", "--env-file", "/nowhere/settings.env")]
    [InlineData(0, "--record-start-after", "--port", "99999", "--help")]
    public async Task Program_says_it_without_a_stack_trace(int exitCode, string said, params string[] arguments)
    {
        await using ChildProcess simulator = BuiltProject.Start("tests/Pipeline.DiscordSimulator", arguments);
        Assert.Equal(exitCode, await simulator.WaitForExitAsync(Patience));
        Assert.Contains(simulator.Lines, line => line.Contains(said, StringComparison.Ordinal));
        Assert.DoesNotContain(simulator.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Program_ends_at_a_signal()
    {
        await using ChildProcess simulator = BuiltProject.Start("tests/Pipeline.DiscordSimulator", []);
        await simulator.WaitForLineAsync(line => line.StartsWith("SIMULATOR_CONTROL=", StringComparison.Ordinal), Patience);
        await simulator.SignalAsync(15);
        Assert.Equal(0, await simulator.WaitForExitAsync(Patience));
    }
}
