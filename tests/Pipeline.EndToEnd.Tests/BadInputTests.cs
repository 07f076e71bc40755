using System.Net;
using System.Net.Sockets;
using Pipeline.Bot;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests;

/// <summary>What is wrong from the start ends the process with one line (what, value, remedy) and an exit code that says of what kind it is.</summary>
public sealed class BadInputTests(AzuriteFixture fixture) : IDisposable
{
    private const int WrongSetting = 78; // functions: sysexits EX_CONFIG
    private const int Unavailable = 69; // functions: sysexits EX_UNAVAILABLE
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Speech = RepositoryRoot.Combine("tests", "speech", "ada.opus");

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task File_that_is_cut_off_is_named_with_the_place()
    {
        byte[] whole = await File.ReadAllBytesAsync(Speech, TestContext.Current.CancellationToken);
        string file = folder.Combine("cut.opus");
        await File.WriteAllBytesAsync(file, whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);
        Assert.Contains("cut.opus", await ReplayAsync(ExitCode.Input, file), StringComparison.Ordinal);
    }

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
    public async Task File_that_is_not_there_is_named() => Assert.Contains("nowhere.opus", await ReplayAsync(ExitCode.Input, folder.Combine("nowhere.opus")), StringComparison.Ordinal);

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
    public async Task Storage_that_is_not_set_is_asked_for() => Assert.Contains("PipelineStorage", await ReplayAsync(ExitCode.Usage, Speech, ("PipelineStorage", null)), StringComparison.Ordinal);

    [Fact]
    public async Task Storage_that_does_not_answer_is_named()
    {
        int[] nobody = FreePort.Take(3);
        string line = await ReplayAsync(ExitCode.Storage, Speech, ("PipelineStorage", Azurite.ConnectionStringThrough(nobody[0], nobody[1], nobody[2])));
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
        Assert.Contains("taken", await ReplayAsync(ExitCode.Machine, Speech, ("RECORDING_SPOOL_FOLDER", folder.Combine("taken"))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Functions_name_a_port_that_is_taken()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        Assert.Contains($"{port}", await FunctionsAsync(Unavailable, ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RECORDING_ABANDON_AFTER", "soon")]
    [InlineData("PipelineStorage", null)]
    [InlineData("RecordingApi__BaseUrl", "nowhere")]
    public async Task Functions_name_a_wrong_setting(string name, string? value) => Assert.Contains(name, await FunctionsAsync(WrongSetting, (name, value)), StringComparison.Ordinal);

    private Task<string> ReplayAsync(int exitCode, string file, params (string Name, string? Value)[] settings) =>
        RunAsync("bot/Pipeline.Bot", ["replay", "--speaker", $"Ada={file}", "--speed", "100"], exitCode, [("RECORDING_SPOOL_FOLDER", folder.Combine("spool")), .. settings]);

    private Task<string> FunctionsAsync(int exitCode, params (string Name, string? Value)[] settings) =>
        RunAsync("functions/Pipeline.Functions", [], exitCode, [("ASPNETCORE_URLS", "http://127.0.0.1:0"), ("Functions__Key", FunctionsApp.Key), .. settings]);

    // The one line, after the process has ended with this code.
    private async Task<string> RunAsync(string project, string[] arguments, int exitCode, (string Name, string? Value)[] settings)
    {
        Dictionary<string, string?> environment = new() { ["PipelineStorage"] = fixture.Azurite.ConnectionStringOf(Azurite.NumberedAccount(20)) };
        foreach ((string name, string? value) in settings) environment[name] = value;
        await using ChildProcess process = BuiltProject.Start(project, arguments, environment);
        int code = await process.WaitForExitAsync(Patience);
        string[] lines = [.. process.Lines.Where(line => line.Length > 0)];
        Assert.True(code == exitCode, $"exit code {code} instead of {exitCode}: {string.Join('\n', lines)}");
        Assert.True(lines.Length == 1, string.Join('\n', lines));
        string said = lines[0];
        Console.WriteLine($"bad input: exit {code}: {said}");
        return said;
    }
}
