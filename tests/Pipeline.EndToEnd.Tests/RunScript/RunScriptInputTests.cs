using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Pipeline.DiscordSimulator;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests.RunScript;

/// <summary>What <c>infra/run.sh</c> says when it cannot start: the thing, the remedy, and the exit code that its help documents.</summary>
public sealed class RunScriptInputTests
{
    [Theory]
    [InlineData(2, "unknown argument '--colour'", "--colour")]
    [InlineData(2, "--port is '70000', expected a number from 1 to 65535", "--port", "70000")]
    [InlineData(2, "--port needs a value", "--port")]
    [InlineData(2, "--public-url (or PUBLIC_BASE_URL) is 'http://rec.example.org', expected an https address without a path",
        "--public-url", "http://rec.example.org")]
    [InlineData(2, "--public-url (or PUBLIC_BASE_URL) is 'https://rec.example.org/here', expected an https address without a path",
        "--public-url", "https://rec.example.org/here")]
    public async Task Wrong_argument_is_named(int exitCode, string said, params string[] arguments)
    {
        using TempFolder folder = new();
        await using RunScript run = RunScript.Start(folder.Combine("data"), FreePort.Take(1)[0], more: arguments);
        Assert.Equal(exitCode, await run.EndAsync());
        Assert.Contains(said, run.Said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Combine("data")), "it left a folder behind");
    }

    [Theory]
    [InlineData("http://127.0.0.1evil.example")]
    [InlineData("http://localhost.evil.example")]
    [InlineData("https://")]
    [InlineData("https://two words")]
    public async Task Public_address_that_only_looks_like_one_is_named(string address)
    {
        using TempFolder folder = new();
        await using RunScript run = RunScript.Start(folder.Combine("data"), FreePort.Take(1)[0], more: ["--public-url", address]);
        Assert.Equal(2, await run.EndAsync());
        Assert.Contains($"is '{address}', expected an https address", run.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_without_anything_to_look_at_says_what_comes_first()
    {
        using TempFolder folder = new();
        await using RunScript run = RunScript.Start(folder.Combine("data"), FreePort.Take(1)[0], more: ["doctor"]);
        Assert.Equal(5, await run.EndAsync());
        Assert.Contains("start infra/run.sh first", run.Said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Combine("data")), "it left a folder behind");
    }

    [Fact]
    public async Task Doctor_figures_and_keys_are_there_beside_a_running_copy()
    {
        using TempFolder folder = new();
        string data = folder.Combine("data");
        int metrics = FreePort.Take(1)[0];
        Dictionary<string, string?> settings = new()
        {
            ["PROMETHEUS_ENDPOINT"] = $"http://127.0.0.1:{metrics}",
            ["RecordingApi__ApiKey"] = "of another installation",
        };
        await using Simulator discord = await Simulator.StartAsync(new SimulatorOptions { Seed = 11 });
        await using RunScript run = RunScript.Start(data, FreePort.Take(1)[0], discord, settings: settings);
        await run.SaysAsync("RecordingApi__ApiKey is set and not used");
        await run.SaysAsync("run: Ctrl+C ends it");
        await Simulator.WaitUntilAsync(() => discord.HasCommand("record"), TimeSpan.FromMinutes(1));
        using HttpClient http = new();
        foreach (int port in new[] { metrics, metrics + 1 })
        {
            Assert.Contains("target_info", await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"),
                TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        Assert.Matches("^[A-Za-z0-9_-]{43}$", await File.ReadAllTextAsync(Path.Combine(data, "api.key"),
            TestContext.Current.CancellationToken));

        await using (RunScript doctor = RunScript.Start(data, run.Port, discord, more: ["doctor"]))
        {
            Assert.True(await doctor.EndAsync() == 0, doctor.Said);
            Assert.Contains("ok    storage", doctor.Said, StringComparison.Ordinal);
            Assert.Contains("ok    recording API", doctor.Said, StringComparison.Ordinal);
        }
        Assert.Equal(0, await run.InterruptAsync());
    }

    [Fact]
    public async Task Port_that_the_bot_does_not_get_ends_it()
    {
        using TempFolder folder = new();
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using RunScript run = RunScript.Start(folder.Combine("data"), FreePort.Take(1)[0],
            settings: new Dictionary<string, string?> { ["HEALTH_ENDPOINT"] = $"http://127.0.0.1:{port}" });
        Assert.Equal(5, await run.EndAsync());
        Assert.Contains("the bot lacks something on this machine", run.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("starting it again", run.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_that_no_request_can_carry_is_named()
    {
        const string token = "\u201cMTIz.x.y\u201d"; // pasted out of a text with its quotes
        using TempFolder folder = new();
        await using RunScript run = RunScript.Start(folder.Combine("data"), FreePort.Take(1)[0], token: token);
        Assert.Equal(2, await run.EndAsync());
        Assert.Contains("DISCORD_TOKEN", run.Said, StringComparison.Ordinal);
        Assert.Contains("the bot has a wrong setting", run.Said, StringComparison.Ordinal);
        Assert.DoesNotContain(token, run.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_token_is_named()
    {
        using TempFolder folder = new();
        await using RunScript run = RunScript.Start(folder.Combine("data"), FreePort.Take(1)[0], token: "");
        Assert.Equal(2, await run.EndAsync());
        Assert.Contains("DISCORD_TOKEN is not set: create an application at https://discord.com/developers", run.Said,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Taken_port_is_named()
    {
        using TempFolder folder = new();
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using RunScript run = RunScript.Start(folder.Combine("data"), port);
        Assert.Equal(5, await run.EndAsync());
        Assert.Contains($"port {port} is taken: end what listens there, or give --port another", run.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folder_that_cannot_be_written_is_named()
    {
        using TempFolder folder = new();
        await File.WriteAllTextAsync(folder.Combine("data"), "a file", TestContext.Current.CancellationToken);
        await using RunScript run = RunScript.Start(folder.Combine("data"), FreePort.Take(1)[0]);
        Assert.Equal(5, await run.EndAsync());
        Assert.Contains($"cannot write into {folder.Combine("data")}", run.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_token_and_a_second_copy_are_named()
    {
        using TempFolder folder = new();
        string data = folder.Combine("data");
        await using Simulator discord = await Simulator.StartAsync();
        await using (RunScript refused = RunScript.Start(data, FreePort.Take(1)[0], discord, token: "MTIz.wrong.token"))
        {
            Assert.Equal(7, await refused.EndAsync());
            Assert.Contains("Discord refuses the bot", refused.Said, StringComparison.Ordinal);
            Assert.Contains("Reset Token", refused.Said, StringComparison.Ordinal);
            Assert.DoesNotContain("wrong.token", refused.Said, StringComparison.Ordinal);
        }
        await using RunScript first = RunScript.Start(data, FreePort.Take(1)[0], discord);
        await first.SaysAsync("run: Ctrl+C ends it");
        await using (RunScript second = RunScript.Start(data, FreePort.Take(1)[0], discord))
        {
            Assert.Equal(5, await second.EndAsync());
            Assert.Contains($"another run.sh uses {data}", second.Said, StringComparison.Ordinal);
        }
        int left = first.ProcessId("functions");
        first.KillScript();
        await using RunScript third = RunScript.Start(data, first.Port, discord);
        await third.SaysAsync($"ending the functions that an earlier run.sh left behind (process {left})");
        await third.SaysAsync("run: Ctrl+C ends it");
        Assert.Equal(0, await third.InterruptAsync());
    }

    /// <summary>Whatever is just being started: it ends, and what was started with it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("Category", "Long")]
    public async Task Signal_at_any_moment_of_a_start_ends_it(int seed)
    {
        using TempFolder folder = new();
        await using Simulator discord = await Simulator.StartAsync();
        Random random = new(seed);
        for (int start = 0; start < 8; start++)
        {
            await using RunScript run = RunScript.Start(folder.Combine("data"), FreePort.Take(1)[0], discord);
            await run.SaysAsync("run: Ctrl+C ends it");
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 8) * random.Next(0, 300)), TestContext.Current.CancellationToken);
            Assert.Equal(0, await run.InterruptAsync());
        }
    }

    /// <summary>A compiler goes on for minutes behind a build, and must not hold what only this script may hold.</summary>
    [Fact]
    [Trait("Category", "Long")]
    public async Task What_a_build_leaves_running_is_no_second_copy()
    {
        using TempFolder folder = new();
        string data = folder.Combine("data"), left = folder.Combine("left");
        Directory.CreateDirectory(folder.Combine("bin"));
        string real = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(place => Path.Combine(place, "dotnet"))
            .First(File.Exists);
        await File.WriteAllTextAsync(folder.Combine("bin", "dotnet"), $$"""
            #!/usr/bin/env bash
            [ "$1" = build ] || exec "{{real}}" "$@"
            sleep 600 >/dev/null 2>&1 & echo $! >>"{{left}}"
            """, TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder.Combine("bin", "dotnet"), (UnixFileMode)0b111_000_000);
        Dictionary<string, string?> settings = new()
        {
            ["PATH"] = $"{folder.Combine("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
        };
        try
        {
            await using Simulator discord = await Simulator.StartAsync();
            for (int start = 0; start < 2; start++)
            {
                await using RunScript refused = RunScript.Start(data, FreePort.Take(1)[0], discord, token: "MTIz.wrong.token",
                    settings: settings, builds: true);
                int exitCode = await refused.EndAsync();
                Assert.True(exitCode == 7, refused.Said);
            }
            Assert.Equal(4, (await File.ReadAllLinesAsync(left, TestContext.Current.CancellationToken)).Length);
        }
        finally
        {
            foreach (string process in File.Exists(left) ? File.ReadAllLines(left) : [])
                RunScript.End(int.Parse(process, CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task Functions_figures_that_find_their_port_taken_end_it_as_a_machine_does()
    {
        using TempFolder folder = new();
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int taken = ((IPEndPoint)other.LocalEndpoint).Port;
        await using Simulator discord = await Simulator.StartAsync();
        await using RunScript run = RunScript.Start(folder.Combine("data"), FreePort.Take(1)[0], discord,
            settings: new Dictionary<string, string?> { ["PROMETHEUS_ENDPOINT"] = $"http://127.0.0.1:{taken - 1}" });
        Assert.Equal(5, await run.EndAsync());
        Assert.Contains($"PROMETHEUS_ENDPOINT: 'http://127.0.0.1:{taken}' cannot be listened on: another program", run.Said,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_is_the_head_of_the_script()
    {
        await using ChildProcess help = ChildProcess.Start("bash", [RepositoryRoot.Combine("infra", "run.sh"), "--help"]);
        Assert.Equal(0, await help.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        string said = string.Join('\n', help.Lines);
        Assert.Contains("--public-url", said, StringComparison.Ordinal);
        Assert.Contains("7 where Discord refuses the token", said, StringComparison.Ordinal);
        Assert.DoesNotContain("set -euo", said, StringComparison.Ordinal);
    }
}
