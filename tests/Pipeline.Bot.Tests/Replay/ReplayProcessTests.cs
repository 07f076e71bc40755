using System.Text.Json;
using Pipeline.Bot.Cli;
using Pipeline.Bot.Replay;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Tests.Guilds;
using Pipeline.Bot.Tests.Recordings;
using Pipeline.Contracts;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.Bot.Tests.Replay;

/// <summary>The built bot as a process of its own: arguments, exit codes, signals, kills.</summary>
public sealed class ReplayProcessTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly string Ada = RepositoryRoot.Combine("tests", "speech", "ada.opus");
    private static readonly string Grace = RepositoryRoot.Combine("tests", "speech", "grace.opus");

    private readonly StorageEye eye = new(azurite.ConnectionString);

    [Fact]
    public async Task Replay_ends_with_a_summary_that_equals_the_stored_recording()
    {
        using TempFolder folder = new();
        string json = folder.Combine("summary.json");

        await using ChildProcess bot = Start(folder, "--speaker", $"Ada={Ada}", "--speaker", $"Grace 🎙={Grace}@1.5s", "--speed", "200",
            "--loss", "2%", "--jitter", "40ms", "--json", json);
        Assert.Equal(0, await bot.WaitForExitAsync(Patience));

        ReplaySummary summary = Read(json);
        Assert.Equal("Stopped", summary.End);
        Assert.Equal(summary.SegmentsClosed, summary.SegmentsUploaded);
        Assert.InRange(summary.PacketsLost, 1, summary.PacketsSent / 10);
        SessionManifest manifest = (await eye.ManifestAsync(summary.RecordingId))!;
        Assert.Equal(ManifestState.Stopped, manifest.State);
        Assert.Equal(["Ada", "Grace 🎙"], manifest.Tracks.Select(track => track.Username));
        foreach (TrackSummary track in manifest.Tracks) await ActiveRecordingTests.AssertChainAsync(eye, summary.RecordingId, track);
        Assert.Equal(summary.SegmentsUploaded, (await eye.SegmentsAsync(summary.RecordingId)).Count);
        Assert.Contains(bot.Lines, line => line.StartsWith($"recording {summary.RecordingId} Stopped", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("run", 2, "DISCORD_TOKEN is not set")]
    [InlineData("replay --speaker Ada=nowhere.opus", 3, "nowhere.opus: there is no such file")]
    public async Task Names_that_are_no_settings_are_told_at_the_start_of_run_and_replay(string arguments, int code, string problem)
    {
        using TempFolder folder = new();
        Dictionary<string, string?> settings = Settings(folder, azurite.ConnectionString);
        (settings["DISCORD_TOKEN"], settings["RECORDING_CHANELS"]) = (null, "1");
        await using ChildProcess bot = BuiltProject.Start("bot/Pipeline.Bot", arguments.Split(' '), settings);
        Assert.Equal(code, await bot.WaitForExitAsync(Patience));
        Assert.Contains(bot.Lines, line => line.Contains("RECORDING_CHANELS is not a setting; did you mean RECORDING_CHANNELS?",
            StringComparison.Ordinal));
        Assert.Contains(bot.Lines, line => line.Contains(problem, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--guild")]
    [InlineData("--channel")]
    public async Task Nothing_is_recorded_for_an_id_that_no_recording_API_takes(string option)
    {
        using TempFolder folder = new();
        await using ChildProcess bot = Start(folder, "--speaker", $"Ada={Ada}", option, "0");
        Assert.Equal(ExitCode.Usage, await bot.WaitForExitAsync(Patience));
        Assert.Contains(bot.Lines, line => line.StartsWith($"{option}: '0' is not allowed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(404, "is no recording API")]
    [InlineData(405, "has no list of recordings")]
    public async Task Address_at_which_nobody_tells_of_recordings_is_said_before_anything_is_replayed(int lists, string problem)
    {
        using TempFolder folder = new();
        await using RecordingApiStandIn api = new() { ListRefusal = lists };
        await using ChildProcess bot = Start(folder, "--speaker", $"Ada={Ada}", "--api", api.BaseUrl.AbsoluteUri);
        Assert.Equal(ExitCode.Storage, await bot.WaitForExitAsync(Patience));
        Assert.Contains(bot.Lines, line => line.Contains(problem, StringComparison.Ordinal));
        Assert.False(Directory.Exists(folder.Combine("spool")) && Directory.EnumerateDirectories(folder.Combine("spool"), "0*").Any());
    }

    /// <param name="formats">Of the first process, the second, and so on: the setting may change whenever the bot starts.</param>
    [Theory]
    [InlineData("opus", "wav")]
    [InlineData(["wav"], Traits = ["Category", "Long"])]
    public Task Killed_replay_is_gone_on_with_until_the_same_recording_is_complete(params string[] formats) => KillAsync(most: 2, formats);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Replay_that_is_killed_again_and_again_is_gone_on_with_until_the_same_recording_is_complete() =>
        KillAsync(most: 12, "opus", "wav", "wav");

    private async Task KillAsync(int most, params string[] formats)
    {
        using TempFolder folder = new();
        string json = folder.Combine("summary.json");
        string[] arguments = ["--speaker", $"Ada={Ada}", "--speaker", $"Grace={Grace}@1s", "--repeat-for", "3m", "--speed", "40", "--seed",
            "7", "--continue", "--json", json];
        Random moments = new(7);
        int kills = 0;
        int exitCode = -1;
        while (exitCode != 0)
        {
            Dictionary<string, string?> settings = Settings(folder, azurite.ConnectionString);
            settings["RECORDING_OUTPUT_FORMAT"] = formats[kills % formats.Length];
            await using ChildProcess bot = BuiltProject.Start("bot/Pipeline.Bot", ["replay", .. arguments], settings);
            if (kills < most && await LivesOnAsync(bot, TimeSpan.FromMilliseconds(1500 + moments.Next(1500))))
            {
                bot.Kill();
                await bot.WaitForExitAsync(Patience);
                kills++;
                continue;
            }
            exitCode = await bot.WaitForExitAsync(Patience);
            Assert.Equal(0, exitCode);
        }

        ReplaySummary summary = Read(json);
        SegmentReady[] segments = [.. (await eye.SegmentsAsync(summary.RecordingId)).DistinctBy(message => message.Key)];
        SessionManifest manifest = (await eye.ManifestAsync(summary.RecordingId))!;
        Assert.Equal(ManifestState.Stopped, manifest.State);
        Assert.NotEmpty(await eye.StoppedAsync(summary.RecordingId));
        foreach (TrackSummary track in manifest.Tracks)
        {
            await ActiveRecordingTests.AssertChainAsync(eye, summary.RecordingId, track);
            AssertWhole([.. segments.Where(segment => segment.UserId == track.UserId).OrderBy(segment => segment.StartSample)], kills);
        }
        Assert.All(segments, segment => Assert.Contains(segment.Format.Word(), formats));
        Assert.DoesNotContain(Directory.EnumerateFiles(folder.Combine("spool"), "*", SearchOption.AllDirectories), SpoolFiles.IsAudio);
    }

    [Fact]
    public async Task Sigterm_closes_segments_drains_and_exits_0()
    {
        using TempFolder folder = new();
        string json = folder.Combine("summary.json");
        await using ChildProcess bot = Start(folder, "--speaker", $"Ada={Ada}", "--repeat-for", "1h", "--speed", "10", "--json", json);
        await bot.WaitForLineAsync(line =>
            line.Contains("Recording", StringComparison.Ordinal) && line.Contains("started", StringComparison.Ordinal), Patience);
        await BotRoom.UntilAsync(() =>
            Directory.EnumerateFiles(folder.Combine("spool"), "*.open.wav", SearchOption.AllDirectories).Any(), "a segment is open", 120);

        await bot.SignalAsync(15);

        Assert.Equal(0, await bot.WaitForExitAsync(Patience));
        ReplaySummary summary = Read(json);
        Assert.Equal("HandedOver", summary.End);
        Assert.Equal(0, summary.SpoolFiles);
        Assert.Equal(summary.SegmentsClosed, await eye.CountSegmentsAsync(summary.RecordingId));
        Assert.Equal(ManifestState.Recording, (await eye.ManifestAsync(summary.RecordingId))!.State);
    }

    [Fact]
    public async Task Sigterm_without_storage_leaves_the_audio_in_the_spool_and_the_next_run_brings_it()
    {
        using TempFolder folder = new();
        string json = folder.Combine("summary.json");
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        string[] arguments = ["--speaker", $"Ada={Ada}", "--repeat-for", "40s", "--speed", "10", "--continue", "--json", json];
        Dictionary<string, string?> settings = Settings(folder, connection);
        settings["SHUTDOWN_GRACE"] = "2";
        await using (ChildProcess bot = BuiltProject.Start("bot/Pipeline.Bot", ["replay", .. arguments], settings))
        {
            await BotRoom.UntilAsync(() =>
                Directory.Exists(folder.Combine("spool"))
                && Directory.EnumerateFiles(folder.Combine("spool"), "*.open.wav", SearchOption.AllDirectories).Any(), "a segment is open",
                120);
            blob.Cut();
            queue.Cut();
            await BotRoom.UntilAsync(() =>
                Directory.EnumerateFiles(folder.Combine("spool"), "*1.wav", SearchOption.AllDirectories).Any(), "a segment waits", 120);
            await bot.SignalAsync(15);
            Assert.Equal(0, await bot.WaitForExitAsync(Patience));
            Assert.Equal("HandedOver", Read(json).End);
            Assert.True(Read(json).SpoolFiles > 0);
        }
        blob.Mend();
        queue.Mend();

        await using ChildProcess again = BuiltProject.Start("bot/Pipeline.Bot", ["replay", .. arguments], settings);
        Assert.Equal(0, await again.WaitForExitAsync(Patience));

        ReplaySummary summary = Read(json);
        Assert.Equal(("Stopped", 2), (summary.End, summary.Incarnation));
        TrackSummary track = Assert.Single((await eye.ManifestAsync(summary.RecordingId))!.Tracks);
        await ActiveRecordingTests.AssertChainAsync(eye, summary.RecordingId, track);
        Assert.Equal(40 * 48_000, track.SampleCount, 2 * 48_000d);
    }

    [Theory]
    [InlineData(2, "--speaker", "nobody")]
    [InlineData(2, "--speaker", "Ada=x.opus", "--speed", "501")]
    [InlineData(2, "--speaker", "Ada=x.opus", "--loss", "91%")]
    [InlineData(2, "--nonsense")]
    [InlineData(3, "--speaker", "Ada=/nowhere/x.opus")]
    public async Task Wrong_input_is_one_line_and_its_exit_code(int exitCode, params string[] arguments)
    {
        using TempFolder folder = new();
        await using ChildProcess bot = Start(folder, arguments);

        Assert.Equal(exitCode, await bot.WaitForExitAsync(Patience));

        Assert.DoesNotContain(bot.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
        Assert.Contains(bot.Lines, line => line.Length > 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    public async Task Empty_or_cut_off_file_is_said_before_anything_is_recorded(int bytes)
    {
        using TempFolder folder = new();
        string file = folder.Combine("cut.opus");
        await File.WriteAllBytesAsync(file, (await File.ReadAllBytesAsync(Ada, TestContext.Current.CancellationToken))[..bytes],
            TestContext.Current.CancellationToken);
        await using ChildProcess bot = Start(folder, "--speaker", $"Ada={file}");

        Assert.Equal(3, await bot.WaitForExitAsync(Patience));

        Assert.StartsWith(file, Assert.Single(bot.Lines), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Combine("spool")));
    }

    [Theory]
    [InlineData(4, 2, 2)]
    [InlineData(2, 1, 0)] // its start
    public async Task Damaged_file_is_recorded_with_a_warning_and_a_gap(int page, int seconds, int at)
    {
        using TempFolder folder = new();
        string json = folder.Combine("summary.json"), file = folder.Combine("damaged.opus");
        byte[] damaged = OggBytes.WithoutPages(OggBytes.Ada, first: page, count: seconds);
        await File.WriteAllBytesAsync(file, damaged[..^200], TestContext.Current.CancellationToken);

        await using ChildProcess bot = Start(folder, "--speaker", $"Ada={file}", "--speed", "200", "--json", json);
        Assert.Equal(0, await bot.WaitForExitAsync(Patience));

        Assert.Contains(bot.Lines, line => line.StartsWith($"warning: {file}: damaged in ", StringComparison.Ordinal));
        ReplaySummary summary = Read(json);
        Assert.Single(summary.Warnings);
        SessionManifest manifest = (await eye.ManifestAsync(summary.RecordingId))!;
        RecordingGap gap = Assert.Single(manifest.Gaps);
        Assert.Equal("loss", gap.Reason);
        Assert.Equal(seconds * 48_000, gap.SampleCount, 2 * 960d);
        Assert.Equal(at * 48_000, gap.StartSample, 2 * 960d);
        Assert.Equal(19 * 48_000, manifest.Tracks[0].SampleCount + gap.SampleCount, 48_000d);
    }

    [Fact]
    public async Task Aiff_of_another_rate_is_recorded_as_long_as_it_is()
    {
        ExternalTool.SkipUnlessInstalled("sox");
        using TempFolder folder = new();
        string json = folder.Combine("summary.json"), file = folder.Combine("tone.aiff");
        ExternalTool.Run("sox", "-n", "-r", "44100", "-c", "2", "-b", "24", file, "synth", "12", "sine", "300-3000", "gain", "-6");

        await using ChildProcess bot = Start(folder, "--speaker", $"Ada={file}", "--speed", "100", "--json", json);
        Assert.Equal(0, await bot.WaitForExitAsync(Patience));

        SessionManifest manifest = (await eye.ManifestAsync(Read(json).RecordingId))!;
        Assert.Empty(Read(json).Warnings);
        Assert.Empty(manifest.Gaps);
        Assert.InRange(manifest.Tracks[0].SampleCount, 12 * 48_000, (12 * 48_000) + (7 * 960)); // and five frames of silence
    }

    [Fact]
    public async Task Lost_stretch_between_short_packets_is_a_gap()
    {
        using TempFolder folder = new();
        string json = folder.Combine("summary.json"), file = folder.Combine("short.opus");
        byte[] damaged = OggBytes.WithoutPages(OggBytes.WithLeap(OggBytes.Tone(samples: 240, pages: 6), 5, 20 * 48_000), 4, 1);
        await File.WriteAllBytesAsync(file, damaged, TestContext.Current.CancellationToken);

        await using ChildProcess bot = Start(folder, "--speaker", $"Ada={file}", "--speed", "200", "--json", json);
        Assert.Equal(0, await bot.WaitForExitAsync(Patience));

        SessionManifest manifest = (await eye.ManifestAsync(Read(json).RecordingId))!;
        Assert.Equal(20.5 * 48_000, manifest.Gaps.Sum(gap => gap.SampleCount), 4 * 960d);
    }

    [Fact]
    public async Task Call_over_the_longest_duration_goes_on_in_further_recordings_without_losing_a_packet()
    {
        using TempFolder folder = new();
        string json = folder.Combine("summary.json");
        Dictionary<string, string?> settings = Settings(folder, azurite.ConnectionString);
        settings["RECORDING_MAX_DURATION"] = "1m";
        string[] arguments = ["replay", "--speaker", $"Ada={Ada}", "--repeat-for", "130s", "--speed", "100", "--continue", "--json", json];

        await using (ChildProcess bot = BuiltProject.Start("bot/Pipeline.Bot", arguments, settings))
            Assert.Equal(0, await bot.WaitForExitAsync(Patience));

        ReplaySummary whole = Read(json);
        Assert.Equal([59.94, 59.94], whole.Parts.Take(2).Select(part => Math.Round(part.Seconds, 2)));
        Assert.Equal((3, "Stopped", whole.Parts[2].RecordingId), (whole.Parts.Count, whole.End, whole.RecordingId));
        Assert.Equal(130 * 50, whole.PacketsSent, 10d);
        long stored = 0;
        foreach (ReplayPart part in whole.Parts)
        {
            TrackSummary track = Assert.Single((await eye.ManifestAsync(part.RecordingId))!.Tracks);
            await ActiveRecordingTests.AssertChainAsync(eye, part.RecordingId, track);
            stored += track.SampleCount;
        }
        Assert.Equal(130 * 48_000, stored, 0.6 * 48_000); // and silence that fills short segments up
        Assert.Equal([EndReason.Limit, EndReason.Limit, EndReason.Stopped],
            await Task.WhenAll(whole.Parts.Select(async part => (await eye.StoppedAsync(part.RecordingId))[0].EndReason)));

        // As if it had been killed between the end of the first part and the start of the second.
        string mark = Assert.Single(Directory.GetFiles(folder.Combine("spool"), "replay-*.json"));
        await File.WriteAllBytesAsync(mark, JsonSerializer.SerializeToUtf8Bytes(new ReplayMark(whole.Parts[0].RecordingId, Closed: true),
            ReplayJsonContext.Default.ReplayMark), TestContext.Current.CancellationToken);
        await using ChildProcess again = BuiltProject.Start("bot/Pipeline.Bot", arguments, settings);
        Assert.Equal(0, await again.WaitForExitAsync(Patience));
        Assert.Equal(whole.Parts.Skip(1).Select(part => part.Seconds), Read(json).Parts.Select(part => part.Seconds));
    }

    [Fact]
    public async Task Storage_that_does_not_answer_is_exit_code_4()
    {
        using TempFolder folder = new();
        int[] ports = FreePort.Take(3);
        await using ChildProcess bot = BuiltProject.Start("bot/Pipeline.Bot", ["replay", "--speaker", $"Ada={Ada}"],
            Settings(folder, Azurite.ConnectionStringThrough(ports[0], ports[1], ports[2])));

        Assert.Equal(4, await bot.WaitForExitAsync(Patience));

        Assert.Contains("PipelineStorage", Assert.Single(bot.Lines), StringComparison.Ordinal);
    }

    private ChildProcess Start(TempFolder folder, params string[] arguments) =>
        BuiltProject.Start("bot/Pipeline.Bot", ["replay", .. arguments], Settings(folder, azurite.ConnectionString));

    private static Dictionary<string, string?> Settings(TempFolder folder, string connection) => new()
    {
        ["PipelineStorage"] = connection,
        ["RECORDING_SPOOL_FOLDER"] = folder.Combine("spool"),
        ["RECORDING_MIN_FREE_DISK_MB"] = "0",
    };

    private static async Task<bool> LivesOnAsync(ChildProcess bot, TimeSpan time)
    {
        try
        {
            await bot.WaitForExitAsync(time);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    private static ReplaySummary Read(string json) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(json), ReplayJsonContext.Default.ReplaySummary)!;

    // Speech without a pause: what is missing is what the kills cost, at most the open segment each time and 2 s.
    private static void AssertWhole(SegmentReady[] segments, int kills)
    {
        long missing = segments[0].StartSample;
        for (int i = 1; i < segments.Length; i++)
        {
            long hole = segments[i].StartSample - (segments[i - 1].StartSample + segments[i - 1].SampleCount);
            Assert.True(hole >= 0, "segments overlap");
            missing += hole;
        }
        Assert.InRange(missing, 0, (kills + 1) * 12 * 48_000);
        Assert.InRange(segments[^1].StartSample + segments[^1].SampleCount, 179 * 48_000, 182 * 48_000);
    }
}
