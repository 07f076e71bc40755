using System.Globalization;
using System.Text;
using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>Notes in the files beside the sound, and lengths that nobody told in samples.</summary>
public sealed class NotesTests(AzuriteFixture azurite) : IDisposable
{
    private readonly Judge judge = new();

    public void Dispose() => judge.Dispose();

    [Fact]
    public async Task Long_note_is_whole_and_one_at_the_very_end_is_in_every_file()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 48_017), 1);
        string note = $"see https://example.org/a?b=c|d: {new string('Ж', 360)}";
        await stage.FinalizeAsync(recorded, notes:
        [
            new RecordingNote { Sample = 24_000, UserId = Ada, Text = note },
            new RecordingNote { Sample = 48_017, UserId = Ada, Text = "end" },
        ]);
        await stage.RenderAsync(recorded);
        string labels = Encoding.UTF8.GetString(await stage.DownloadAsync(recorded, "labels.txt"));
        Assert.Equal($"0.500000\t0.500000\t{note}\n1.000354\t1.000354\tend\n", labels);
        using System.IO.Compression.ZipArchive bundle = new(new MemoryStream(await stage.DownloadAsync(recorded, "all-flac.zip")));
        using StreamReader project = new(await bundle.GetEntry("project.rpp")!.OpenAsync(TestContext.Current.CancellationToken));
        string text = await project.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains($"  MARKER 1 0.500000 \"{note}\" 0\n  MARKER 2 1.000354 \"end\" 0\n", text, StringComparison.Ordinal);
        byte[] wav = await stage.DownloadAsync(recorded, "01-Ada.wav");
        Assert.Equal([24_000, 48_017], Cues(wav));
        using JsonDocument info = JsonDocument.Parse(await stage.DownloadAsync(recorded, "info.json"));
        Assert.Equal("2", info.RootElement.GetProperty("channelId").GetString());
        Assert.Equal(recorded.StartedAt.AddMilliseconds(1_000), info.RootElement.GetProperty("endedAt").GetDateTimeOffset());
        Assert.Equal(0, info.RootElement.GetProperty("missingSegmentCount").GetInt32());
        Assert.Empty(info.RootElement.GetProperty("unverifiedUserIds").EnumerateArray());
    }

    /// <summary>The segment's length is that of its file, to the sample, wherever it is told.</summary>
    [Theory]
    [InlineData(1, 0, 1, null)] // less than a millisecond
    [InlineData(1, 0, 1, 1)]
    [InlineData(480_010, 10_000, 1, null)]
    [InlineData(480_010, 10_000, 2, null)]
    [InlineData(480_010, 10_000, 2, 2)]
    public async Task Segment_without_samples_is_as_long_as_its_file(int samples, long duration, int channels, int? said)
    {
        Judge.SkipUnlessInstalled("flac");
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", samples, channels), channels);
        recorded.Segments[0] = recorded.Segments[0] with { SampleCount = null, Channels = said, Duration = duration };
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Assert.Equal(recorded.Track(Ada), judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac"));
        using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}");
        using JsonDocument details = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(samples, details.RootElement.GetProperty("durationSamples").GetInt64());
        JsonElement track = Assert.Single(details.RootElement.GetProperty("tracks").EnumerateArray());
        Assert.Equal(samples, track.GetProperty("spokenSamples").GetInt64());
        using HttpResponseMessage list = await stage.GetAsync($"api/recordings/{recorded.Id}/segments");
        using JsonDocument segments = JsonDocument.Parse(await list.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(samples, segments.RootElement.GetProperty("segments")[0].GetProperty("sampleCount").GetInt64());
    }

    // Positions of a WAV file's cue chunk: 24 bytes each, the position in frames at 4.
    private static IEnumerable<int> Cues(byte[] wav)
    {
        int at = wav.AsSpan().LastIndexOf("cue "u8), count = BitConverter.ToInt32(wav, at + 8);
        Assert.True(at > 0, string.Create(CultureInfo.InvariantCulture, $"no cues in {wav.Length} bytes"));
        return Enumerable.Range(0, count).Select(cue => BitConverter.ToInt32(wav, at + 12 + (cue * 24) + 20));
    }
}
