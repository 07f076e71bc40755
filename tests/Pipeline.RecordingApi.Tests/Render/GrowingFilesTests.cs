using System.Net;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>Files that are not for ever: of a recording that runs, and those that are made on request and go after a day.</summary>
public sealed class GrowingFilesTests(AzuriteFixture azurite) : IDisposable
{
    private readonly Judge judge = new();

    public void Dispose() => judge.Dispose();

    [Fact]
    public async Task Files_of_a_running_recording_hold_what_there_is_and_become_whole()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        LaterClock clock = new();
        await using RenderStage stage = await RenderStage.StartAsync(azurite,
            new RenderOptions { Formats = [RenderFormat.Flac, RenderFormat.Opus] }, clock);
        Recorded recorded = await stage.BeginAsync();
        short[] speech = Speech.Of("ada", 10 * 48_000);
        for (int part = 0; part < 9; part++) await stage.MoveAsync(recorded, Ada, "Ada", part * 480_000L, speech);
        await stage.RenderAsync(recorded);
        Assert.All(await stage.FilesAsync(recorded), file => Assert.True(file.Kind is "track" or "mix" && file.State == "rendering"));
        foreach (string name in new[] { "all-flac.zip", "mix.wav", "info.json" })
            Assert.Equal(HttpStatusCode.Conflict, await StatusAsync(stage, recorded, name));

        Assert.Equal(Minute, judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac").Length);
        // The encoder's look-ahead comes with the next packet.
        Assert.InRange(judge.Decode(await stage.DownloadAsync(recorded, "mix.opus"), "opus").Length / 2, Minute - 960, Minute);
        Assert.Equal(recorded.Track(Ada)[48_000..96_000],
            judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.wav", "?from=1&to=2"), "wav"));
        RecordingFile grown = Assert.Single(await stage.FilesAsync(recorded), file => file.Name == "01-Ada.flac");
        Assert.Equal(("ready", 0.667), (grown.State, grown.Progress));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(stage, recorded, "01-Ada.wav?from=1&to=62"));

        // A minute later there is more, and who looks ten minutes after the last time gets it.
        for (int part = 9; part < 15; part++) await stage.MoveAsync(recorded, Ada, "Ada", part * 480_000L, speech);
        await stage.RenderAsync(recorded);
        Assert.Equal(Minute, judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac").Length);
        Assert.Empty(await stage.TakeMessagesAsync(recorded.Id));
        clock.Later = TimeSpan.FromMinutes(11);
        Assert.Equal(HttpStatusCode.Redirect, await StatusAsync(stage, recorded, "01-Ada.flac"));
        await stage.DrainAsync(recorded);
        Assert.Equal(2 * Minute, judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac").Length);

        await stage.FinalizeAsync(recorded);
        Assert.Equal(HttpStatusCode.Accepted, await StatusAsync(stage, recorded, "01-Ada.flac")); // not the part as if it were the whole
        await stage.RenderAsync(recorded);
        Assert.Equal(recorded.Track(Ada), judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2, Traits = ["Category", "Long"])]
    public async Task Look_at_the_very_end_spoils_nothing(int seed)
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, new RenderOptions { Formats = [RenderFormat.Flac] });
        Recorded recorded = await stage.BeginAsync();
        short[] speech = Speech.Of("ada", 10 * 48_000);
        for (int part = 0; part < 9; part++) await stage.MoveAsync(recorded, Ada, "Ada", part * 480_000L, speech);
        await stage.RenderAsync(recorded);
        RenderWindow look = new() { RecordingId = recorded.Id, File = $"{RenderTable.TrackKey(Ada)}.flac" };
        Random chance = new(seed);
        int before = chance.Next(300);
        int[] pauses = [.. Enumerable.Range(0, 12).Select(_ => chance.Next(30))];
        Task looking = Task.Run(async () =>
        {
            foreach (int pause in pauses)
            {
                await stage.Get<RenderRecording>().RunAsync(look, TestContext.Current.CancellationToken);
                await Task.Delay(pause, TestContext.Current.CancellationToken);
            }
        }, TestContext.Current.CancellationToken);
        await Task.Delay(before, TestContext.Current.CancellationToken);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        await looking;
        await stage.DrainAsync(recorded);
        Assert.Equal(recorded.Track(Ada), judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac"));
    }

    [Fact]
    public async Task What_was_made_on_request_goes_after_a_day_and_comes_again()
    {
        LaterClock clock = new();
        await using RenderStage stage = await RenderStage.StartAsync(azurite, time: clock);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 2 * 48_000), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        byte[] wav = await stage.DownloadAsync(recorded, "01-Ada.wav");
        await stage.DownloadAsync(recorded, "mix.mp3", "?from=0.5&to=1");
        byte[] flac = await stage.DownloadAsync(recorded, "01-Ada.flac");
        string track = $"{recorded.Id}/{RenderTable.TrackKey(Ada)}.wav", cut = $"{recorded.Id}/cut-24000-48000-mix.mp3";

        clock.Later = TimeSpan.FromHours(23);
        await SweepAsync(stage);
        Assert.NotNull(await FindAsync(stage, track));
        Assert.NotNull(await FindAsync(stage, cut));

        clock.Later = TimeSpan.FromHours(25);
        await SweepAsync(stage);
        Assert.Null(await FindAsync(stage, track));
        Assert.Null(await FindAsync(stage, cut));
        await SweepAsync(stage);
        Assert.Equal("onRequest", Assert.Single(await stage.FilesAsync(recorded), file => file.Name == "01-Ada.wav").State);

        await stage.RenderAsync(recorded, $"{RenderTable.TrackKey(Ada)}.wav");
        await SweepAsync(stage);
        Assert.Equal(wav.Length, (await FindAsync(stage, track))!.Value.Length);
        Assert.Equal(flac.Length, (await FindAsync(stage, $"{recorded.Id}/{RenderTable.TrackKey(Ada)}.flac"))!.Value.Length);
    }

    [Fact]
    public async Task Sweep_takes_five_hundred_at_a_time()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        RenderTable table = stage.Get<RenderTable>();
        RecordingId recording = RecordingId.New(TimeProvider.System);
        DateTimeOffset due = TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(400); // before those of other tests
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await Parallel.ForEachAsync(Enumerable.Range(0, 501), cancellation, async (file, stop) =>
            await table.ScheduleAsync(recording, $"{file}.wav", due, stop));
        await SweepAsync(stage);
        Assert.Equal(1, await table.ListDueAsync(due + TimeSpan.FromSeconds(1), cancellation).CountAsync(cancellation));
        await SweepAsync(stage);
        Assert.Equal(0, await table.ListDueAsync(due + TimeSpan.FromSeconds(1), cancellation).CountAsync(cancellation));
    }

    [Fact]
    public async Task Text_that_somebody_hands_in_is_listed_taken_and_bundled()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 48_000), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(stage, recorded, "transcript.vtt"));
        byte[] text = "WEBVTT\n"u8.ToArray();
        for (int turn = 0; turn < 2; turn++)
        {
            Assert.True(await stage.Get<TextFiles>().TryPutAsync(recorded.Id, "transcript.vtt", text,
                TestContext.Current.CancellationToken));
        }
        Assert.Equal("transcript", Assert.Single(await stage.FilesAsync(recorded), file => file.Name == "transcript.vtt").Kind);
        Assert.Equal(text, await stage.DownloadAsync(recorded, "transcript.vtt"));
        using System.IO.Compression.ZipArchive zip = new(new MemoryStream(await stage.DownloadAsync(recorded, "all-flac.zip")));
        Assert.Contains(zip.Entries, entry => entry.FullName == "transcript.vtt" && entry.Length == text.Length);
    }

    private static Task SweepAsync(RenderStage stage) => stage.Get<PassingFilesSweep>().RunAsync(TestContext.Current.CancellationToken);

    private static Task<(Azure.ETag Version, long Length)?> FindAsync(RenderStage stage, string name) =>
        stage.Get<RendersContainer>().FindAsync(name, TestContext.Current.CancellationToken);

    private static async Task<HttpStatusCode> StatusAsync(RenderStage stage, Recorded recorded, string file)
    {
        using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}/files/{file}");
        return answer.StatusCode;
    }

    /// <summary>The system's clock, set forward; how fast it runs stays.</summary>
    private sealed class LaterClock : TimeProvider
    {
        public TimeSpan Later { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Later;
    }
}
