using System.Net;
using System.Text;
using System.Text.Json;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>Recordings that are not what one thinks of: each ends in the right file or in one clear answer.</summary>
public sealed class HostileRecordingsTests(AzuriteFixture azurite) : IDisposable
{
    private readonly Judge judge = new();

    public void Dispose() => judge.Dispose();

    [Fact]
    public async Task Names_of_all_kinds_become_files_of_every_system()
    {
        string[] names = ["Ada", "Ada", "../../etc/passwd", "CON", "a\u202Egpj.exe", "👩‍💻 Ω مرحبا", new string('Ж', 300), " . ", "\ud800",
            "x:y*z?\"<>|\\"];
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        for (int user = 0; user < names.Length; user++)
        {
            string name = names[user].Length > 100 ? names[user][..100] : string.IsNullOrWhiteSpace(names[user]) ? "." : names[user];
            await stage.AddAsync(recorded, (ulong)user + 1, name.Replace("\ud800", "\ufffd", StringComparison.Ordinal), user * 960,
                Speech.Of("ada", 960), 1);
        }
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        string[] files = [.. (await stage.FilesAsync(recorded)).Where(file => file is { Kind: "track", Format: "flac" })
            .Select(file => file.Name)];
        Assert.Equal(names.Length, files.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(files, file =>
        {
            Assert.InRange(Encoding.UTF8.GetByteCount(file), 1, 255);
            Assert.DoesNotContain(file, character =>
                "\"*/:<>?\\|".Contains(character) || char.IsControl(character) || character == '\u202E');
        });
        Assert.Contains("06-👩‍💻 Ω مرحبا.flac", files);
        foreach (string file in files) Assert.NotEmpty(await stage.DownloadAsync(recorded, file));
    }

    [Fact]
    public async Task Segment_that_is_not_what_its_row_says_is_silence_and_is_named()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        short[] speech = Speech.Of("ada", 48_000);
        for (int part = 0; part < 5; part++) await stage.AddAsync(recorded, 1, "Ada", part * 48_000, speech, 1);
        await stage.FinalizeAsync(recorded);
        await stage.SpoilAsync(recorded, 1, new byte[300]);
        await stage.SpoilAsync(recorded, 2, new byte[44 + 96_000]); // the length fits, the header does not
        await stage.SpoilAsync(recorded, 3, []); // not there
        await stage.RenderAsync(recorded);
        short[] heard = judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac");
        Assert.Equal(speech, heard[..48_000]);
        Assert.All(heard[48_000..192_000], value => Assert.Equal(0, value));
        Assert.Equal(speech, heard[192_000..]);
        using JsonDocument info = JsonDocument.Parse(await stage.DownloadAsync(recorded, "info.json"));
        Assert.Equal([1, 2, 3],
            info.RootElement.GetProperty("tracks")[0].GetProperty("unreadableSegments").EnumerateArray().Select(index => index.GetInt32()));
    }

    [Fact]
    public async Task One_sample_is_a_whole_recording()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, 1, "Ada", 0, [1234], 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Assert.Equal([1234], judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac"));
        Assert.Single(judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.opus"), "opus"));
        Assert.Equal([1234], judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.wav"), "wav"));
        Assert.Equal(2, judge.Decode(await stage.DownloadAsync(recorded, "mix.flac"), "flac").Length);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(12, Traits = ["Category", "Long"])]
    public async Task Hours_of_silence_cost_a_few_blocks(int hours)
    {
        Judge.SkipUnlessInstalled("flac", "ffprobe");
        long end = hours * 3600L * 48_000;
        await using RenderStage stage = await RenderStage.StartAsync(azurite, new RenderOptions { Formats = ["flac"] });
        Recorded recorded = await stage.BeginAsync();
        short[] speech = Speech.Of("ada", 48_000);
        await stage.AddAsync(recorded, 1, "Ada", 0, speech, 1);
        await stage.AddAsync(recorded, 2, "Grace", end - 48_000, speech, 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        foreach (string name in new[] { "01-Ada.flac", "02-Grace.flac", "mix.flac" })
        {
            byte[] bytes = await stage.DownloadAsync(recorded, name);
            string file = judge.Save(name, bytes);
            string said = judge.Run("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file).Trim();
            Assert.Equal(hours * 3600, double.Parse(said, System.Globalization.CultureInfo.InvariantCulture), 0.01);
            judge.Run("flac", "-t", "-s", file);
            Assert.True(bytes.Length < hours * 1_500_000, $"{name}: {bytes.Length} bytes");
        }
    }

    [Fact]
    public async Task Recording_without_audio_has_no_files()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Assert.Empty(await stage.FilesAsync(recorded));
    }

    [Fact]
    public async Task Unknown_names_and_recordings_have_one_clear_answer()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, 1, "Ada", 0, Speech.Of("ada", 48_000), 1);
        await stage.FinalizeAsync(recorded);
        foreach (string path in new[] { $"{recorded.Id}/files/mix.aac", $"{recorded.Id}/files/..%2F..%2Fx",
            $"{recorded.Id}/tracks/99/peaks", "nothing/files", $"{Contracts.RecordingId.New(TimeProvider.System)}/files/mix.flac" })
        {
            using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{path}");
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        }
        using HttpResponseMessage range = await stage.GetAsync($"api/recordings/{recorded.Id}/tracks/1/peaks?from=9&to=3");
        Assert.Equal(HttpStatusCode.BadRequest, range.StatusCode);
    }

    [Fact]
    public async Task Deleted_recording_leaves_nothing_and_late_messages_bring_nothing_back()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, 1, "Ada", 0, Speech.Of("ada", 48_000), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Assert.NotEmpty(await stage.DownloadAsync(recorded, "mix.flac"));
        Assert.NotEmpty(await stage.NamesAsync(recorded.Id));
        using HttpResponseMessage deleted = await stage.DeleteAsync($"api/recordings/{recorded.Id}");
        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        // In pieces, as a recording of many hours takes them.
        Assert.Equal(3, await stage.Get<RenderRecording>().EraseSomeAsync(recorded.Id, 3, TestContext.Current.CancellationToken));
        await stage.Get<RecordingErasure>()
            .RunAsync(new DeleteRecording { RecordingId = recorded.Id }, TestContext.Current.CancellationToken);
        await stage.RenderAsync(recorded);
        await stage.RenderAsync(recorded, "mix.wav");
        Assert.Empty(await stage.Get<RenderTable>().ReadJobsAsync(recorded.Id, TestContext.Current.CancellationToken));
        Assert.Empty(await stage.NamesAsync(recorded.Id));
        using HttpResponseMessage files = await stage.GetAsync($"api/recordings/{recorded.Id}/files");
        Assert.Equal(HttpStatusCode.NotFound, files.StatusCode);
    }
}
