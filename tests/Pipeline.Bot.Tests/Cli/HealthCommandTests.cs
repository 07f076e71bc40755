using System.Net;
using System.Text;
using Pipeline.Bot.Cli;
using Pipeline.Bot.Tests.Cli.Settings;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Cli;

/// <summary>What a container engine is told of the bot beside it.</summary>
public sealed class HealthCommandTests
{
    [Theory]
    [InlineData(200, "127.0.0.1", ExitCode.Success)]
    [InlineData(503, "127.0.0.1", ExitCode.Failure)]
    [InlineData(200, "0.0.0.0", ExitCode.Success)] // it listens on every address
    [InlineData(200, "[::]", ExitCode.Success)]
    public async Task Bot_that_answers_is_as_healthy_as_it_says(int status, string host, int expected)
    {
        int port = FreePort.Take(1)[0];
        using HttpListener listener = new();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/healthz/");
        listener.Start();
        Task<HttpListenerContext> asked = listener.GetContextAsync();
        Task<(int Code, string Output, string Errors)> run = RunAsync($"http://{host}:{port}");
        Assert.Same(asked, await Task.WhenAny(asked, run));
        using (HttpListenerResponse response = (await asked).Response)
        {
            response.StatusCode = status;
            await response.OutputStream.WriteAsync("a word \n"u8.ToArray(), TestContext.Current.CancellationToken);
        }
        Assert.Equal((expected, "a word" + Environment.NewLine, ""), await run);
    }

    [Fact]
    public async Task Bot_that_is_not_there_is_not_healthy()
    {
        int port = FreePort.Take(1)[0];
        Assert.Equal((ExitCode.Failure, "", $"no answer at http://127.0.0.1:{port}/healthz" + Environment.NewLine),
            await RunAsync($"http://127.0.0.1:{port}"));
    }

    [Theory]
    [InlineData("off", "HEALTH_ENDPOINT")]
    [InlineData("no address", "HEALTH_ENDPOINT")]
    [InlineData(null, "HEALTH_ENDPOINT")]
    public async Task Without_an_address_nobody_is_asked(string? value, string named)
    {
        (int code, string output, string errors) = await RunAsync(value);
        Assert.Equal((ExitCode.Usage, ""), (code, output));
        Assert.Contains(named, errors, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string? endpoint)
    {
        StringBuilder output = new(), errors = new();
        await using StringWriter toOutput = new(output), toErrors = new(errors);
        int code = await HealthCommand.AskAsync(SettingValues.Read(endpoint is null ? [] : [("HEALTH_ENDPOINT", endpoint)]), toOutput,
            toErrors, TestContext.Current.CancellationToken);
        return (code, output.ToString(), errors.ToString());
    }
}
