using System.Globalization;
using System.Net;
using Pipeline.DiscordSimulator;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.RunScript;

/// <summary><c>infra/run.sh</c> as an owner starts it, with the simulator as Discord.</summary>
internal sealed class RunScript : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string data;
    private int[] leftBehind = [];

    private RunScript(ChildProcess process, string data, int port) => (Process, this.data, Port) = (process, data, port);

    public ChildProcess Process { get; }
    public int Port { get; }

    /// <summary>Everything that it and its processes said.</summary>
    public string Said => string.Join('\n', Process.Lines);

    /// <param name="discord">Null for one that does not get that far.</param>
    /// <param name="more">Further arguments.</param>
    /// <param name="token">Instead of the right one; empty for none.</param>
    /// <param name="settings">Further variables of the owner's environment.</param>
    /// <param name="builds">Builds first, as an owner's start does.</param>
    public static RunScript Start(string data, int port, Simulator? discord = null, string[]? more = null, string? token = null,
        IReadOnlyDictionary<string, string?>? settings = null, bool builds = false)
    {
        Dictionary<string, string?> environment = new()
        {
            ["DISCORD_TOKEN"] = token ?? discord?.Bot.Token ?? "MTIz.x.y",
            ["PipelineStorage"] = null,
            ["RENDER_FOLDER"] = null,
        };
        if (discord is not null)
        {
            environment["DISCORD_API_BASE"] = discord.ApiBaseUrl;
            environment["DISCORD_CA_FILE"] = discord.CertificateAuthorityFile;
            environment["DISCORD_GUILD_ID"] = discord.Guild.Id.ToString(CultureInfo.InvariantCulture);
            environment["RECORDING_MIN_FREE_DISK_MB"] = "0";
            // However slow the machine is: what is spoken leaves before the process ends.
            environment["SHUTDOWN_GRACE"] = "2m";
        }
        foreach ((string name, string? value) in settings ?? new Dictionary<string, string?>()) environment[name] = value;
        string[] arguments = [RepositoryRoot.Combine("infra", "run.sh"), .. builds ? [] : new[] { "--no-build" }, "--data", data, "--port",
            $"{port}", .. more ?? []];
        // A shell cannot trap what was ignored before it started, as SIGINT is in what a script starts with '&': these tests, too.
        return new RunScript(ChildProcess.Start("env", ["--default-signal=INT", "bash", .. arguments], environment), data, port);
    }

    public Task<string> SaysAsync(string text) =>
        Process.WaitForLineAsync(line => line.Contains(text, StringComparison.Ordinal), Patience);

    /// <summary>SIGKILL for one of <c>storage</c>, <c>functions</c> and <c>bot</c>, and the line that says that it is back.</summary>
    public async Task KillAsync(string name)
    {
        int before = ProcessId(name);
        using (System.Diagnostics.Process victim = System.Diagnostics.Process.GetProcessById(before)) victim.Kill();
        await SaysAsync($"run: the {name} ended with 137; starting it again");
        await Simulator.WaitUntilAsync(() => ProcessId(name) != before, Patience);
    }

    /// <summary>SIGKILL for the script alone: what it started is left behind.</summary>
    public void KillScript()
    {
        leftBehind = [.. new[] { "bot", "functions", "storage" }.Select(ProcessId).Where(left => left != 0)];
        End(Process.Id);
    }

    /// <summary>The process id of one of the three; 0 while there is none.</summary>
    public int ProcessId(string name)
    {
        string file = Path.Combine(data, "processes");
        if (!File.Exists(file)) return 0;
        string? line = File.ReadAllLines(file).FirstOrDefault(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        return line is null ? 0 : int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Ctrl+C.</summary>
    public async Task<int> InterruptAsync()
    {
        await Process.SignalAsync(2);
        try
        {
            return await Process.WaitForExitAsync(Patience);
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException($"run.sh does not end; it said:\n{Said}\nand these are there:\n{ExternalTool.Run("ps", "-eo",
                "pid,ppid,pgid,stat,etimes,wchan:20,args")}", late);
        }
    }

    public Task<int> EndAsync() => Process.WaitForExitAsync(Patience);

    public ApiReader OpenApi() => new(new Uri($"http://127.0.0.1:{Port}"), File.ReadAllText(Path.Combine(data, "api.key")));

    /// <summary>Waits until the recording API is healthy, whatever was killed.</summary>
    public async Task UntilHealthyAsync(ApiReader api)
    {
        using CancellationTokenSource limit = new(Patience);
        while (true)
        {
            try
            {
                if (await api.HealthAsync(limit.Token) == HttpStatusCode.OK) return;
            }
            catch (HttpRequestException)
            {
                // Not up yet; the limit decides.
            }
            await Task.Delay(50, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited)
        {
            await Process.SignalAsync(15);
            try
            {
                await Process.WaitForExitAsync(TimeSpan.FromSeconds(60));
            }
            catch (OperationCanceledException)
            {
                // Killed below, with its children.
            }
        }
        // What a killed script has left behind holds its output open.
        foreach (int left in leftBehind) End(left);
        await Process.DisposeAsync();
    }

    /// <summary>SIGKILL.</summary>
    public static void End(int processId)
    {
        try
        {
            using System.Diagnostics.Process left = System.Diagnostics.Process.GetProcessById(processId);
            left.Kill();
        }
        catch (ArgumentException)
        {
            // Gone already.
        }
    }
}
