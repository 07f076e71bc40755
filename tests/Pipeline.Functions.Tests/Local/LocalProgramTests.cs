using System.Net;
using System.Net.Sockets;
using Pipeline.Functions.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Local;

/// <summary>The program from outside: arguments, settings, key, and what it says when it cannot start.</summary>
public sealed class LocalProgramTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("RECORDING_ABANDON_AFTER", "soon", "RECORDING_ABANDON_AFTER: 'soon' is not allowed", 2)]
    [InlineData("PipelineStorage", "", "PipelineStorage is not set", 2)]
    [InlineData("PipelineStorage", "nonsense", "PipelineStorage: its value (a secret, not shown)", 2)]
    public async Task Wrong_setting_ends_the_start_in_one_clear_line(string name, string value, string said, int code)
    {
        await using ChildProcess app = Start(new() { [name] = value });

        Assert.Equal(code, await app.WaitForExitAsync(Patience));
        Assert.Contains(said, Assert.Single(app.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Taken_port_ends_the_start_in_one_clear_line_behind_the_names_that_are_no_settings()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using ChildProcess app = LocalProcess.StartAlone(LocalProcess.BuildFolder, azurite.ConnectionString, port,
            new() { ["RECORDING_ADOPT_AFTR"] = "7m" });

        Assert.Equal(69, await app.WaitForExitAsync(Patience));
        Assert.Contains(app.Lines, line =>
            line.Contains($"127.0.0.1:{port}", StringComparison.Ordinal) && line.Contains("--urls", StringComparison.Ordinal));
        Assert.Contains(app.Lines, line => line.Contains("did you mean RECORDING_ADOPT_AFTER?", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--verbose", 2, "--verbose")]
    [InlineData("--PipelineStorage=x", 2, "PipelineStorage")]
    [InlineData("--help", 0, "--urls")]
    [InlineData("--version", 0, "0.")]
    public async Task Arguments_are_known_or_refused(string argument, int code, string said)
    {
        await using ChildProcess app = ChildProcess.Start("dotnet",
            [Path.Combine(LocalProcess.BuildFolder, "Pipeline.Functions.Local.dll"), argument]);

        Assert.Equal(code, await app.WaitForExitAsync(Patience));
        Assert.Contains(app.Lines, line => line.Contains(said, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Settings_are_printed_without_secrets()
    {
        await using ChildProcess app = Start(new() { ["RECORDING_ADOPT_AFTER"] = "7m", ["RecordingApi__ApiKey"] = "open sesame" },
            "--settings");

        Assert.Equal(0, await app.WaitForExitAsync(Patience));
        Assert.Contains(app.Lines, line =>
            line.StartsWith("RECORDING_ADOPT_AFTER", StringComparison.Ordinal) && line.Contains("7 min", StringComparison.Ordinal)
            && line.EndsWith("environment", StringComparison.Ordinal));
        Assert.DoesNotContain(app.Lines, line =>
            line.Contains("sesame", StringComparison.Ordinal) || line.Contains("AccountKey", StringComparison.Ordinal)
            || line.Contains(App.Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Key_is_made_where_none_is_set_and_stays_the_same()
    {
        using TempFolder folder = new();
        string file = folder.Combine("keys/functions.key");
        string first = await KeyAfterAsync(file);
        Assert.True(first.Length >= 32);
        Assert.Equal(first, await KeyAfterAsync(file));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    // Starts it without a key, and finds that the one in the file opens it and none does not.
    private async Task<string> KeyAfterAsync(string file)
    {
        int port = FreePort.Take(1)[0];
        await using ChildProcess app = LocalProcess.StartAlone(LocalProcess.BuildFolder, azurite.ConnectionString, port,
            new() { ["Functions__Key"] = null, ["Functions__KeyFile"] = file });
        await app.WaitForLineAsync(line => line.Contains("Now listening", StringComparison.Ordinal), Patience);
        string key = (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Trim();
        Assert.DoesNotContain(app.Lines, line => line.Contains(key, StringComparison.Ordinal));
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        Assert.Equal(HttpStatusCode.Unauthorized,
            (await http.GetAsync(new Uri("api/health", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.OK,
            (await http.GetAsync(new Uri($"api/health?code={key}", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        return key;
    }

    private ChildProcess Start(Dictionary<string, string?>? settings, params string[] arguments) =>
        LocalProcess.StartAlone(LocalProcess.BuildFolder, azurite.ConnectionString, "http://127.0.0.1:0", settings, arguments);
}
