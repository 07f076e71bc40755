using System.CommandLine;
using Pipeline.Demo.Call;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Demo;

/// <summary>The command line of the demo and of the load runs, as the built program reads it.</summary>
public sealed class DemoArgumentsTests
{
    [Theory]
    [InlineData("demo: --jitter is 'abc'; use 0 to 200, such as 20 or 20ms", "demo", "--jitter", "abc")]
    [InlineData("demo: --jitter is '99s'; use 0 to 200, such as 20 or 20ms", "demo", "--jitter", "99s")]
    [InlineData("demo: --talks is 'x'; use 1 to 6", "demo", "--talks", "x")]
    [InlineData("demo: Unrecognized command or argument '--colour'", "demo", "--colour")]
    [InlineData("load: --hours is 'x'; use 0.01 to 160", "load", "--hours", "x")]
    [InlineData("load: --speed is '0'; use 1 to 500", "load", "--speed", "0")]
    [InlineData("crowd: --minutes is 'NaN'; use 0.2 to 720", "crowd", "--minutes", "NaN")]
    [InlineData("Pipeline.Demo: 'fly' is no run; use demo, load, crowd", "fly")]
    public async Task Wrong_argument_is_one_line(string said, params string[] arguments)
    {
        (int exitCode, string[] lines) = await RunAsync(arguments);
        Assert.Equal(2, exitCode);
        Assert.StartsWith(said, Assert.Single(lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--jitter <jitter>", "demo")]
    [InlineData("--crowd-minutes <crowd-minutes>", "load")]
    [InlineData("--minutes <minutes>", "crowd")]
    public async Task Help_tells_options_defaults_and_exit_codes_and_starts_nothing(string said, string run)
    {
        (int exitCode, string[] lines) = await RunAsync(run, "--help");
        Assert.Equal(0, exitCode);
        string option = Assert.Single(lines, line => line.Contains(said, StringComparison.Ordinal));
        Assert.Contains("[default: ", option, StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("130 after Ctrl+C", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("starting", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("60")]
    [InlineData("60ms")]
    public async Task Jitter_is_milliseconds_with_or_without_their_unit(string text)
    {
        DemoOptions? read = null;
        Command command = DemoOptions.Command(options =>
        {
            read = options;
            return Task.FromResult(0);
        });
        ParseResult parsed = command.Parse(["--talks", "4", "--jitter", text]);
        Assert.Equal(0, await parsed.InvokeAsync(cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(new DemoOptions(false, false, false, TimeSpan.FromMilliseconds(60), 4), read);
    }

    private static async Task<(int ExitCode, string[] Lines)> RunAsync(params string[] arguments)
    {
        await using ChildProcess demo = BuiltProject.Start("tests/Pipeline.Demo", arguments);
        int exitCode = await demo.WaitForExitAsync(TimeSpan.FromMinutes(1));
        return (exitCode, [.. demo.Lines.Where(line => line.Length > 0)]);
    }
}
