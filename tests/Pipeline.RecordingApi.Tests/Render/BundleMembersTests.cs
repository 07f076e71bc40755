using System.IO.Compression;
using System.Net;
using Azure.Storage.Blobs.Specialized;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.RecordingApi.Tests.Transcripts;
using Pipeline.Storage;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>Bundles whose files are not what they should be: each comes to an end, and leaves no message behind.</summary>
public sealed class BundleMembersTests(AzuriteFixture azurite) : IDisposable
{
    private const int Second = 48_000;
    private static readonly RenderOptions Small = new() { Formats = [RenderFormat.Flac, RenderFormat.Opus] };

    private readonly Judge judge = new();
    private readonly Ahead clock = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => judge.Dispose();

    /// <summary>An older version could leave one, whose name said what its window was made of and not what it holds.</summary>
    [Theory]
    [InlineData(RenderFormat.Flac)]
    [InlineData(RenderFormat.Opus)] // two windows in one block
    public async Task Window_whose_block_is_of_another_length_than_its_row_says_is_rendered_again(string format)
    {
        Judge.SkipUnlessInstalled("unzip");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Small, clock);
        Recorded recorded = await TalkAsync(stage);
        byte[] whole = await stage.DownloadAsync(recorded, $"01-Ada.{format}");
        (string key, string name) = (Key($"01-Ada.{format}"), $"{recorded.Id}/{Key($"01-Ada.{format}")}");
        RenderJob job = (await stage.Get<RenderTable>().FindJobAsync(recorded.Id, key, Cancellation)).Job!;
        RenderedPart part = (await stage.Get<RenderTable>().ReadWindowsAsync(recorded.Id, RenderTable.TrackKey(Ada), withSound: false,
            Cancellation))[0].Parts[format];
        Assert.Equal(format == RenderFormat.Opus, part.IsPaired);
        RendersContainer container = stage.Get<RendersContainer>();
        await container.StageAsync(name, part.Block, "spoiled"u8.ToArray(), Cancellation);
        StagedBlocks before = await container.BlocksAsync(name, Cancellation);
        Assert.True(await container.TryCommitAsync(name, job.Parts.Select(each => each.Block).Distinct(), "audio/flac", before,
            Cancellation));

        foreach (RenderWindow message in await AskAsync(stage, recorded, $"all-{format}.zip"))
            await stage.Get<RenderRecording>().RunAsync(message, Cancellation);
        await EndAsync(stage, recorded);

        await IsSoundAsync(stage, recorded, $"all-{format}.zip");
        Assert.Equal(whole, await stage.DownloadAsync(recorded, $"01-Ada.{format}"));
    }

    /// <summary>A deletion that was cut off leaves one.</summary>
    [Fact]
    public async Task File_without_a_block_is_no_hindrance()
    {
        Judge.SkipUnlessInstalled("unzip");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Small, clock);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", Second), 1);
        await stage.FinalizeAsync(recorded);
        foreach (string key in new[] { "mix.flac", "mix.wav", "all-flac.zip" })
        {
            await stage.Storage.Blobs.GetBlobContainerClient(StorageNames.RendersContainer)
                .GetBlockBlobClient($"{recorded.Id}/{key}").CommitBlockListAsync([], cancellationToken: Cancellation);
        }
        await EndAsync(stage, recorded);
        foreach (RenderWindow message in await AskAsync(stage, recorded, "all-flac.zip"))
            await stage.Get<RenderRecording>().RunAsync(message, Cancellation);
        await EndAsync(stage, recorded);
        await IsSoundAsync(stage, recorded, "all-flac.zip");
        Assert.NotEmpty(await stage.DownloadAsync(recorded, "mix.wav"));
    }

    private static string Key(string name) => name.Replace("01-Ada", RenderTable.TrackKey(Ada), StringComparison.Ordinal);

    private static async Task<Recorded> TalkAsync(RenderStage stage)
    {
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", Second), 1);
        await stage.AddAsync(recorded, Ada, "Ada", 70 * Second, Speech.Of("ada", Second), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        return recorded;
    }

    /// <summary>Asks for a file that is not there.</summary>
    /// <returns>The messages that this sends.</returns>
    private static async Task<RenderWindow[]> AskAsync(RenderStage stage, Recorded recorded, string name)
    {
        using HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}/files/{name}");
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return [.. await stage.TakeMessagesAsync(recorded.Id)];
    }

    /// <summary>Does what the messages say until there is none, hidden ones included.</summary>
    private static async Task EndAsync(RenderStage stage, Recorded recorded)
    {
        MessageQueues queues = stage.Get<MessageQueues>();
        for (int done = 0; await queues.CountAsync(StorageNames.RenderWindowQueue, Cancellation) > 0;)
        {
            foreach (RenderWindow message in await stage.TakeMessagesAsync(recorded.Id))
            {
                Assert.True(done++ < 12, "it does not come to an end");
                await stage.Get<RenderRecording>().RunAsync(message, Cancellation);
            }
        }
    }

    private async Task IsSoundAsync(RenderStage stage, Recorded recorded, string bundle)
    {
        using (HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}/files/{bundle}"))
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        byte[] bytes = await stage.DownloadAsync(recorded, bundle);
        judge.Run("unzip", "-t", judge.Save("all.zip", bytes));
        using ZipArchive zip = new(new MemoryStream(bytes));
        foreach (ZipArchiveEntry entry in zip.Entries.Where(entry => !entry.FullName.StartsWith("project", StringComparison.Ordinal)))
        {
            using MemoryStream content = new();
            await using (Stream source = await entry.OpenAsync(Cancellation)) await source.CopyToAsync(content, Cancellation);
            byte[] single = await stage.DownloadAsync(recorded, entry.FullName);
            Assert.True(content.ToArray().AsSpan().SequenceEqual(single), entry.FullName);
        }
    }
}
