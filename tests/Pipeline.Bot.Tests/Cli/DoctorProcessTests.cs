using Pipeline.Bot.Cli;
using Pipeline.DiscordSimulator;
using Pipeline.DiscordSimulator.Faults;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Bot.Tests.Cli;

/// <summary>The built bot's doctor: for each thing that is wrong its line with the value, the remedy below it, and the exit code.</summary>
public sealed class DoctorProcessTests(AzuriteFixture azurite) : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("application/json", """{"hello":"world"}""")]
    [InlineData("application/json", """{"recordings":{"count":3}}""")]
    [InlineData("application/json", "[1,2]")]
    [InlineData("text/html", "<!DOCTYPE html><html></html>")]
    public async Task Service_that_answers_something_else_is_named_with_its_address(string type, string body)
    {
        await using Simulator discord = await Simulator.StartAsync();
        using ScriptedPeer other = new(
            $"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
        (int code, string[] said) = await RunAsync(discord, ("RecordingApi__BaseUrl", other.Address.AbsoluteUri));
        Demand(ExitCode.Storage, code, said,
            $"FAIL  recording API: what answers at {other.Address} is no recording API: its list of recordings cannot be read",
            "start the functions app, or correct RecordingApi__BaseUrl and RecordingApi__ApiKey");
    }

    [Theory]
    [InlineData("file", "something else of that name is there")]
    [InlineData("file/spool", "there is no such folder")]
    public async Task Spool_folder_that_cannot_be_made_is_named(string path, string cause)
    {
        await using Simulator discord = await Simulator.StartAsync();
        string file = folder.Combine("file"), spool = folder.Combine(path);
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        (int code, string[] said) = await RunAsync(discord, ("RECORDING_SPOOL_FOLDER", spool));
        Demand(ExitCode.Machine, code, said, $"FAIL  spool: {spool}: {cause}",
            "give the bot a folder that it may write, in RECORDING_SPOOL_FOLDER");
    }

    [Fact]
    public async Task Spool_folder_that_the_bot_may_not_write_is_named()
    {
        await using Simulator discord = await Simulator.StartAsync();
        string spool = folder.Combine("spool");
        Directory.CreateDirectory(spool);
        using Guilds.LockedFolder locked = new(spool);
        Assert.SkipUnless(locked.IsLocked, "no folder can be closed to this user here");
        (int code, string[] said) = await RunAsync(discord);
        Demand(ExitCode.Machine, code, said, $"FAIL  spool: {spool}: the bot has no permission for it",
            "give the bot a folder that it may write, in RECORDING_SPOOL_FOLDER");
    }

    /// <summary>What the loader finds first is no library, as where none is installed.</summary>
    [Theory]
    [InlineData("libopus", ExitCode.Machine)]
    [InlineData("auto", ExitCode.Success)]
    public async Task Libopus_that_is_not_there_is_a_fault_only_where_it_was_asked_for(string choice, int expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the loader of another system looks elsewhere");
        await using Simulator discord = await Simulator.StartAsync();
        foreach (string name in new[] { "libopus.so.0", "libopus.so" }) await File.WriteAllTextAsync(folder.Combine(name), "no library",
            TestContext.Current.CancellationToken);
        (int code, string[] said) = await RunAsync(discord, ("LD_LIBRARY_PATH", folder.Path), ("RECORDING_OPUS", choice));
        if (expected == ExitCode.Success)
        {
            Assert.True(code == ExitCode.Success, string.Join('\n', said));
            Assert.Contains(said, line => line.StartsWith("ok    Opus: Concentus", StringComparison.Ordinal)
                && line.Contains("libopus is not installed", StringComparison.Ordinal));
            return;
        }
        Demand(expected, code, said, "FAIL  Opus: libopus was not found (tried libopus.so.0, libopus.0.dylib, libopus.dylib, opus.dll, "
            + "libopus-0.dll, opus). Install it: 'apt-get install libopus0' on Debian or Ubuntu, 'apk add opus' on Alpine, "
            + "'brew install opus' on macOS, or put opus.dll beside the program on Windows.",
            "install it, or set RECORDING_OPUS=auto to record without it");
    }

    [Theory]
    [InlineData(-7)]
    [InlineData(7)]
    public async Task Clock_that_is_minutes_wrong_is_told_with_by_how_much(int minutes)
    {
        await using Simulator discord = await Simulator.StartAsync();
        discord.Faults.Add(new WrongDate(TimeSpan.FromMinutes(minutes)));
        (int code, string[] said) = await RunAsync(discord);
        string line = Assert.Single(said, line => line.StartsWith("FAIL", StringComparison.Ordinal));
        // The header has whole seconds, and the answer is under way for a moment.
        Assert.Matches("^FAIL  clock: differs from Discord's by (4(19|2[0-9])) s$", line);
        Demand(ExitCode.Machine, code, said, line, "set this machine's clock by NTP (timedatectl set-ntp true)");
    }

    /// <summary>The one thing that is wrong, and what to do about it.</summary>
    private static void Demand(int expected, int code, string[] said, string line, string remedy)
    {
        Assert.Equal([line], said.Where(one => one.StartsWith("FAIL", StringComparison.Ordinal)));
        Assert.Equal("      -> " + remedy, said[Array.IndexOf(said, line) + 1]);
        Assert.Equal(expected, code);
    }

    private async Task<(int Code, string[] Said)> RunAsync(Simulator discord, params (string Name, string Value)[] settings)
    {
        Dictionary<string, string?> environment = new()
        {
            ["DISCORD_TOKEN"] = discord.Bot.Token,
            ["DISCORD_API_BASE"] = discord.ApiBaseUrl,
            ["PipelineStorage"] = azurite.ConnectionString,
            ["RECORDING_SPOOL_FOLDER"] = folder.Combine("spool"),
            ["RECORDING_MIN_FREE_DISK_MB"] = "0",
        };
        foreach ((string name, string value) in settings) environment[name] = value;
        await using ChildProcess doctor = BuiltProject.StartBot(["doctor"], environment);
        int code = await doctor.WaitForExitAsync(TimeSpan.FromMinutes(2));
        return (code, [.. doctor.Lines]);
    }
}
