using System.IO.Compression;
using System.Net;
using System.Text;
using Azure;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.RecordingApi.Tests.Transcripts;
using Pipeline.Storage;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>A finished recording that changes: every file that is given afterwards is of the recording as it is then.</summary>
public sealed class ChangedFilesTests(AzuriteFixture azurite)
{
    private const int Second = 48_000;
    private static readonly RenderOptions Flac = new() { Formats = ["flac"] }, Small = new() { Formats = ["flac", "mp3"] };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task New_title_is_in_every_file_that_has_one()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await RenderedAsync(stage);
        (string Name, string Query)[] titled = [("info.json", ""), ("01-Ada.flac", ""), ("mix.flac", ""), ("mix.wav", ""),
            ("mix.flac", "?from=1&to=2"), ("all-flac.zip", "")];
        foreach ((string name, string query) in titled)
            Assert.True(Holds(await stage.DownloadAsync(recorded, name, query), "Abend"), $"{name}{query}");

        await stage.PatchAsync(recorded, """{"title":"Morgen"}""");
        await stage.DrainAsync(recorded);

        foreach ((string name, string query) in titled)
        {
            byte[] file = await stage.DownloadAsync(recorded, name, query);
            Assert.True(Holds(file, "Morgen") && !Holds(file, "Abend"), $"{name}{query}");
        }
        await stage.PatchAsync(recorded, """{"title":"Morgen"}"""); // again, as who got no answer does
        await stage.DrainAsync(recorded);
        Assert.True(Holds(await stage.DownloadAsync(recorded, "info.json"), "Morgen"));
    }

    [Fact]
    public async Task Late_segment_and_a_new_note_are_in_what_was_asked_for_before_and_the_rest_is_not_made_again()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Small);
        Recorded recorded = await RenderedAsync(stage);
        (string Name, string Query)[] changing = [("all-flac.zip", ""), ("all-mp3.zip", ""), ("01-Ada.mp3", ""), ("01-Ada.wav", ""),
            ("mix.wav", ""), ("mix.mp3", "?from=3&to=5"), ("01-Ada.wav", "?from=1&to=2")];
        Dictionary<(string, string), byte[]> before = [];
        foreach ((string name, string query) in changing) before[(name, query)] = await stage.DownloadAsync(recorded, name, query);
        byte[] cut = await stage.DownloadAsync(recorded, "mix.mp3", "?from=131&to=132"); // in a minute that stays as it is
        ETag same = await VersionAsync(stage, recorded, "cut-6288000-6336000-mix.mp3");

        await stage.AddAsync(recorded, Ada, "Ada", 4 * Second, Speech.Of("grace", 2 * Second), 1);
        await stage.AddAsync(recorded, Ada, "Ada", 90 * Second, Speech.Of("grace", 2 * Second), 1);
        await stage.FinalizeAsync(recorded, amends: true,
            notes: [new RecordingNote { Sample = 72_000, UserId = Ada, Text = "remember" }]);
        await stage.DrainAsync(recorded);

        Assert.Equal(("onRequest", 0, null), StateOf(await stage.FilesAsync(recorded), "01-Ada.mp3"));
        Assert.Equal(("onRequest", 0, null), StateOf(await stage.FilesAsync(recorded), "all-flac.zip"));
        foreach ((string name, string query) in changing)
        {
            byte[] after = await stage.DownloadAsync(recorded, name, query);
            Assert.False(before[(name, query)].AsSpan().SequenceEqual(after), $"{name}{query}");
        }
        Assert.True(Holds(await stage.DownloadAsync(recorded, "01-Ada.wav", "?from=1&to=2"), "remember"));
        using ZipArchive zip = new(new MemoryStream(await stage.DownloadAsync(recorded, "all-mp3.zip")));
        Assert.Equal((await stage.DownloadAsync(recorded, "01-Ada.mp3")).Length, zip.GetEntry("01-Ada.mp3")!.Length);
        Assert.Equal(cut, await stage.DownloadAsync(recorded, "mix.mp3", "?from=131&to=132"));
        Assert.Equal(same, await VersionAsync(stage, recorded, "cut-6288000-6336000-mix.mp3"));
        await NothingIsAskedForAsync(stage, recorded, changing);
    }

    [Fact]
    public async Task Recording_that_is_kept_has_the_files_that_it_had()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Small);
        Recorded recorded = await RenderedAsync(stage);
        await stage.DownloadAsync(recorded, "01-Ada.mp3");
        await stage.DownloadAsync(recorded, "all-mp3.zip");
        string track = $"{RenderTable.TrackKey(Ada)}.mp3";
        (ETag mp3, ETag zip) = (await VersionAsync(stage, recorded, track), await VersionAsync(stage, recorded, "all-mp3.zip"));

        await stage.PatchAsync(recorded, """{"isKept":true}""");
        await stage.DownloadAsync(recorded, "all-mp3.zip");
        await stage.DownloadAsync(recorded, "01-Ada.mp3");

        Assert.Equal((mp3, zip), (await VersionAsync(stage, recorded, track), await VersionAsync(stage, recorded, "all-mp3.zip")));
        await NothingIsAskedForAsync(stage, recorded, ("01-Ada.mp3", ""), ("all-mp3.zip", ""));
    }

    [Fact]
    public async Task Text_that_came_later_is_in_the_next_bundle_a_minute_after_the_last_one()
    {
        Ahead clock = new();
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac, clock);
        Recorded recorded = await RenderedAsync(stage);
        Assert.DoesNotContain("transcript.vtt", await EntriesAsync(stage, recorded));
        Assert.True(await stage.Get<TextFiles>().TryPutAsync(recorded.Id, "transcript.vtt", "WEBVTT\n"u8.ToArray(), Cancellation));
        clock.By = TimeSpan.FromSeconds(50);
        Assert.DoesNotContain("transcript.vtt", await EntriesAsync(stage, recorded));
        clock.By = TimeSpan.FromSeconds(70);
        Assert.Contains("transcript.vtt", await EntriesAsync(stage, recorded));
        await NothingIsAskedForAsync(stage, recorded, ("all-flac.zip", ""));

        Assert.True(await stage.Get<TextFiles>().TryPutAsync(recorded.Id, "transcript.vtt", "WEBVTT\n\n"u8.ToArray(), Cancellation));
        clock.By = TimeSpan.FromSeconds(200);
        using ZipArchive zip = new(new MemoryStream(await stage.DownloadAsync(recorded, "all-flac.zip")));
        Assert.Equal(8, zip.GetEntry("transcript.vtt")!.Length);
    }

    private static async Task<Recorded> RenderedAsync(RenderStage stage)
    {
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 3 * Second), 1);
        await stage.AddAsync(recorded, Ada, "Ada", 100 * Second, Speech.Of("ada", 3 * Second), 1);
        await stage.AddAsync(recorded, Ada, "Ada", 130 * Second, Speech.Of("ada", 3 * Second), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        return recorded;
    }

    private static async Task NothingIsAskedForAsync(RenderStage stage, Recorded recorded, params (string Name, string Query)[] files)
    {
        await stage.DrainAsync(recorded);
        foreach ((string name, string query) in files)
        {
            using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}/files/{name}{query}");
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        }
        Assert.Empty(await stage.TakeMessagesAsync(recorded.Id));
    }

    private static async Task<string[]> EntriesAsync(RenderStage stage, Recorded recorded)
    {
        using ZipArchive zip = new(new MemoryStream(await stage.DownloadAsync(recorded, "all-flac.zip")));
        return [.. zip.Entries.Select(entry => entry.FullName)];
    }

    private static (string State, double Progress, long? Bytes) StateOf(IReadOnlyList<RecordingFile> files, string name)
    {
        RecordingFile file = Assert.Single(files, file => file.Name == name);
        return (file.State, file.Progress, file.Bytes);
    }

    private static async Task<ETag> VersionAsync(RenderStage stage, Recorded recorded, string key) =>
        (await stage.Get<RendersContainer>().FindAsync($"{recorded.Id}/{key}", Cancellation))!.Value.Version;

    private static bool Holds(byte[] file, string text) => file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
}
