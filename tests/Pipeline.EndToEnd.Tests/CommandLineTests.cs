using System.Net;
using System.Text.RegularExpressions;
using Pipeline.Bot.Cli;
using Pipeline.Contracts.Api;
using Pipeline.DiscordSimulator;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests;

/// <summary>The built bot's commands beside the built functions app: what they say, and their exit codes.</summary>
public sealed class CommandLineTests(AzuriteFixture fixture) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Speech = RepositoryRoot.Combine("tests", "speech", "ada.opus");

    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Doctor_finds_nothing_wrong_with_a_healthy_installation()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using FunctionsApp functions = await FunctionsApp.StartAsync(Storage);
        (int code, string said) = await RunAsync(["doctor"], At(discord, functions));
        Assert.True(code == ExitCode.Success, said);
        Assert.Contains("ok    recording API", said, StringComparison.Ordinal);
        Assert.Contains("ok    pages: answer at http://127.0.0.1:", said, StringComparison.Ordinal);
        Assert.Contains("DISCORD_TOKEN=set (environment), ", said, StringComparison.Ordinal);
        Assert.DoesNotContain("FAIL", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_says_that_links_lead_nowhere()
    {
        string nobody = $"http://127.0.0.1:{FreePort.Take(1)[0]}";
        await using Simulator discord = await Simulator.StartAsync();
        await using FunctionsApp functions = await FunctionsApp.StartAsync(Storage,
            new Dictionary<string, string?> { ["PUBLIC_BASE_URL"] = nobody });
        (int code, string said) = await RunAsync(["doctor"], At(discord, functions));
        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains("ok    recording API", said, StringComparison.Ordinal);
        Assert.Contains("FAIL  pages", said, StringComparison.Ordinal);
        Assert.Contains("PUBLIC_BASE_URL", said, StringComparison.Ordinal);
    }

    /// <summary>As in compose, where the functions have a container of their own.</summary>
    [Fact]
    public async Task Doctor_does_not_look_here_for_pages_that_open_on_another_machine_alone()
    {
        string theirs = $"http://127.0.0.1:{FreePort.Take(1)[0]}";
        await using Simulator discord = await Simulator.StartAsync();
        await using FunctionsApp functions = await FunctionsApp.StartAsync(Storage,
            new Dictionary<string, string?> { ["PUBLIC_BASE_URL"] = theirs, ["Functions__AllowedHosts"] = "functions" });
        (int code, string said) = await RunAsync(["doctor"], [.. At(discord, functions),
            ("RecordingApi__BaseUrl", "http://functions:7071"), ("RecordingApi__AllowHttp", "true"),
            // The name is known to compose alone: this leads it to the functions.
            ("http_proxy", functions.BaseUrl.AbsoluteUri), ("no_proxy", "127.0.0.1")]);
        Assert.True(code == ExitCode.Success, said);
        Assert.Contains($"ok    pages: open in browsers on the functions' machine alone ({theirs}); not tried", said,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_names_a_wrong_key_a_wrong_address_and_a_misspelt_setting()
    {
        await using Simulator discord = await Simulator.StartAsync();
        await using FunctionsApp functions = await FunctionsApp.StartAsync(Storage,
            new Dictionary<string, string?> { ["Functions__ReadKey"] = "a-key-that-reads-alone-for-one-test-run" });
        (int code, string said) = await RunAsync(["doctor"], [.. At(discord, functions), ("RecordingApi__ApiKey", "another")]);
        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains("FAIL  recording API: the recording API refuses the key (401): correct RecordingApi__ApiKey", said,
            StringComparison.Ordinal);

        (code, said) = await RunAsync(["doctor"],
            [.. At(discord, functions), ("RecordingApi__ApiKey", "a-key-that-reads-alone-for-one-test-run")]);
        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains("FAIL  recording API: the key may read lists, but not a server's settings", said, StringComparison.Ordinal);

        string nobody = $"http://127.0.0.1:{FreePort.Take(1)[0]}";
        (code, said) = await RunAsync(["doctor"], [.. At(discord, functions), ("RecordingApi__BaseUrl", nobody)]);
        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains("the recording API is not reachable: nobody listens there", said, StringComparison.Ordinal);

        (code, said) = await RunAsync(["doctor"], [.. At(discord, functions), ("RECORDING_CHANELS", "1")]);
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("FAIL  settings: RECORDING_CHANELS is not a setting; did you mean RECORDING_CHANNELS?", said,
            StringComparison.Ordinal);
        Assert.Contains("ok    recording API", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_says_at_once_that_the_recording_api_refuses_or_is_away()
    {
        await using FunctionsApp functions = await FunctionsApp.StartAsync(Storage);
        string[] replay = ["replay", "--speaker", $"Ada={Speech}", "--speed", "100", "--api"];
        (int code, string said) = await RunAsync([.. replay, functions.BaseUrl.ToString()], [("RecordingApi__ApiKey", "another")]);
        Assert.Equal((ExitCode.Storage, "the recording API refuses the key (401): correct RecordingApi__ApiKey"), (code, said));

        string nobody = $"http://127.0.0.1:{FreePort.Take(1)[0]}";
        (code, said) = await RunAsync([.. replay, nobody], [("RecordingApi__ApiKey", FunctionsApp.BotKey)]);
        Assert.Equal((ExitCode.Storage, "the recording API is not reachable: nobody listens there"), (code, said));

        (code, said) = await RunAsync([.. replay, "http://example.invalid"], []);
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("--api: 'http://example.invalid/'", said, StringComparison.Ordinal);

        (code, said) = await RunAsync([.. replay, functions.BaseUrl.ToString()], [("RecordingApi__ApiKey", FunctionsApp.BotKey)]);
        Assert.True(code == ExitCode.Success, said);
        Assert.Contains("finalized:", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_of_a_recording_that_was_deleted_since_says_so_and_the_call_can_be_recorded_once_more()
    {
        const ulong guild = 7_100_000_000_000_000_022;
        await using FunctionsApp functions = await FunctionsApp.StartAsync(Storage);
        string[] replay = ["replay", "--speaker", $"Ada={Speech}", "--speed", "100", "--guild", $"{guild}", "--api",
            functions.BaseUrl.ToString()];
        (string, string?)[] key = [("RecordingApi__ApiKey", FunctionsApp.BotKey)];
        (int code, string said) = await RunAsync([.. replay, "--continue"], key);
        Assert.True(code == ExitCode.Success, said);
        string first = Assert.Single(await functions.Api.ListAsync(guild)).Id;
        Uri deleted = new($"/api/recordings/{first}", UriKind.Relative);
        using (HttpResponseMessage deletion = await functions.Api.Http.DeleteAsync(deleted, TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.Accepted, deletion.StatusCode);

        (code, said) = await RunAsync([.. replay, "--continue"], key);
        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains($"recording {first} was deleted, so that it is not finalized and nothing of it comes back; the same call without "
            + "--continue is recorded once more", said, StringComparison.Ordinal);

        (code, said) = await RunAsync(replay, key);
        Assert.True(code == ExitCode.Success, said);
        Assert.NotEqual(first, Assert.Single(await functions.Api.ListAsync(guild)).Id);
    }

    [Fact]
    [Trait("Category", "Long")] // it is asked for a minute
    public async Task Replay_whose_recording_API_dies_says_so_and_the_same_call_finishes_what_it_left()
    {
        const ulong guild = 7_100_000_000_000_000_021;
        await using FunctionsApp functions = await FunctionsApp.StartAsync(Storage);
        string[] replay = ["replay", "--speaker", $"Ada={Speech}", "--repeat-for", "60s", "--speed", "10", "--continue", "--guild",
            $"{guild}", "--api", functions.BaseUrl.ToString()];
        (string, string?)[] key = [("RecordingApi__ApiKey", FunctionsApp.BotKey)];
        await using (ChildProcess bot = Start(replay, key))
        {
            await bot.WaitForLineAsync(line => Regex.IsMatch(line, "^ [2-9][0-9] %"), Patience);
            functions.Process.Kill();
            Assert.Equal(ExitCode.Storage, await bot.WaitForExitAsync(Patience));
            const string away = "the recording API is not reachable: nobody listens there";
            Assert.Contains($"{away}; it is asked for a minute longer", bot.Lines);
            Assert.Contains($"the recording is not finalized: {away}. What was recorded is stored, and the functions finalize it when "
                + "they run; the same call with --continue waits for that", bot.Lines);
            Assert.Contains(bot.Lines, line => line.Contains(" Stopped: ", StringComparison.Ordinal)
                && line.Contains("spool 0 files", StringComparison.Ordinal));
        }

        await functions.KillAndRestartAsync();
        (int code, string said) = await RunAsync(replay, key);

        Assert.True(code == ExitCode.Success, said);
        Assert.Matches("finalized: [1-9][0-9]* segments, 0 missing", said);
        RecordingSummary recording = Assert.Single(await functions.Api.ListAsync(guild));
        Assert.Equal((RecordingStatus.Completed, 0), (recording.Status, recording.MissingSegmentCount));
        Assert.InRange(recording.Duration!.Value, 59_900, 62_000);
    }

    [Fact]
    public async Task Settings_in_force_are_printed_with_their_sources_and_without_secrets()
    {
        await File.WriteAllTextAsync(folder.Combine("appsettings.json"), """{ "RECORDING_MAX_DURATION": "90m", "RECORDING_CHANNELS": 1 }""", TestContext.Current.CancellationToken);
        (int code, string said) = await RunAsync(["settings"],
            [("DISCORD_TOKEN", "abc.def"), ("RECORDING_CHANNELS", "2"), ("RECORDING_CHANELS", "1")]);
        Assert.True(code == ExitCode.Success, said);
        string[] lines = said.Split('\n');
        Assert.Contains(lines, line =>
            line.StartsWith("DISCORD_TOKEN ", StringComparison.Ordinal) && line.Contains("set", StringComparison.Ordinal)
            && line.EndsWith("environment", StringComparison.Ordinal));
        Assert.Contains(lines, line =>
            line.StartsWith("RECORDING_CHANNELS ", StringComparison.Ordinal) && line.Contains(" 2 ", StringComparison.Ordinal)
            && line.EndsWith("environment", StringComparison.Ordinal));
        Assert.Contains(lines, line =>
            line.StartsWith("RECORDING_MAX_DURATION ", StringComparison.Ordinal) && line.Contains("90 min", StringComparison.Ordinal)
            && line.EndsWith("appsettings.json", StringComparison.Ordinal));
        Assert.Contains(lines, line =>
            line.StartsWith("RECORDING_EMPTY_TIMEOUT ", StringComparison.Ordinal) && line.EndsWith("default", StringComparison.Ordinal));
        Assert.Contains("RECORDING_CHANELS is not a setting; did you mean RECORDING_CHANNELS?", lines);
        Assert.DoesNotContain("abc.def", said, StringComparison.Ordinal);
        (code, said) = await RunAsync(["settings"], [("DISCORD_TOKEN", "abc"), ("RECORDING_CHANNELS", "7")]);
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("RECORDING_CHANNELS: '7' is not allowed", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_lies_in_the_spool_is_for_the_bots_user_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has other rights");
        string spool = folder.Combine("spool"), earlier = Path.Combine(spool, "kept", "earlier.wav");
        Directory.CreateDirectory(Path.GetDirectoryName(earlier)!);
        await File.WriteAllTextAsync(earlier, "", TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(earlier, (UnixFileMode)0b110_100_100);
        (int code, string said) = await RunAsync(["replay", "--speaker", $"Ada={Speech}", "--speed", "100"],
            [("RECORDING_KEEP_LOCAL_AFTER_UPLOAD", "true")]);
        Assert.True(code == ExitCode.Success, said);
        string[] entries = [spool, .. Directory.GetFileSystemEntries(spool, "*", SearchOption.AllDirectories)];
        Assert.Contains(entries, entry => entry.EndsWith(".wav", StringComparison.Ordinal) && entry != earlier);
        Assert.All(entries, entry => Assert.Equal((0, entry), (RightsOfOthers(entry), entry)));
    }

    [Fact]
    public async Task Spool_folder_that_is_deleted_while_it_runs_does_not_end_the_process()
    {
        string spool = folder.Combine("spool");
        await using ChildProcess bot = Start(["replay", "--speaker", $"Ada={Speech}", "--repeat-for", "60s", "--speed", "10"], []);
        await UntilAsync(() => Directory.Exists(spool) && Directory.EnumerateFiles(spool, "*.open.wav", SearchOption.AllDirectories).Any());
        // In one step: the bot goes on writing.
        Directory.Move(spool, folder.Combine("gone"));
        Assert.True(await bot.WaitForExitAsync(Patience) == ExitCode.Success, string.Join('\n', bot.Lines));
        Assert.Contains(bot.Lines, line => line.Contains("was deleted while the bot ran", StringComparison.Ordinal));
        Assert.DoesNotContain(bot.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Storage_that_does_not_know_the_protocol_is_told_so()
    {
        using HttpListener old = new();
        int port = FreePort.Take(1)[0];
        old.Prefixes.Add($"http://127.0.0.1:{port}/");
        old.Start();
        Task serving = RefuseVersionAsync(old);
        (int code, string said) = await RunAsync(["replay", "--speaker", $"Ada={Speech}"],
            [("PipelineStorage", Azurite.ConnectionStringThrough(port, port, port))]);
        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains("--skipApiVersionCheck", said, StringComparison.Ordinal);
        Assert.EndsWith("; check PipelineStorage", said, StringComparison.Ordinal);
        old.Close();
        await serving;
    }

    private string Storage => fixture.Azurite.ConnectionStringOf(Azurite.NumberedAccount(21));

    // Of the group and of everybody else.
    private static int RightsOfOthers(string entry) => OperatingSystem.IsWindows() ? 0 : (int)File.GetUnixFileMode(entry) & 0b000_111_111;

    private static async Task RefuseVersionAsync(HttpListener listener)
    {
        try
        {
            while (true)
            {
                using HttpListenerResponse response = (await listener.GetContextAsync()).Response;
                response.StatusCode = 400;
                response.Headers["x-ms-error-code"] = "InvalidHeaderValue";
            }
        }
        catch (Exception stopped) when (stopped is HttpListenerException or ObjectDisposedException)
        {
            return;
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource limit = new(Patience);
        while (!condition()) await Task.Delay(20, limit.Token);
    }

    private static (string Name, string? Value)[] At(Simulator discord, FunctionsApp functions) =>
    [
        ("DISCORD_TOKEN", discord.Bot.Token), ("DISCORD_API_BASE", discord.ApiBaseUrl),
            ("DISCORD_CA_FILE", discord.CertificateAuthorityFile),
        ("RecordingApi__BaseUrl", functions.BaseUrl.ToString()), ("RecordingApi__ApiKey", FunctionsApp.BotKey),
    ];

    private ChildProcess Start(string[] arguments, (string Name, string? Value)[] settings)
    {
        Dictionary<string, string?> environment = new()
        {
            ["PipelineStorage"] = Storage,
            ["RECORDING_SPOOL_FOLDER"] = folder.Combine("spool"),
            ["RECORDING_MIN_FREE_DISK_MB"] = "0",
        };
        foreach ((string name, string? value) in settings) environment[name] = value;
        return ChildProcess.Start("dotnet", [BuiltProject.Assembly("bot/Pipeline.Bot"), .. arguments], environment, folder.Path);
    }

    private async Task<(int Code, string Said)> RunAsync(string[] arguments, (string Name, string? Value)[] settings)
    {
        await using ChildProcess process = Start(arguments, settings);
        int code = await process.WaitForExitAsync(Patience);
        return (code, string.Join('\n', process.Lines.Where(line => line.Length > 0)));
    }
}
