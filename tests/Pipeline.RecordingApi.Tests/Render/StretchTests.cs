using System.IO.Compression;
using System.Net;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>Parts of a recording as files: the very samples that the whole has there.</summary>
public sealed class StretchTests(AzuriteFixture azurite) : IDisposable
{
    // Over the border of two windows, and no whole number of any frame.
    private const string Query = "?from=50.5003&to=75.25";
    private const int From = 2_424_014, Length = 3_612_000 - From;
    private static readonly RenderOptions Flac = new() { Formats = [RenderFormat.Flac] };

    private readonly Judge judge = new();

    public void Dispose() => judge.Dispose();

    [Fact]
    public async Task Stretch_has_the_samples_of_the_whole()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        // The whole is needed as FLAC only; the stretches are made by one that knows the other formats.
        await using RenderStage whole = await RenderStage.StartAsync(azurite, Flac), stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await TalkAsync(whole);
        await whole.FinalizeAsync(recorded);
        await whole.RenderAsync(recorded);
        foreach ((ulong user, string name, int channels) in new[] { (Ada, "01-Ada Lovelace", 2), (Grace, "02-Grace", 1) })
        {
            short[] expected = recorded.Track(user)[(From * channels)..((From + Length) * channels)];
            Assert.Equal(expected, judge.Decode(await stage.DownloadAsync(recorded, $"{name}.flac", Query), "flac"));
            Assert.Equal(expected, judge.Decode(await stage.DownloadAsync(recorded, $"{name}.wav", Query), "wav"));
        }
        short[] mix = judge.Decode(await stage.DownloadAsync(recorded, "mix.flac"), "flac");
        short[] part = judge.Decode(await stage.DownloadAsync(recorded, "mix.flac", Query), "flac");
        Assert.Equal(mix[(From * 2)..((From + Length) * 2)], part);
        string[] lossy = Pipeline.Audio.Mp3.Mp3Encoder.IsAvailable ? ["opus", "mp3"] : ["opus"];
        foreach (string format in lossy)
            Assert.Equal(Length * 2, judge.Decode(await stage.DownloadAsync(recorded, $"mix.{format}", Query), format).Length);
        using HttpResponseMessage named = await stage.GetAsync($"api/recordings/{recorded.Id}/files/mix.flac{Query}");
        Assert.Contains(Uri.EscapeDataString("mix 0.00.50-0.01.15.flac"), Uri.UnescapeDataString(named.Headers.Location!.Query),
            StringComparison.Ordinal);
        Assert.SkipUnless(lossy.Length == 2, "libmp3lame is not there: MP3 was left out");
    }

    /// <summary>The catalogue's row says nothing of the segments of a recording that runs.</summary>
    [Fact]
    public async Task Stretch_of_a_running_recording_is_made_again_for_a_late_segment()
    {
        Judge.SkipUnlessInstalled("flac");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await stage.BeginAsync();
        await stage.MoveAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 20 * 48_000));
        await stage.MoveAsync(recorded, Ada, "Ada", 2 * Minute, Speech.Of("ada", 20 * 48_000));
        await stage.RenderAsync(recorded);
        const string Late = "?from=30&to=40";
        Range range = (30 * 48_000)..(40 * 48_000);
        Assert.All(judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac", Late), "flac"), value => Assert.Equal(0, value));
        await stage.MoveAsync(recorded, Ada, "Ada", 32 * 48_000, Speech.Of("grace", 5 * 48_000));
        await stage.RenderAsync(recorded);
        Assert.Equal(recorded.Track(Ada)[range], judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac", Late), "flac"));
    }

    [Fact]
    public async Task Bundle_of_a_stretch_holds_every_track_of_it()
    {
        Judge.SkipUnlessInstalled("unzip", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await TalkAsync(stage);
        await stage.FinalizeAsync(recorded, notes:
        [
            new RecordingNote { Sample = From + 48_000, UserId = Ada, Text = "within" },
            new RecordingNote { Sample = 5, UserId = Ada, Text = "before" },
        ]);
        await stage.RenderAsync(recorded);
        byte[] zip = await stage.DownloadAsync(recorded, "all-wav.zip", Query);
        judge.Run("unzip", "-t", judge.Save("all.zip", zip));
        using ZipArchive archive = new(new MemoryStream(zip));
        Assert.Equal(["01-Ada Lovelace.wav", "02-Grace.wav", "mix.wav", "labels.txt", "project.lof", "project.rpp"],
            archive.Entries.Select(entry => entry.FullName));
        Assert.Equal(recorded.Track(Grace)[From..(From + Length)], judge.Decode(await ReadAsync(archive, "02-Grace.wav"), "wav"));
        Assert.Equal("1.000000\t1.000000\twithin\n", System.Text.Encoding.UTF8.GetString(await ReadAsync(archive, "labels.txt")));
    }

    [Theory]
    [InlineData("mix.flac", "?from=9&to=3", HttpStatusCode.BadRequest)]
    [InlineData("mix.flac", "?from=3&to=3", HttpStatusCode.BadRequest)]
    [InlineData("mix.flac", "?from=-1", HttpStatusCode.BadRequest)]
    [InlineData("mix.flac", "?from=one", HttpStatusCode.BadRequest)]
    [InlineData("mix.flac", "?from=1e3", HttpStatusCode.BadRequest)]
    [InlineData("mix.flac", "?from=2", HttpStatusCode.BadRequest)]
    [InlineData("info.json", "?from=0.5", HttpStatusCode.BadRequest)]
    [InlineData("mix.aac", "?from=0.5", HttpStatusCode.NotFound)]
    [InlineData("cut-0-999999-mix.flac", "", HttpStatusCode.NotFound)]
    [InlineData("cut-5-5-mix.flac", "", HttpStatusCode.NotFound)]
    [InlineData("cut-0-5-info.json", "", HttpStatusCode.NotFound)]
    [InlineData("mix.flac", "?from=0.5", HttpStatusCode.Accepted)]
    [InlineData("mix.flac", "?to=7", HttpStatusCode.Accepted)]
    public async Task Stretch_that_is_none_has_one_clear_answer(string name, string query, HttpStatusCode expected)
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 48_000), 1);
        await stage.FinalizeAsync(recorded);
        using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}/files/{name}{query}");
        Assert.Equal(expected, answer.StatusCode);
    }

    [Theory]
    [InlineData("-Infinity")]
    [InlineData("Infinity")]
    [InlineData("NaN")]
    [InlineData("1e999")]
    [InlineData("2678401")]
    [InlineData("1,5")]
    public async Task Time_that_is_no_number_of_seconds_is_refused_wherever_one_may_stand(string seconds)
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 48_000), 1);
        await stage.FinalizeAsync(recorded);
        foreach (string path in new[] { "files/mix.flac", $"tracks/{Ada}/peaks", "segments" })
        {
            foreach (string name in new[] { "from", "to" })
            {
                using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}/{path}?{name}={seconds}");
                Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{path}?{name}={seconds}: {answer.StatusCode}");
            }
        }
    }

    /// <summary>Gains may differ between two that make it: neither puts its bytes in the place of the other one's.</summary>
    [Fact]
    public async Task Blocks_of_what_was_asked_for_are_named_by_what_they_hold()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await TalkAsync(stage);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        foreach ((string name, string query, int count) in new[] { ("mix.flac", Query, 1), ("mix.wav", "", 2) })
        {
            byte[] file = await stage.DownloadAsync(recorded, name, query);
            string key = query.Length == 0 ? name : $"cut-{From}-{From + Length}-{name}";
            RenderJob job = (await stage.Get<RenderTable>().FindJobAsync(recorded.Id, key, TestContext.Current.CancellationToken)).Job!;
            Assert.Equal(file.Length, job.Length);
            RenderedPart[] windows = [.. job.Parts.Where(part => char.IsAsciiDigit(part.Block[0]))];
            Assert.Equal(count, windows.Length);
            Assert.All(windows, (part, window) => Assert.Equal(RenderedPart.BlockName($"{window}", part.Sha256), part.Block));
        }
    }

    private static async Task<byte[]> ReadAsync(ZipArchive archive, string name)
    {
        using MemoryStream content = new();
        await using Stream entry = await archive.GetEntry(name)!.OpenAsync(TestContext.Current.CancellationToken);
        await entry.CopyToAsync(content, TestContext.Current.CancellationToken);
        return content.ToArray();
    }
}
