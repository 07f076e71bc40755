using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Azure.Data.Tables;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>From segments in the storage to files that programs of others judge.</summary>
public sealed class RenderedFilesTests(AzuriteFixture azurite, ITestOutputHelper output) : IDisposable
{
    private static readonly RenderOptions Flac = new() { Formats = [RenderFormat.Flac] };

    private readonly Judge judge = new();

    public void Dispose() => judge.Dispose();

    [Fact]
    public async Task Tracks_are_the_segments_sample_for_sample_and_the_mix_is_level()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg", "ffprobe");
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await TalkAsync(stage);
        // A third minute, so that there is one that is neither the first nor the last.
        await stage.AddAsync(recorded, Grace, "Grace", (2 * Minute) + 4_321, Speech.Of("grace", 48_000), 1);
        await stage.FinalizeAsync(recorded, notes: [new RecordingNote { Sample = 48_000, UserId = Ada, Text = "note\tone" }]);
        await stage.RenderAsync(recorded);

        foreach ((ulong user, string name, int channels) in new[] { (Ada, "01-Ada Lovelace", 2), (Grace, "02-Grace", 1) })
        {
            Assert.Equal(recorded.Track(user), judge.Decode(await stage.DownloadAsync(recorded, $"{name}.flac"), "flac"));
            Assert.Equal(recorded.End * channels, judge.Decode(await stage.DownloadAsync(recorded, $"{name}.opus"), "opus").Length);
            Assert.Equal(recorded.Track(user), judge.Decode(await stage.DownloadAsync(recorded, $"{name}.wav"), "wav"));
        }
        byte[] mix = await stage.DownloadAsync(recorded, "mix.flac");
        Assert.Equal(recorded.End * 2, judge.Decode(mix, "flac").Length);
        Assert.Equal(recorded.End * 2, judge.Decode(await stage.DownloadAsync(recorded, "mix.opus"), "opus").Length);
        Assert.Equal(recorded.End * 2, judge.Decode(await stage.DownloadAsync(recorded, "mix.mp3"), "mp3").Length);
        Assert.Equal(judge.Decode(mix, "flac"), judge.Decode(await stage.DownloadAsync(recorded, "mix.wav"), "wav"));
        (double loudness, double peak) = judge.Loudness(mix, "flac");
        output.WriteLine($"mix: {loudness} LUFS, {peak} dBTP");
        Assert.InRange(loudness, -17, -15);
        Assert.True(peak <= -1, $"{peak} dBTP");
        using JsonDocument info = JsonDocument.Parse(await stage.DownloadAsync(recorded, "info.json"));
        Assert.InRange(info.RootElement.GetProperty("mixLoudness").GetDouble() - loudness, -0.5, 0.5);
        Assert.Equal(recorded.End, info.RootElement.GetProperty("totalSamples").GetInt64());
        Assert.Equal("1.000000\t1.000000\tnote one\n",
            System.Text.Encoding.UTF8.GetString(await stage.DownloadAsync(recorded, "labels.txt")));
        Assert.All((await stage.FilesAsync(recorded)).Where(file => file.Kind is "track" or "mix" && file.Format != "mp3"), file =>
            Assert.Equal("ready", file.State));
    }

    [Fact]
    public async Task Late_segment_renders_its_own_windows_and_no_other()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await stage.BeginAsync();
        short[] speech = Speech.Of("ada", 20 * 48_000);
        for (int minute = 0; minute < 3; minute++) await stage.AddAsync(recorded, Ada, "Ada", (minute * (long)Minute) + 48_000, speech, 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Dictionary<string, string> before = await RowsAsync(stage, recorded);
        byte[] first = await stage.DownloadAsync(recorded, "01-Ada.flac");
        await stage.RenderAsync(recorded);
        string told = Assert.Single(await FilesReadyAsync(stage, recorded));

        await stage.AddAsync(recorded, Ada, "Ada", Minute + (30 * 48_000), Speech.Of("grace", 5 * 48_000), 1);
        await stage.FinalizeAsync(recorded, amends: true);
        await stage.RenderAsync(recorded);

        string[] toldTwice = await FilesReadyAsync(stage, recorded);
        Assert.Equal(2, toldTwice.Length);
        Assert.Contains(told, toldTwice);
        Dictionary<string, string> after = await RowsAsync(stage, recorded);
        string[] changed = [.. before.Keys.Where(key => before[key] != after[key])];
        Assert.Equal([$"w-{Ada:D20}-000001", "w-mix-000001"], changed.Order(StringComparer.Ordinal));
        byte[] second = await stage.DownloadAsync(recorded, "01-Ada.flac");
        Assert.NotEqual(first, second);
        Assert.Equal(recorded.Track(Ada), judge.Decode(second, "flac"));
    }

    [Theory]
    [InlineData("flac")]
    [InlineData("mp3", Traits = ["Category", "Long"])]
    public async Task Bundle_is_a_zip_that_others_open(string format)
    {
        Judge.SkipUnlessInstalled("unzip");
        await using RenderStage stage = await RenderStage.StartAsync(azurite,
            format == RenderFormat.Flac ? Flac : new RenderOptions { Formats = [RenderFormat.Flac, format] });
        Recorded recorded = await TalkAsync(stage);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        byte[] zip = await stage.DownloadAsync(recorded, $"all-{format}.zip");
        judge.Run("unzip", "-t", judge.Save("all.zip", zip));
        using ZipArchive archive = new(new MemoryStream(zip));
        Assert.Equal([$"01-Ada Lovelace.{format}", $"02-Grace.{format}", $"mix.{format}", "info.json", "labels.txt", "project.lof",
            "project.rpp"], archive.Entries.Select(entry => entry.FullName));
        foreach (string name in new[] { $"01-Ada Lovelace.{format}", $"mix.{format}", "info.json" })
        {
            using MemoryStream content = new();
            await using (Stream entry = await archive.GetEntry(name)!.OpenAsync(
                TestContext.Current.CancellationToken)) await entry.CopyToAsync(content, TestContext.Current.CancellationToken);
            Assert.Equal(await stage.DownloadAsync(recorded, name), content.ToArray());
        }
    }

    [Fact]
    public async Task Windows_of_a_running_recording_are_rendered_and_the_end_adds_the_rest()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await stage.BeginAsync();
        short[] speech = Speech.Of("ada", 10 * 48_000);
        for (int part = 0; part < 15; part++) await stage.MoveAsync(recorded, Ada, "Ada", part * 480_000L, speech);
        await stage.RenderAsync(recorded);
        Dictionary<string, string> live = await RowsAsync(stage, recorded);
        Assert.Equal([$"w-{Ada:D20}-000000", $"w-{Ada:D20}-000001", "w-mix-000000", "w-mix-000001"],
            live.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(1200, await PeaksAsync(stage, recorded, "?from=0&to=60"));
        // What is not rendered yet is not said to be silence.
        Assert.Equal(2 * 1200, await PeaksAsync(stage, recorded, ""));
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Dictionary<string, string> final = await RowsAsync(stage, recorded);
        Assert.All(live, row => Assert.Equal(row.Value, final[row.Key]));
        Assert.Equal(recorded.Track(Ada), judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac"));
    }

    [Fact]
    public async Task Recording_is_told_to_be_as_long_as_its_files_are()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 480_020), 1); // its end is told as 10,000 ms
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        using JsonDocument info = JsonDocument.Parse(await stage.DownloadAsync(recorded, "info.json"));
        Assert.Equal(480_020, info.RootElement.GetProperty("totalSamples").GetInt64());
        foreach (string query in new[] { "", "?segments=none" })
        {
            using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}{query}");
            using JsonDocument details = JsonDocument.Parse(
                await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            Assert.Equal((480_020L, 480_020L, 480_020L, 10_000L),
                (details.RootElement.GetProperty("durationSamples").GetInt64(), details.RootElement.GetProperty("safeSamples").GetInt64(),
                details.RootElement.GetProperty("tracks")[0].GetProperty("durationSamples").GetInt64(),
                details.RootElement.GetProperty("duration").GetInt64()));
        }
    }

    /// <summary>The service refuses a block without bytes, which the emulator takes.</summary>
    [Fact]
    public async Task Text_without_a_word_is_a_file_without_a_block()
    {
        using Wire wire = new();
        await using RenderStage stage = await RenderStage.StartAsync(ClassStorage.Of(azurite), transport: wire);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 48_000), 1);
        RecordingNote note = new() { Sample = 0, UserId = Ada, Text = "note" };
        foreach (RecordingNote[] notes in (RecordingNote[][])[[], [note], []])
        {
            wire.Asked.Clear();
            await stage.FinalizeAsync(recorded, amends: true, notes: notes);
            await stage.RenderAsync(recorded);
            Assert.Equal(notes.Length, wire.Asked.Count(address => address.Contains("labels.txt?comp=block&", StringComparison.Ordinal)));
            Assert.Equal(notes.Length > 0, (await stage.DownloadAsync(recorded, "labels.txt")).Length > 0);
        }
    }

    private static async Task<int> PeaksAsync(RenderStage stage, Recorded recorded, string query)
    {
        using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}/tracks/{Ada}/peaks{query}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        byte[] peaks = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.Contains(peaks, value => value != 0);
        return peaks.Length;
    }

    /// <summary>Ids of the events that said that the files are whole; each names the mix.</summary>
    private static async Task<string[]> FilesReadyAsync(RenderStage stage, Recorded recorded)
    {
        List<TableEntity> rows = [];
        await foreach (TableEntity row in stage.Storage.Tables.GetTableClient(StorageNames.EventsTable).QueryAsync<TableEntity>(
            row => row.PartitionKey == "log", cancellationToken: TestContext.Current.CancellationToken)) rows.Add(row);
        string[] json = [.. rows.Where(row => row.RowKey.Contains($"files.ready_{recorded.Id}", StringComparison.Ordinal))
            .Select(row => System.Text.Encoding.UTF8.GetString(row.GetBinary("Json")))];
        Assert.All(json, text => Assert.Contains("\"mix.flac\"", text, StringComparison.Ordinal));
        return [.. json.Select(text => JsonDocument.Parse(text).RootElement.GetProperty("id").GetString()!)];
    }

    private static async Task<Dictionary<string, string>> RowsAsync(RenderStage stage, Recorded recorded)
    {
        TableClient table = stage.Storage.Tables.GetTableClient(StorageNames.RendersTable);
        Dictionary<string, string> rows = [];
        await foreach (TableEntity row in table.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {recorded.Id.ToString()}"),
            cancellationToken: TestContext.Current.CancellationToken))
        {
            if (row.RowKey.StartsWith("w-", StringComparison.Ordinal)) rows[row.RowKey] = row.ETag.ToString();
        }
        return rows;
    }
}
