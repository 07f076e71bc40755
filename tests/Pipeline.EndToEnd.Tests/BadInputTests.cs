using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Pipeline.Bot.Cli;
using Pipeline.Bot.Cli.Settings;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests;

/// <summary>
/// What is wrong from the start ends the process with one line (what, value, remedy) and an exit code that says of what kind it is.
/// </summary>
public sealed class BadInputTests(AzuriteFixture fixture) : IDisposable
{
    private const int WrongSetting = 2;
    private const int Unavailable = 69; // functions: sysexits EX_UNAVAILABLE
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Speech = RepositoryRoot.Combine("tests", "speech", "ada.opus");

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("empty.opus", "")]
    [InlineData("letter.opus", "Dear Sir or Madam")]
    public async Task File_without_audio_is_named(string name, string content)
    {
        string file = folder.Combine(name);
        await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
        Assert.Contains(name, await ReplayAsync(ExitCode.Input, file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_that_is_not_there_is_named() =>
        Assert.Contains("nowhere.opus", await ReplayAsync(ExitCode.Input, folder.Combine("nowhere.opus")), StringComparison.Ordinal);

    [Theory]
    [InlineData("RECORDING_MAX_SEGMENT_DURATION", "soon")]
    [InlineData("RECORDING_CHANNELS", "3")]
    [InlineData("RECORDING_SPOOL_LIMIT_MB", "-1")]
    [InlineData("SHUTDOWN_GRACE", "1e9")]
    public async Task Wrong_setting_is_named_with_its_value_and_range(string name, string value)
    {
        string line = await ReplayAsync(ExitCode.Usage, Speech, (name, value));
        Assert.Contains(name, line, StringComparison.Ordinal);
        Assert.Contains(value, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Storage_that_is_not_set_is_asked_for() =>
        Assert.Contains("PipelineStorage", await ReplayAsync(ExitCode.Usage, Speech, ("PipelineStorage", null)), StringComparison.Ordinal);

    [Fact]
    public async Task Storage_that_does_not_answer_is_named()
    {
        int[] nobody = FreePort.Take(3);
        string line = await ReplayAsync(ExitCode.Storage, Speech,
            ("PipelineStorage", Azurite.ConnectionStringThrough(nobody[0], nobody[1], nobody[2])));
        Assert.Contains("PipelineStorage", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Spool_folder_that_is_a_file_or_taken_is_named()
    {
        string file = folder.Combine("file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        Assert.Contains(file, await ReplayAsync(ExitCode.Machine, Speech, ("RECORDING_SPOOL_FOLDER", file)), StringComparison.Ordinal);

        Directory.CreateDirectory(folder.Combine("taken"));
        await using FileStream held = new(folder.Combine("taken", "bot.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        Assert.Contains("taken", await ReplayAsync(ExitCode.Machine, Speech, ("RECORDING_SPOOL_FOLDER", folder.Combine("taken"))),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RECORDING_SPOOL_FOLDER", "/sys")]
    [InlineData("RECORDING_SPOOL_FOLDER", "/proc/spool")]
    public async Task Spool_folder_that_takes_no_files_is_named_with_the_setting(string name, string value)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc and /sys");
        string line = await ReplayAsync(ExitCode.Machine, Speech, (name, value));
        Assert.Contains(name, line, StringComparison.Ordinal);
        Assert.Contains(value, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("run")]
    public async Task Absent_libopus_is_named_with_what_installs_it_where_nothing_else_is_allowed(string command)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "hides the library as the Linux loader finds it");
        await HideLibopusAsync();
        string[] arguments = command == "run" ? ["run"] : ["replay", "--speaker", $"Ada={Speech}"];
        string line = await RunAsync("bot/Pipeline.Bot", arguments, ExitCode.Machine,
            [.. BotSettings(), ("RECORDING_OPUS", "libopus"), ("LD_LIBRARY_PATH", folder.Path)]);
        Assert.Contains("libopus0", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Absent_libopus_is_told_once_and_the_recording_is_made()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "hides the library as the Linux loader finds it");
        await HideLibopusAsync();
        Dictionary<string, string?> environment = new()
        {
            ["PipelineStorage"] = fixture.Azurite.ConnectionStringOf(Azurite.NumberedAccount(20)),
            ["RECORDING_SPOOL_FOLDER"] = folder.Combine("spool"),
            ["LD_LIBRARY_PATH"] = folder.Path,
        };
        string summary = folder.Combine("summary.json");
        await using ChildProcess process = ChildProcess.Start(
            "dotnet", [BuiltProject.Assembly("bot/Pipeline.Bot"), "replay", "--speaker", $"Ada={Speech}", "--speed", "100", "--json",
                summary], environment);
        Assert.Equal(ExitCode.Success, await process.WaitForExitAsync(Patience));
        string told = Assert.Single(process.Lines, line => line.Contains("Concentus", StringComparison.Ordinal));
        Assert.Contains("libopus is not installed", told, StringComparison.Ordinal);
        using JsonDocument written = JsonDocument.Parse(await File.ReadAllTextAsync(summary, TestContext.Current.CancellationToken));
        Assert.NotEqual(0, written.RootElement.GetProperty("segmentsUploaded").GetInt32());
    }

    [Theory]
    [InlineData("HEALTH_ENDPOINT")]
    [InlineData("PROMETHEUS_ENDPOINT")]
    public async Task Bot_names_a_port_that_is_taken(string setting)
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        string address = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        string line = await RunAsync("bot/Pipeline.Bot", ["run"], ExitCode.Machine, [.. BotSettings(), (setting, address)]);
        Assert.Contains(setting, line, StringComparison.Ordinal);
        Assert.Contains(address, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DISCORD_TOKEN", null)]
    [InlineData("DISCORD_SHARD", "4/2")]
    [InlineData("DISCORD_GUILD_ID", "my server")]
    [InlineData("DISCORD_API_BASE", "discord.com")]
    [InlineData("DISCORD_CA_FILE", "/nowhere.pem")]
    [InlineData("RecordingApi__BaseUrl", "nowhere")]
    [InlineData("RECORDING_EMPTY_TIMEOUT", "never")]
    [InlineData("HEALTH_ENDPOINT", "8080")]
    [InlineData("HEALTH_ENDPOINT", "http://127.0.0.1:8080/healthz")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector")]
    [InlineData("PROMETHEUS_ENDPOINT", "9464")]
    [InlineData("PROMETHEUS_ENDPOINT", "http://127.0.0.1:9464/metrics")]
    [InlineData("RECORDING_OUTPUT_FORMAT", "mp3")]
    public async Task Wrong_setting_of_the_running_bot_is_named(string name, string? value)
    {
        string line = await RunAsync("bot/Pipeline.Bot", ["run"], ExitCode.Usage, [.. BotSettings(), (name, value)]);
        Assert.Contains(name, line, StringComparison.Ordinal);
        Assert.Contains(value ?? "not set", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shortest_segment_that_is_longer_than_the_longest_is_named()
    {
        string line = await RunAsync("bot/Pipeline.Bot", ["run"], ExitCode.Usage, [.. BotSettings(),
            ("RECORDING_MIN_SEGMENT_DURATION", "10s"), ("RECORDING_MAX_SEGMENT_DURATION", "1s")]);
        Assert.Contains("RECORDING_MIN_SEGMENT_DURATION", line, StringComparison.Ordinal);
        Assert.Contains("at most RECORDING_MAX_SEGMENT_DURATION", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expected one of run, doctor, replay, health, settings", "")]
    [InlineData("'record' is no command, expected one of run", "record now")]
    [InlineData("'--fast'", "run --fast")]
    [InlineData("--speaker", "replay")]
    [InlineData("--seed: 'soon'", "replay --speaker Ada=a.opus --seed soon")]
    [InlineData("--json: the folder of '/nowhere/summary.json'", "replay --speaker Ada=a.opus --json /nowhere/summary.json")]
    [InlineData("--channel: 'Table'", "doctor --channel Table")]
    public async Task Wrong_command_line_is_told_in_one_line(string expected, string arguments)
    {
        string line = await RunAsync("bot/Pipeline.Bot", arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), ExitCode.Usage,
            [.. BotSettings()]);
        Assert.Contains(expected, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_file_that_is_no_json_is_named()
    {
        await File.WriteAllTextAsync(folder.Combine("appsettings.json"), "{ \"RECORDING_CHANNELS\": ",
            TestContext.Current.CancellationToken);
        string line = await RunAsync("bot/Pipeline.Bot", ["run"], ExitCode.Usage, [.. BotSettings()], folder.Path);
        Assert.StartsWith(folder.Combine("appsettings.json") + ": ", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Functions_name_a_port_that_is_taken()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        Assert.Contains("PROMETHEUS_ENDPOINT",
            await FunctionsAsync(Unavailable, ("PipelineStorage", "UseDevelopmentStorage=true"),
            ("PROMETHEUS_ENDPOINT", $"http://127.0.0.1:{port}")), StringComparison.Ordinal);
        Assert.Contains($"{port}", await FunctionsAsync(Unavailable, ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}")),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RECORDING_ABANDON_AFTER", "soon")]
    [InlineData("PipelineStorage", null)]
    [InlineData("RecordingApi__BaseUrl", "nowhere")]
    [InlineData("RecordingApi__ApiKeyHeader", "x key")]
    [InlineData("PROMETHEUS_ENDPOINT", "https://127.0.0.1:9464")]
    [InlineData("PROMETHEUS_ENDPOINT", "http://127.0.0.1:9464/metrics")]
    public async Task Functions_name_a_wrong_setting(string name, string? value) =>
        Assert.Contains(name, await FunctionsAsync(WrongSetting, ("PipelineStorage", "UseDevelopmentStorage=true"), (name, value)),
            StringComparison.Ordinal);

    // The loader takes the first file of the name and asks no further when it is none.
    private async Task HideLibopusAsync()
    {
        foreach (string name in new[] { "libopus.so.0", "libopus.so", "opus.so", "libopus" })
            await File.WriteAllTextAsync(folder.Combine(name), "none", TestContext.Current.CancellationToken);
    }

    private (string Name, string? Value)[] BotSettings() =>
        [("RECORDING_SPOOL_FOLDER", folder.Combine("spool")), ("DISCORD_TOKEN", "a.token"), ("DISCORD_API_BASE", "http://127.0.0.1:9/api")];

    private Task<string> ReplayAsync(int exitCode, string file, params (string Name, string? Value)[] settings) =>
        RunAsync("bot/Pipeline.Bot", ["replay", "--speaker", $"Ada={file}", "--speed", "100"], exitCode,
            [("RECORDING_SPOOL_FOLDER", folder.Combine("spool")), .. settings]);

    private Task<string> FunctionsAsync(int exitCode, params (string Name, string? Value)[] settings) =>
        RunAsync("functions/Pipeline.Functions.Local", [], exitCode,
            [("ASPNETCORE_URLS", "http://127.0.0.1:0"), ("Functions__Key", FunctionsApp.Key), .. settings]);

    // The one line, after the process has ended with this code.
    private async Task<string> RunAsync(string project, string[] arguments, int exitCode, (string Name, string? Value)[] settings,
        string? workingDirectory = null)
    {
        Dictionary<string,
            string?> environment = new() { ["PipelineStorage"] = fixture.Azurite.ConnectionStringOf(Azurite.NumberedAccount(20)) };
        foreach ((string name, string? value) in settings) environment[name] = value;
        await using ChildProcess process = ChildProcess.Start("dotnet", [BuiltProject.Assembly(project), .. arguments], environment,
            workingDirectory);
        int code = await process.WaitForExitAsync(Patience);
        string[] lines = [.. process.Lines.Where(line => line.Length > 0)];
        Assert.True(code == exitCode, $"exit code {code} instead of {exitCode}: {string.Join('\n', lines)}");
        Assert.True(lines.Length == 1, string.Join('\n', lines));
        string said = lines[0];
        Console.WriteLine($"bad input: exit {code}: {said}");
        return said;
    }
}
