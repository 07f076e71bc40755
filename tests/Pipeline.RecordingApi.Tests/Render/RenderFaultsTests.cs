using System.Globalization;
using System.IO.Compression;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>Work that is cut off, done twice or at once: in the end the bytes are those of an undisturbed run.</summary>
public sealed class RenderFaultsTests(AzuriteFixture azurite, ITestOutputHelper output) : IDisposable
{
    private readonly Judge judge = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => judge.Dispose();

    [Fact]
    [Trait("Category", "Long")]
    public Task Killed_process_loses_nothing() => KilledAsync(seed: 3, kills: 3);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Process_killed_twenty_times_loses_nothing() => KilledAsync(seed: 1, kills: 20);

    /// <summary>SIGKILL at moments that nobody chose, while the real functions render.</summary>
    private async Task KilledAsync(int seed, int kills)
    {
        // An account of its own: the process takes every message there is.
        await using Azurite own = await Azurite.StartAsync();
        await using RenderStage stage = await RenderStage.StartAsync(own.ConnectionString);
        Recorded recorded = await TalkAsync(stage);
        await stage.FinalizeAsync(recorded);
        long began = TimeProvider.System.GetTimestamp();
        await stage.RenderAsync(recorded);
        int usual = (int)TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
        Dictionary<string, byte[]> undisturbed = await stage.DownloadAllAsync(recorded);
        Assert.Contains("mix.flac", undisturbed.Keys);
        int whole = await PartsAsync(stage, recorded);

        await stage.ForgetRendersAsync(recorded);
        Random random = new(seed);
        await using FunctionsApp app = await FunctionsApp.StartAsync(own,
            new Dictionary<string, string?> { ["RENDER_FORMATS"] = "flac,opus,mp3" });
        List<int> parts = [];
        for (int kill = 0; kill < kills; kill++)
        {
            await SendAsync(stage, recorded);
            await Task.Delay(random.Next(2 * usual), Cancellation);
            await app.KillAndRestartAsync();
            parts.Add(await PartsAsync(stage, recorded));
            if (parts[^1] == whole) await stage.ForgetRendersAsync(recorded);
        }
        output.WriteLine($"of {whole} windows and files after each kill: {string.Join(' ', parts)}");
        if (kills >= 20) Assert.Contains(parts, count => count > 0 && count < whole);
        await WaitForAsync(stage, recorded, undisturbed.Count);
        Same(undisturbed, await stage.DownloadAllAsync(recorded));
    }

    [Fact]
    public async Task Storage_that_goes_away_anywhere_leaves_work_that_goes_on()
    {
        using Wire wire = new();
        await using RenderStage stage = await RenderStage.StartAsync(ClassStorage.Of(azurite), transport: wire);
        // Over the end of a minute; what is behind it is short, as it is rendered again and again.
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", Minute - 48_001, Speech.Of("ada", 3 * 48_000), 1);
        await stage.AddAsync(recorded, Grace, "Grace", Minute + 48_000, Speech.Of("grace", 2 * 48_000), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Dictionary<string, byte[]> undisturbed = await stage.DownloadAllAsync(recorded);

        await stage.ForgetRendersAsync(recorded);
        RenderRecording render = stage.Get<RenderRecording>();
        int outages = 0;
        // Each time a little further, until it gets through: every request is once the first one that fails.
        for (int requests = 1; ; requests += 3, outages++)
        {
            wire.CutAfter(requests);
            Exception? fault = await Record.ExceptionAsync(() =>
                render.RunAsync(new RenderWindow { RecordingId = recorded.Id }, Cancellation));
            bool hasCut = wire.HasCut;
            wire.Mend();
            Assert.Equal(hasCut, fault is not null); // what failed is not told as done
            if (fault is null) break;
            Assert.Contains(Wire.Message, fault.ToString(), StringComparison.Ordinal);
            Assert.True(outages < 200, "rendering does not get through");
        }
        output.WriteLine($"{outages} outages");
        Assert.InRange(outages, 5, 200);
        await stage.RenderAsync(recorded);
        Same(undisturbed, await stage.DownloadAllAsync(recorded));
    }

    [Fact]
    public async Task Bundle_is_gone_on_with_piece_by_piece_and_nothing_is_stored_twice()
    {
        using Wire wire = new();
        LeapingClock clock = new();
        await using RenderStage stage = await RenderStage.StartAsync(ClassStorage.Of(azurite),
            new RenderOptions { Formats = [RenderFormat.Flac] }, clock, wire);
        Recorded recorded = await TalkAsync(stage);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        wire.Asked.Clear();
        clock.Leap = TimeSpan.FromSeconds(20); // a piece is over at once
        int pieces = 0;
        List<RenderWindow> messages = [new RenderWindow { RecordingId = recorded.Id, File = "all-flac.zip" }];
        for (; messages.Count > 0 && pieces < 9; messages = await stage.TakeMessagesAsync(recorded.Id), pieces++)
            await stage.Get<RenderRecording>().RunAsync(Assert.Single(messages), Cancellation);
        string[] stored = [.. wire.Asked.Where(address => address.Contains("all-flac.zip", StringComparison.Ordinal)
            && address.Contains("blockid=", StringComparison.Ordinal))];
        Assert.Equal(4, pieces); // two tracks, the mix, info.json
        Assert.Equal(stored.Distinct(), stored);
        clock.Leap = TimeSpan.Zero;
        using ZipArchive zip = new(new MemoryStream(await stage.DownloadAsync(recorded, "all-flac.zip")));
        foreach (string name in new[] { "01-Ada Lovelace.flac", "02-Grace.flac", "mix.flac", "info.json" })
        {
            using MemoryStream content = new();
            await using (Stream entry = await zip.GetEntry(name)!.OpenAsync(Cancellation)) await entry.CopyToAsync(content, Cancellation);
            byte[] file = await stage.DownloadAsync(recorded, name);
            Assert.True(content.ToArray().AsSpan().SequenceEqual(file), name);
        }
    }

    [Fact]
    public async Task Silence_that_takes_longer_to_look_at_than_a_piece_lasts_is_got_through()
    {
        LeapingClock clock = new() { Leap = TimeSpan.FromSeconds(1) };
        await using RenderStage stage = await RenderStage.StartAsync(azurite, new RenderOptions { Formats = [RenderFormat.Flac] }, clock);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 48_000), 1);
        await stage.AddAsync(recorded, Ada, "Ada", 40L * Minute, Speech.Of("ada", 48_000), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Assert.All((await stage.FilesAsync(recorded)).Where(file => file.Format == RenderFormat.Flac), file =>
            Assert.Equal("ready", file.State));
        SortedDictionary<int, RenderRow> mix = await stage.Get<RenderTable>().ReadWindowsAsync(recorded.Id, RenderTable.Mix,
            withSound: false, Cancellation);
        Assert.Equal([0, 40], mix.Keys);
        // The gain goes on from before the silence.
        Assert.NotEqual(0, mix[0].Levels!.Tracks[Ada].Blocks);
        Assert.True(mix[40].Levels!.Tracks[Ada].Blocks > mix[0].Levels!.Tracks[Ada].Blocks);
    }

    [Fact]
    public async Task List_of_segments_of_a_finished_recording_is_read_once()
    {
        using Wire wire = new();
        await using RenderStage stage = await RenderStage.StartAsync(ClassStorage.Of(azurite),
            new RenderOptions { Formats = [RenderFormat.Flac] }, transport: wire);
        Recorded recorded = await SecondAsync(stage);
        await stage.FinalizeAsync(recorded);
        wire.Asked.Clear();

        // However many messages come, and people who look at it.
        await stage.RenderAsync(recorded);
        await stage.Get<RenderRecording>().RunAsync(new RenderWindow { RecordingId = recorded.Id }, Cancellation);
        await stage.FilesAsync(recorded);

        Assert.Single(wire.Asked, address => address.Contains("/catalogue()", StringComparison.OrdinalIgnoreCase)
            && address.Contains("segment-", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Workers_at_the_same_windows_make_the_same_bytes()
    {
        await using RenderStage one = await RenderStage.StartAsync(azurite), two = await RenderStage.StartAsync(azurite);
        Recorded recorded = await TalkAsync(one);
        await one.FinalizeAsync(recorded);
        await one.RenderAsync(recorded);
        Dictionary<string, byte[]> undisturbed = await one.DownloadAllAsync(recorded);
        await one.ForgetRendersAsync(recorded);
        RenderWindow message = new() { RecordingId = recorded.Id };
        await Task.WhenAll(new[] { one, two, one, two }.Select(stage =>
            stage.Get<RenderRecording>().RunAsync(message, Cancellation)));
        await one.DrainAsync(recorded);
        Same(undisturbed, await one.DownloadAllAsync(recorded));
        foreach (string name in new[] { "01-Ada Lovelace.wav", "all-flac.zip" })
        {
            message = message with { File = name == "all-flac.zip" ? name : $"{RenderTable.TrackKey(Ada)}.wav" };
            await Task.WhenAll(one.Get<RenderRecording>().RunAsync(message, Cancellation),
                two.Get<RenderRecording>().RunAsync(message, Cancellation));
            await one.DrainAsync(recorded);
            Assert.NotEmpty(await one.DownloadAsync(recorded, name));
        }
    }

    [Fact]
    public async Task Message_that_finds_no_place_comes_back_and_does_not_wait_without_end()
    {
        using Wire wire = new();
        FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());
        await using RenderStage stage = await RenderStage.StartAsync(ClassStorage.Of(azurite),
            new RenderOptions { Formats = [RenderFormat.Flac] }, time, wire);
        Recorded[] talks = [await SecondAsync(stage), await SecondAsync(stage), await SecondAsync(stage)];
        foreach (Recorded talk in talks)
        {
            await stage.FinalizeAsync(talk);
            await stage.TakeMessagesAsync(talk.Id);
        }
        RenderRecording render = stage.Get<RenderRecording>();
        RenderWindow[] messages = [.. talks.Select(talk => new RenderWindow { RecordingId = talk.Id })];
        (Recorded recorded, RenderWindow message) = (talks[2], messages[2]);

        wire.Hold("segment_000.wav");
        Task[] working = [render.RunAsync(messages[0], Cancellation), render.RunAsync(messages[1], Cancellation)];
        Task waiting = render.RunAsync(message, Cancellation);
        LoopLimit limit = new("the third render gives up and sends its message back");
        while (!waiting.IsCompleted)
        {
            limit.Turn();
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, Cancellation);
        }
        await waiting;
        Assert.DoesNotContain(working, task => task.IsCompleted);
        List<RenderWindow> back = [];
        while (back.Count == 0)
        {
            limit.Turn();
            back = await stage.TakeMessagesAsync(recorded.Id);
            if (back.Count == 0) await Task.Delay(RenderStage.HiddenPause, Cancellation);
        }
        Assert.Equal([message with { Traceparent = back[0].Traceparent }], back);
        wire.LetGo();
        await Task.WhenAll(working);

        await stage.RenderAsync(recorded);
        Assert.Contains("mix.flac", (await stage.DownloadAllAsync(recorded)).Keys);
    }

    [Fact]
    public async Task Looks_at_a_bundle_that_waits_are_one_chain_however_many_ask_for_it()
    {
        FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());
        await using RenderStage stage = await RenderStage.StartAsync(azurite, new RenderOptions { Formats = [RenderFormat.Flac] }, time);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 48_000), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        RenderRecording render = stage.Get<RenderRecording>();
        List<RenderWindow> asked = [];
        for (int poll = 0; poll < 5; poll++)
        {
            using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}/files/all-wav.zip");
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            asked.AddRange(await stage.TakeMessagesAsync(recorded.Id));
        }
        RenderWindow[] bundles = [.. asked.Where(message => message.File == "all-wav.zip")];
        Assert.Equal(5, bundles.Length);
        foreach (RenderWindow message in bundles[..4]) await render.RunAsync(message, Cancellation);
        RenderWindow look = Assert.Single(await TakeHiddenAsync(stage, recorded));
        await render.RunAsync(look, Cancellation); // while the clock stands still too
        look = Assert.Single(await TakeHiddenAsync(stage, recorded));
        await stage.Get<MessageQueues>().SendAsync(look, TimeSpan.Zero, Cancellation);
        // The one that waits may be with another process by now.
        time.Advance(TimeSpan.FromSeconds(0.6));
        await render.RunAsync(bundles[4], Cancellation);
        List<RenderWindow> two = await TakeHiddenAsync(stage, recorded);
        Assert.Equal(2, two.Count);
        foreach (RenderWindow message in two) await render.RunAsync(message, Cancellation);
        look = Assert.Single(await TakeHiddenAsync(stage, recorded));

        foreach (RenderWindow message in asked.Except(bundles)) await render.RunAsync(message, Cancellation);
        await render.RunAsync(look, Cancellation);
        Assert.Empty(await TakeHiddenAsync(stage, recorded));
        Assert.NotEmpty(await stage.DownloadAsync(recorded, "all-wav.zip"));
    }

    private static async Task<Recorded> SecondAsync(RenderStage stage)
    {
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 48_000), 1);
        return recorded;
    }

    // Those that are hidden for a second too.
    private static async Task<List<RenderWindow>> TakeHiddenAsync(RenderStage stage, Recorded recorded)
    {
        await Task.Delay(TimeSpan.FromSeconds(1.5), Cancellation);
        return await stage.TakeMessagesAsync(recorded.Id);
    }

    [Fact]
    public async Task Crowd_of_25_has_a_file_each()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        short[] speech = Speech.Of("ada", 2 * 48_000);
        for (int user = 1; user <= 25; user++)
        {
            short[] own = [.. speech.Select(value => (short)(value / user))];
            await stage.AddAsync(recorded, (ulong)user, $"Person {user}", user * 4_800, own, 1);
        }
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        RecordingFile[] tracks = [.. (await stage.FilesAsync(recorded)).Where(file => file is { Kind: "track", Format: "flac" })];
        Assert.Equal(25, tracks.Length);
        foreach (RecordingFile file in tracks)
        {
            ulong user = ulong.Parse(file.UserId!, CultureInfo.InvariantCulture);
            Assert.Equal(recorded.Track(user), judge.Decode(await stage.DownloadAsync(recorded, file.Name), "flac"));
        }
        (double _, double peak) = judge.Loudness(await stage.DownloadAsync(recorded, "mix.flac"), "flac");
        Assert.True(peak <= -1, $"{peak} dBTP");
    }

    private static async Task<int> PartsAsync(RenderStage stage, Recorded recorded)
    {
        RenderTable table = stage.Get<RenderTable>();
        int parts = (await table.ReadJobsAsync(recorded.Id, Cancellation)).Count;
        foreach (string track in new[] { RenderTable.Mix, RenderTable.TrackKey(Ada), RenderTable.TrackKey(Grace) })
            parts += (await table.ReadWindowsAsync(recorded.Id, track, withSound: false, Cancellation)).Count;
        return parts;
    }

    private static Task SendAsync(RenderStage stage, Recorded recorded) =>
        stage.Get<MessageQueues>().SendAsync(new RenderWindow { RecordingId = recorded.Id }, TimeSpan.Zero, Cancellation);

    private static async Task WaitForAsync(RenderStage stage, Recorded recorded, int count)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(3));
        await SendAsync(stage, recorded);
        while ((await stage.FilesAsync(recorded)).Count(file => file.State == "ready") < count) await Task.Delay(200, patience.Token);
    }

    private static void Same(Dictionary<string, byte[]> expected, Dictionary<string, byte[]> found)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, file => Assert.True(file.Value.AsSpan().SequenceEqual(found[file.Key]), $"{file.Key} differs"));
    }

    /// <summary>Each look at it costs some time.</summary>
    private sealed class LeapingClock : TimeProvider
    {
        private long leapt;

        public TimeSpan Leap { get; set; }

        public override long GetTimestamp() =>
            base.GetTimestamp() + (long)(Interlocked.Add(ref leapt, Leap.Ticks) / (double)TimeSpan.TicksPerSecond * TimestampFrequency);
    }
}
