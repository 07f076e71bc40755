using System.Text.Json;
using Azure.Storage.Blobs.Specialized;
using Pipeline.Bot.Cli;
using Pipeline.Bot.Replay;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Bot.Tests.Replay;

/// <summary>A replay that another bot takes over, and one that is called once more when there is nothing left to do.</summary>
public sealed class ReplayEndTests(AzuriteFixture azurite) : IDisposable
{
    private const string Stranger = "6f1f2bd0-0000-4000-8000-000000000009";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Ada = RepositoryRoot.Combine("tests", "speech", "ada.opus");

    private readonly StorageEye eye = new(azurite.ConnectionString);
    private readonly TempFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    /// <summary>It is noticed at the next beat, after at most 15 s.</summary>
    [Fact]
    [Trait("Category", "Long")]
    public async Task Recording_that_another_bot_took_is_6_and_one_that_it_holds_too()
    {
        string[] call = ["--speaker", $"Ada={Ada}", "--repeat-for", "50s", "--speed", "1", "--continue"];
        RecordingId recording;
        BlobLeaseClient theirs;
        await using (ChildProcess bot = Start(call))
        {
            await BotRoom.UntilAsync(() => Marks().Length == 1, "it has begun", 120);
            recording = Recording();
            await BotRoom.UntilAsync(async () => await eye.ManifestAsync(recording) is not null, "its manifest is there", 120);
            theirs = eye.Blob(BlobPaths.Manifest(recording)).GetBlobLeaseClient(Stranger);
            await theirs.BreakAsync(TimeSpan.Zero, cancellationToken: Cancel);
            await theirs.AcquireAsync(TimeSpan.FromSeconds(-1), cancellationToken: Cancel);
            Assert.Equal(6, await bot.WaitForExitAsync(Patience));
            Assert.Contains(bot.Lines, line => line.StartsWith($"recording {recording} Lost: ", StringComparison.Ordinal));
        }

        await using ChildProcess again = Start(call);
        Assert.Equal(6, await again.WaitForExitAsync(Patience));
        Assert.Contains($"recording {recording} is held by another bot; stop that one first", again.Lines);
        await theirs.ReleaseAsync(cancellationToken: Cancel);
    }

    /// <summary>Where in the call its last recording began is not forgotten.</summary>
    [Fact]
    public async Task Call_in_two_recordings_that_is_over_is_not_recorded_once_more()
    {
        string[] call = ["--speaker", $"Ada={Ada}", "--repeat-for", "70s", "--speed", "200", "--continue", "--json",
            folder.Combine("summary.json")];
        for (int run = 0; run < 3; run++)
        {
            await using ChildProcess bot = Start(call);
            Assert.Equal(ExitCode.Success, await bot.WaitForExitAsync(Patience));
            Assert.Contains(bot.Lines, line => line.Contains(run == 0 ? "Stopped: " : $"{ReplaySummary.AlreadyClosed}: ",
                StringComparison.Ordinal));
        }
    }

    /// <summary>A bot that is killed between its account in the storage and the one on its disk.</summary>
    [Fact]
    public async Task Call_goes_on_where_the_storage_says_that_its_recording_had_come_to()
    {
        string[] call = ["--speaker", $"Ada={Ada}", "--repeat-for", "40s", "--speed", "10", "--continue"];
        RecordingId recording = await BeginAsync(call);
        SessionManifest stored = (await eye.ManifestAsync(recording))!;
        byte[] ahead = JsonSerializer.SerializeToUtf8Bytes(stored with { SampleCount = stored.SampleCount + 144_007 },
            ContractsJsonContext.Default.SessionManifest);
        await eye.Blob(BlobPaths.Manifest(recording)).UploadAsync(new BinaryData(ahead), overwrite: true, Cancel);

        await using ChildProcess again = Start(call);
        Assert.Equal(ExitCode.Success, await again.WaitForExitAsync(Patience));
        SessionManifest whole = (await eye.ManifestAsync(recording))!;
        Assert.InRange(whole.SampleCount, 40 * 48_000, 42 * 48_000);
        Assert.Equal(40 * 48_000, (await eye.SegmentsAsync(recording)).Max(segment => segment.StartSample + segment.SampleCount), 24_000d);
    }

    /// <summary>A bot that was killed holds its recording for a while.</summary>
    [Fact]
    public async Task Recording_that_another_bot_lets_go_of_goes_on()
    {
        string[] call = ["--speaker", $"Ada={Ada}", "--repeat-for", "42s", "--speed", "10", "--continue"];
        RecordingId recording = await BeginAsync(call);
        BlobLeaseClient theirs = eye.Blob(BlobPaths.Manifest(recording)).GetBlobLeaseClient(Stranger);
        await theirs.AcquireAsync(TimeSpan.FromSeconds(-1), cancellationToken: Cancel);

        (TcpProxy blob, TcpProxy queue, string storage) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Noted = "x-ms-error-code: LeaseAlreadyPresent";
        await using ChildProcess again = Start(call, storage);
        await BotRoom.UntilAsync(() => blob.Notes >= 4 || again.HasExited, "it has asked for some seconds", 120);
        Assert.False(again.HasExited);
        await theirs.ReleaseAsync(cancellationToken: Cancel);
        Assert.Equal(ExitCode.Success, await again.WaitForExitAsync(Patience));
        SessionManifest whole = (await eye.ManifestAsync(recording))!;
        Assert.Equal(2, whole.Incarnation);
        Assert.Equal(42 * 48_000, (await eye.SegmentsAsync(recording)).Max(segment => segment.StartSample + segment.SampleCount), 24_000d);
    }

    /// <summary>Begins the call and ends the process by a signal: the recording is left to the next one.</summary>
    private async Task<RecordingId> BeginAsync(string[] call)
    {
        await using ChildProcess bot = Start(call);
        await BotRoom.UntilAsync(() => Marks().Length == 1, "it has begun", 120);
        await bot.SignalAsync(15);
        Assert.Equal(ExitCode.Success, await bot.WaitForExitAsync(Patience));
        return Recording();
    }

    private RecordingId Recording() =>
        RecordingId.Parse(Path.GetFileName(Directory.GetDirectories(folder.Combine("spool"), "0*").Single()));

    private string[] Marks() =>
        Directory.Exists(folder.Combine("spool")) ? Directory.GetFiles(folder.Combine("spool"), "replay-*.json") : [];

    private ChildProcess Start(string[] call, string? storage = null) => BuiltProject.Start("bot/Pipeline.Bot", ["replay", .. call],
        new Dictionary<string, string?>
        {
            ["PipelineStorage"] = storage ?? azurite.ConnectionString,
            ["RECORDING_SPOOL_FOLDER"] = folder.Combine("spool"),
            ["RECORDING_MIN_FREE_DISK_MB"] = "0",
            ["RECORDING_MAX_DURATION"] = "1m",
        });
}
