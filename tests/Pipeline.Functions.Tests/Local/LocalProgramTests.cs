using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Local;

/// <summary>The program from outside: arguments, settings, key, and what it says when it cannot start.</summary>
public sealed partial class LocalProgramTests(AzuriteFixture azurite)
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
    public async Task Settings_are_printed_beside_a_running_copy_and_nothing_is_made()
    {
        using TempFolder folder = new();
        using TcpListener running = new(IPAddress.Loopback, 0);
        running.Start();
        await using ChildProcess app = Start(new()
        {
            ["PROMETHEUS_ENDPOINT"] = $"http://127.0.0.1:{((IPEndPoint)running.LocalEndpoint).Port}",
            ["Functions__Key"] = null,
            ["Functions__KeyFile"] = folder.Combine("functions.key"),
            ["RENDER_FOLDER"] = folder.Combine("files"),
        }, "--settings");

        Assert.Equal(0, await app.WaitForExitAsync(Patience));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("127.0.0.2", "127.0.0.2", 59_301)]
    [InlineData("[::1]", "[::1]", 59_302)]
    [InlineData("0.0.0.0", "127.0.0.1", 59_303, Traits = ["Category", "Long"])]
    [InlineData("localhost", "127.0.0.1", 59_304, Traits = ["Category", "Long"])]
    public async Task Segment_is_moved_whatever_address_it_listens_on(string listens, string reached, int seed)
    {
        Session session = new(seed, (5, "Ada", 1));
        int port = FreePort.Take(1)[0];
        string storage = azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(4));
        await using App here = await App.StartAsync(storage);
        await here.Get<StorageSetup>().EnsureAsync(TestContext.Current.CancellationToken);
        await session.PutAllAsync(here.Storage);
        await here.Get<MessageQueues>().SendAsync(session.Segments[0], TimeSpan.Zero, TestContext.Current.CancellationToken);
        await using ChildProcess app = LocalProcess.StartAlone(LocalProcess.BuildFolder, storage, $"http://{listens}:{port}");
        await app.WaitForLineAsync(line => line.Contains($"{session.Id}", StringComparison.Ordinal)
            && line.Contains("Moved segment", StringComparison.Ordinal), Patience);
        using HttpClient http = new();
        http.DefaultRequestHeaders.Add("x-functions-key", App.Key);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri($"http://{reached}:{port}/api/recordings/{session.Id}"),
            TestContext.Current.CancellationToken)).StatusCode);

        // Nobody but the product speaks, and the host of where it listens.
        const string host = "Microsoft.Hosting.Lifetime";
        string[] speakers = [.. app.Lines.Select(line => Speaker().Match(line).Groups[1].Value).Where(name => name.Length > 0)];
        Assert.Contains(host, speakers);
        Assert.DoesNotContain(speakers, name => name != host && !name.StartsWith("Pipeline.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Key_is_made_where_none_is_set_and_stays_the_same()
    {
        using TempFolder folder = new();
        string file = folder.Combine("keys/functions.key");
        string first = await KeyAfterAsync(file);
        Assert.True(first.Length >= 32);
        if (OperatingSystem.IsWindows()) return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        // As a backup may have brought it back.
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Assert.Equal(first, await KeyAfterAsync(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
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
        // A machine without a free processor may be unhealthy; it says so to who has the key alone.
        Assert.Contains(
            (await http.GetAsync(new Uri($"api/health?code={key}", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode,
            (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable]);
        return key;
    }

    private ChildProcess Start(Dictionary<string, string?>? settings, params string[] arguments) =>
        LocalProcess.StartAlone(LocalProcess.BuildFolder, azurite.ConnectionString, "http://127.0.0.1:0", settings, arguments);

    [GeneratedRegex(@"^\S+Z [a-z]{4}: ([\w.]+)\[\d+\]")]
    private static partial Regex Speaker();
}
