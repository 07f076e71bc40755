using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pipeline.Bot.Replay;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests.Rig;

/// <summary>
/// The real bot and the real functions app as processes on a storage account of their own, with a proxy that spoils calls before each
/// service of the storage. One per row of faults.
/// </summary>
internal sealed partial class FaultStage : IAsyncDisposable
{
    /// <summary>Of every row, so that short calls have many segments.</summary>
    public static readonly TimeSpan MaximumSegment = TimeSpan.FromSeconds(3);

    /// <summary>What a kill may cost each speaker: the open segment and the uploads under way.</summary>
    public static readonly TimeSpan LossPerKill = MaximumSegment + TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly TempFolder folder = new();
    private readonly Azurite azurite;
    private readonly string account;
    private readonly List<ChildProcess> bots = [];
    private readonly List<IReadOnlyCollection<string>> printed = [];
    private FunctionsApp? functions;

    private FaultStage(Azurite azurite, int room, FaultProxy[] proxies)
    {
        (this.azurite, account) = (azurite, Azurite.NumberedAccount(room));
        (Blob, Queue, Table) = (proxies[0], proxies[1], proxies[2]);
    }

    public FaultProxy Blob { get; }
    public FaultProxy Queue { get; }
    public FaultProxy Table { get; }
    public IReadOnlyList<FaultProxy> Storage => [Blob, Queue, Table];

    /// <summary>Past the proxies.</summary>
    public string Direct => azurite.ConnectionStringOf(account);

    public string Spoiled => Azurite.ConnectionStringThrough(Blob.Port, Queue.Port, Table.Port, account);
    public FunctionsApp Functions => functions ?? throw new InvalidOperationException("the functions have not been started");
    public string SpoolFolder => folder.Combine("spool");

    public static async Task<FaultStage> StartAsync(Azurite azurite, int room)
    {
        FaultProxy[] proxies = new FaultProxy[3];
        int[] ports = [azurite.BlobPort, azurite.QueuePort, azurite.TablePort];
        for (int i = 0; i < proxies.Length; i++) proxies[i] = await FaultProxy.StartAsync(new Uri($"http://127.0.0.1:{ports[i]}"));
        return new FaultStage(azurite, room, proxies);
    }

    /// <param name="spoiled">Through the proxies.</param>
    public async Task StartFunctionsAsync(bool spoiled = false, Dictionary<string, string?>? settings = null, int port = 0)
    {
        Dictionary<string, string?> all = new() { ["Functions__LocalHide"] = "00:00:04" };
        foreach ((string name, string? value) in settings ?? []) all[name] = value;
        functions = await FunctionsApp.StartAsync(spoiled ? Spoiled : Direct, all, port);
        printed.Add(functions.Process.Lines);
    }

    public async Task KillFunctionsAsync()
    {
        await Functions.KillAndRestartAsync();
        printed.Add(Functions.Process.Lines);
    }

    /// <summary>Starts the bot on a call. Without <c>--continue</c> it is a new recording.</summary>
    public ChildProcess StartBot(SpokenCall call, double speed, bool spoiled = false, string[]? more = null, Dictionary<string,
        string?>? settings = null)
    {
        Dictionary<string, string?> environment = new()
        {
            ["PipelineStorage"] = spoiled ? Spoiled : Direct,
            ["RECORDING_SPOOL_FOLDER"] = SpoolFolder,
            ["RECORDING_MAX_SEGMENT_DURATION"] = MaximumSegment.TotalMilliseconds.ToString(CultureInfo.InvariantCulture),
            ["RECORDING_CHANNELS"] = "1",
            ["RECORDING_MIN_FREE_DISK_MB"] = "0",
        };
        foreach ((string name, string? value) in settings ?? []) environment[name] = value;
        ChildProcess bot = BuiltProject.Start("bot/Pipeline.Bot",
            ["replay", .. call.Arguments(), "--speed", speed.ToString(CultureInfo.InvariantCulture), "--json",
                folder.Combine("summary.json"), .. more ?? []], environment);
        bots.Add(bot);
        printed.Add(bot.Lines);
        return bot;
    }

    /// <summary>Waits until the bot records: from here on a kill hits a recording.</summary>
    public static Task RecordingAsync(ChildProcess bot) => bot.WaitForLineAsync(
        line => line.Contains("started in channel", StringComparison.Ordinal)
            || line.Contains("taken over as incarnation", StringComparison.Ordinal), Patience);

    /// <summary>Waits until the bot has sent its stop message and ended well.</summary>
    public async Task<ReplaySummary> EndOfAsync(ChildProcess bot)
    {
        int exitCode = await bot.WaitForExitAsync(Patience);
        if (exitCode != 0)
            throw new InvalidOperationException($"the bot ended with {exitCode}:\n{string.Join('\n', bot.Lines.TakeLast(40))}");
        return JsonSerializer.Deserialize<ReplaySummary>(await File.ReadAllBytesAsync(folder.Combine("summary.json")),
            JsonSerializerOptions.Web)!;
    }

    /// <summary>Waits for the finished recording, downloads it, verifies every segment and holds it to the call.</summary>
    /// <param name="overlaps">The bot was made to say again what it had said, so that segments overlap.</param>
    public async Task<HeardCall> HearAsync(RecordingId recording, SpokenCall call, bool overlaps = false)
    {
        RecordingDetails details;
        try
        {
            details = await Functions.Api.WaitUntilCompletedAsync(recording.ToString(), Patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException(
                $"{late.Message}; the functions said last:\n"
                + string.Join('\n', Functions.Process.Lines
                    .Where(line => !line.Contains("[5002]", StringComparison.Ordinal)).TakeLast(80)), late);
        }
        foreach (FaultProxy proxy in Storage) proxy.Heal();
        if (!overlaps) await new RecordingVerifier(Functions.Api).VerifyAsync(details, CancellationToken.None);
        return await HeardCall.DownloadAsync(Functions.Api, details, call);
    }

    /// <summary>Nothing is left over, and no process has met what it did not expect.</summary>
    /// <param name="putBack">How long a message that was put back after an outage may stay hidden; what was said twice comes back
    /// then.</param>
    public async Task RequireCleanAsync(TimeSpan putBack = default)
    {
        (int blobs, int messages) = await Leftovers.WaitUntilNoneAsync(Direct, TimeSpan.FromSeconds(60) + putBack);
        if ((blobs, messages) != (0, 0))
            Assert.Fail($"{blobs} blobs and {messages} messages ({await Leftovers.TellQueuesAsync(Direct)}) are left:\n"
                + string.Join('\n', Functions.Process.Lines.TakeLast(60)));
        Assert.Empty(SpooledAudio());
        RequireNoSurprise();
    }

    public void RequireNoSurprise()
    {
        foreach (string line in Lines) Assert.False(Surprise().IsMatch(line), line);
    }

    /// <summary>Lines of all processes of the row, also of those that were killed.</summary>
    public IEnumerable<string> Lines => printed.SelectMany(lines => lines);

    public IReadOnlyList<string> SpooledAudio() =>
        !Directory.Exists(SpoolFolder) ? []
            : [.. Directory.EnumerateFiles(SpoolFolder, "*", SearchOption.AllDirectories)
                .Where(file => Enum.GetValues<SegmentFormat>().Any(format => file.EndsWith(format.Suffix(), StringComparison.Ordinal)))];

    public async ValueTask DisposeAsync()
    {
        foreach (ChildProcess process in bots) await process.DisposeAsync();
        if (functions is not null) await functions.DisposeAsync();
        foreach (FaultProxy proxy in Storage) await proxy.DisposeAsync();
        folder.Dispose();
    }

    // A bug shows itself as an unhandled exception, a line of level crit, or a stack that begins in our code.
    [GeneratedRegex(@"Unhandled exception|Z crit: |   at Pipeline\.")]
    private static partial Regex Surprise();
}
