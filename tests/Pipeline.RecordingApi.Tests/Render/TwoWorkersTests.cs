using System.IO.Compression;
using System.Text;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Deletion;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.RecordingApi.Tests.Transcripts;
using Pipeline.Storage;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>
/// Two processes at one file, of which one is slow and makes it of what the recording was before: what a file's row says stays what lies
/// in the storage.
/// </summary>
public sealed class TwoWorkersTests(AzuriteFixture azurite) : IDisposable
{
    private const int Second = 48_000;
    private static readonly RenderOptions Flac = new() { Formats = [RenderFormat.Flac] };

    private readonly Wire wire = new();
    private readonly Judge judge = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        wire.Dispose();
        judge.Dispose();
    }

    [Theory]
    [InlineData("Nacht")] // as long as the one before
    [InlineData("Morgen")]
    public async Task Title_that_came_while_the_slow_one_was_at_it_is_in_the_files(string title)
    {
        Judge.SkipUnlessInstalled("unzip");
        await using RenderStage slow = await SlowAsync(), other = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await TalkAsync(slow);
        wire.Hold("comp=blocklist");
        Task late = slow.Get<RenderRecording>().RunAsync(new RenderWindow { RecordingId = recorded.Id }, Cancellation);
        await wire.IsHeldAsync();

        await other.PatchAsync(recorded, $$"""{"title":"{{title}}"}""");
        await other.RenderAsync(recorded);
        wire.LetGo();
        await late;

        await other.RenderAsync(recorded);
        Assert.True(Holds(await other.DownloadAsync(recorded, "01-Ada.flac"), $"TITLE={title}"));
        await BundleIsSoundAsync(other, recorded);
    }

    [Fact]
    public async Task Late_segment_that_came_while_the_slow_one_was_at_it_is_in_the_file_that_was_asked_for()
    {
        Judge.SkipUnlessInstalled("ffmpeg");
        await using RenderStage slow = await SlowAsync(), other = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await TalkAsync(slow);
        await other.RenderAsync(recorded);
        string file = $"{RenderTable.TrackKey(Ada)}.wav";
        wire.Hold("segment_000.wav");
        Task late = slow.Get<RenderRecording>().RunAsync(new RenderWindow { RecordingId = recorded.Id, File = file }, Cancellation);
        await wire.IsHeldAsync();

        await other.AddAsync(recorded, Ada, "Ada", Second, Speech.Of("grace", Second), 1);
        await other.FinalizeAsync(recorded, amends: true);
        await other.RenderAsync(recorded);
        await other.DownloadAsync(recorded, "01-Ada.wav");
        wire.LetGo();
        await late;

        await other.RenderAsync(recorded, file);
        Assert.Equal(recorded.Track(Ada), judge.Decode(await other.DownloadAsync(recorded, "01-Ada.wav"), "wav"));
    }

    [Fact]
    public async Task Bundle_that_the_slow_one_makes_of_older_files_is_not_the_one_that_is_given()
    {
        Judge.SkipUnlessInstalled("unzip");
        await using RenderStage slow = await SlowAsync(), other = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await TalkAsync(slow);
        await other.RenderAsync(recorded);
        wire.Hold("all-flac.zip?comp=blocklist");
        RenderWindow asked = new() { RecordingId = recorded.Id, File = "all-flac.zip" };
        Task late = slow.Get<RenderRecording>().RunAsync(asked, Cancellation);
        await wire.IsHeldAsync();

        await other.PatchAsync(recorded, """{"title":"Nacht"}""");
        await other.RenderAsync(recorded);
        await other.DownloadAsync(recorded, "all-flac.zip");
        wire.LetGo();
        await late;

        await other.RenderAsync(recorded, "all-flac.zip");
        await BundleIsSoundAsync(other, recorded);
    }

    [Fact]
    public async Task Text_of_the_slow_one_does_not_come_in_the_place_of_a_newer_one()
    {
        using Wire second = new();
        await using RenderStage slow = await SlowAsync(),
            other = await RenderStage.StartAsync(ClassStorage.Of(azurite), Flac, transport: second);
        Recorded recorded = await TalkAsync(slow);
        await other.RenderAsync(recorded);
        byte[] older = "WEBVTT\n"u8.ToArray(), newer = "WEBVTT\n\n"u8.ToArray();
        second.Hold($"/{StorageNames.RendersTable}?"); // the file is there, its row is not
        Task<bool> quick = other.Get<TextFiles>().TryPutAsync(recorded.Id, "transcript.vtt", newer, Cancellation);
        await second.IsHeldAsync();
        wire.Hold("comp=block&");
        Task<bool> late = slow.Get<TextFiles>().TryPutAsync(recorded.Id, "transcript.vtt", older, Cancellation);
        await wire.IsHeldAsync();
        second.LetGo();
        Assert.True(await quick);
        wire.LetGo();
        Assert.False(await late);

        Assert.True(await other.Get<TextFiles>().TryPutAsync(recorded.Id, "transcript.vtt", newer, Cancellation));
        Assert.Equal(newer, await other.DownloadAsync(recorded, "transcript.vtt"));
    }

    [Fact]
    public async Task File_that_is_made_again_while_its_old_one_goes_is_there()
    {
        Ahead clock = new();
        await using RenderStage slow = await RenderStage.StartAsync(ClassStorage.Of(azurite), Flac, clock, wire),
            other = await RenderStage.StartAsync(azurite, Flac, clock);
        Recorded recorded = await TalkAsync(other);
        await other.RenderAsync(recorded);
        byte[] first = await other.DownloadAsync(recorded, "01-Ada.wav");
        clock.By = TimeSpan.FromHours(25);
        string blob = $"/{StorageNames.RendersContainer}/{recorded.Id}/{RenderTable.TrackKey(Ada)}.wav";
        int looks = 0;
        // It is looked for, its row goes, and somebody asks for it before it is deleted.
        wire.Before = address => address.Contains(blob, StringComparison.Ordinal) && ++looks == 2
            ? other.DownloadAsync(recorded, "01-Ada.wav") : Task.CompletedTask;

        await slow.Get<PassingFilesSweep>().RunAsync(Cancellation);

        Assert.Equal(2, looks);
        Assert.Equal(first, await other.DownloadAsync(recorded, "01-Ada.wav"));
        clock.By = TimeSpan.FromHours(51);
        await other.Get<PassingFilesSweep>().RunAsync(Cancellation);
        Assert.DoesNotContain(blob[(StorageNames.RendersContainer.Length + 2)..], await other.NamesAsync(recorded.Id));
    }

    /// <summary>Nothing that this API does leaves it so; a bundle that waits for it would wait for ever.</summary>
    [Theory]
    [InlineData("01-Ada.flac", true)]
    [InlineData("01-Ada.flac", false)]
    [InlineData("01-Ada.wav", true)]
    [InlineData("01-Ada.wav", false)]
    [InlineData("info.json", true)]
    [InlineData("info.json", false)]
    public async Task File_that_is_not_what_its_row_says_is_made_again_for_the_bundle(string name, bool isGone)
    {
        Judge.SkipUnlessInstalled("unzip");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await TalkAsync(stage);
        await stage.RenderAsync(recorded);
        byte[] whole = await stage.DownloadAsync(recorded, name);
        await SpoilAsync(stage, $"{recorded.Id}/{name.Replace("01-Ada", RenderTable.TrackKey(Ada), StringComparison.Ordinal)}", isGone);

        await BundleIsSoundAsync(stage, recorded, name.EndsWith(".wav", StringComparison.Ordinal) ? "all-wav.zip" : "all-flac.zip");

        Assert.Equal(whole, await stage.DownloadAsync(recorded, name));
    }

    [Fact]
    public async Task Transcript_that_nobody_writes_any_more_is_left_out_of_the_bundle()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await TalkAsync(stage);
        await stage.RenderAsync(recorded);
        foreach (string name in new[] { "transcript.vtt", "transcript.txt" })
            Assert.True(await stage.Get<TextFiles>().TryPutAsync(recorded.Id, name, "Hello."u8.ToArray(), Cancellation));
        await SpoilAsync(stage, $"{recorded.Id}/transcript.vtt", isGone: true);

        using ZipArchive zip = new(new MemoryStream(await stage.DownloadAsync(recorded, "all-flac.zip")));

        Assert.Equal(["01-Ada.flac", "mix.flac", "transcript.txt", "info.json", "labels.txt", "project.lof", "project.rpp"],
            zip.Entries.Select(entry => entry.FullName));
    }

    private Task<RenderStage> SlowAsync() => RenderStage.StartAsync(ClassStorage.Of(azurite), Flac, transport: wire);

    private static async Task<Recorded> TalkAsync(RenderStage stage)
    {
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", Second), 1);
        await stage.AddAsync(recorded, Ada, "Ada", 2 * Second, Speech.Of("ada", Second), 1);
        await stage.FinalizeAsync(recorded);
        return recorded;
    }

    /// <summary>Takes a file away, or puts another one in its place, as long as no other.</summary>
    private static async Task SpoilAsync(RenderStage stage, string name, bool isGone)
    {
        RendersContainer container = stage.Get<RendersContainer>();
        if (isGone) await container.DeleteAsync(name, Cancellation);
        else
        {
            string block = RenderedPart.BlockName("other", new string('0', 64));
            await container.StageAsync(name, block, "spoiled"u8.ToArray(), Cancellation);
            StagedBlocks before = await container.BlocksAsync(name, Cancellation);
            Assert.True(await container.TryCommitAsync(name, [block], "text/plain", before, Cancellation));
        }
    }

    // It is listed as whole, others open it, and it holds what is given one by one.
    private async Task BundleIsSoundAsync(RenderStage stage, Recorded recorded, string name = "all-flac.zip")
    {
        byte[] bundle = await stage.DownloadAsync(recorded, name);
        judge.Run("unzip", "-t", judge.Save(name, bundle));
        using ZipArchive zip = new(new MemoryStream(bundle));
        foreach (ZipArchiveEntry entry in zip.Entries.Where(entry => !entry.FullName.StartsWith("project", StringComparison.Ordinal)))
        {
            using MemoryStream content = new();
            await using (Stream source = await entry.OpenAsync(Cancellation)) await source.CopyToAsync(content, Cancellation);
            byte[] single = await stage.DownloadAsync(recorded, entry.FullName);
            Assert.True(content.ToArray().AsSpan().SequenceEqual(single), entry.FullName);
        }
    }

    private static bool Holds(byte[] file, string text) => file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
}
