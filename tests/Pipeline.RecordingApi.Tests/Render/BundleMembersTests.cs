using System.IO.Compression;
using System.Net;
using Azure;
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

    /// <summary>The sweep of files that are a day old, an erasure, or a message that was given up.</summary>
    [Theory]
    [InlineData("01-Ada.wav", "all-wav.zip", Traits = ["Category", "Long"])]
    [InlineData("01-Ada.flac", "all-flac.zip")]
    [InlineData("info.json", "all-flac.zip")]
    public async Task File_that_goes_while_its_bundle_waits_is_made_again(string name, string bundle)
    {
        Judge.SkipUnlessInstalled("unzip");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Small, clock);
        Recorded recorded = await TalkAsync(stage);
        RenderRecording render = stage.Get<RenderRecording>();
        RenderWindow[] asked = await AskAsync(stage, recorded, bundle);
        foreach (RenderWindow member in asked.Where(message => message.File != bundle)) await render.RunAsync(member, Cancellation);
        string key = Key(name);
        Assert.True(await stage.Get<RenderTable>().TryDeleteJobAsync(recorded.Id, key, ETag.All, Cancellation));
        await stage.Get<RendersContainer>().DeleteAsync($"{recorded.Id}/{key}", Cancellation);

        await render.RunAsync(Assert.Single(asked, message => message.File == bundle), Cancellation);
        clock.By += TimeSpan.FromSeconds(31);
        await EndAsync(stage, recorded);

        await IsSoundAsync(stage, recorded, bundle);
    }

    [Fact]
    public async Task Files_that_a_bundle_waits_for_are_asked_for_twice_a_minute_and_a_day_later_no_more()
    {
        Judge.SkipUnlessInstalled("unzip");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Small, clock);
        Recorded recorded = await TalkAsync(stage);
        RenderRecording render = stage.Get<RenderRecording>();
        RenderWindow look = Assert.Single(await AskAsync(stage, recorded, "all-wav.zip"), message => message.File == "all-wav.zip");

        for (int turn = 0; turn < 3; turn++)
        {
            // Nobody makes them: their messages are not done.
            for (int again = 0; again < 2; again++)
            {
                await render.RunAsync(look, Cancellation);
                List<RenderWindow> sent = await LookAsync(stage, recorded);
                look = Assert.Single(sent, message => message.File == "all-wav.zip");
                string[] files = turn > 0 && again == 0 ? [Key("01-Ada.wav"), "mix.wav"] : [];
                Assert.Equal(files, sent.Where(message => message != look).Select(message => message.File!)
                    .Order(StringComparer.Ordinal));
            }
            clock.By += TimeSpan.FromSeconds(31);
        }
        clock.By += TimeSpan.FromDays(1);
        await render.RunAsync(look, Cancellation);
        await EndAsync(stage, recorded);
        Assert.Null((await stage.Get<RenderTable>().FindJobAsync(recorded.Id, "all-wav.zip", Cancellation)).Job);

        await IsSoundAsync(stage, recorded, "all-wav.zip", isThere: false);
        await EndAsync(stage, recorded);
    }

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

    /// <summary>What is sent until a bundle is looked at again, which is hidden for a second.</summary>
    private static async Task<List<RenderWindow>> LookAsync(RenderStage stage, Recorded recorded)
    {
        List<RenderWindow> sent = [];
        LoopLimit limit = new("the bundle is looked at again");
        while (!sent.Any(message => message.Look > 0))
        {
            limit.Turn();
            List<RenderWindow> messages = await stage.TakeMessagesAsync(recorded.Id);
            if (messages.Count == 0) await Task.Delay(RenderStage.HiddenPause, Cancellation);
            sent.AddRange(messages);
        }
        return sent;
    }

    /// <summary>Does what the messages say until there is none, hidden ones included.</summary>
    private static async Task EndAsync(RenderStage stage, Recorded recorded)
    {
        MessageQueues queues = stage.Get<MessageQueues>();
        for (int done = 0; await queues.CountAsync(StorageNames.RenderWindowQueue, Cancellation) > 0;)
        {
            List<RenderWindow> messages = await stage.TakeMessagesAsync(recorded.Id);
            if (messages.Count == 0) await Task.Delay(RenderStage.HiddenPause, Cancellation);
            foreach (RenderWindow message in messages)
            {
                Assert.True(done++ < 12, "it does not come to an end");
                await stage.Get<RenderRecording>().RunAsync(message, Cancellation);
            }
        }
    }

    private async Task IsSoundAsync(RenderStage stage, Recorded recorded, string bundle, bool isThere = true)
    {
        using (HttpResponseMessage answer = await stage.GetAsync($"api/recordings/{recorded.Id}/files/{bundle}"))
            Assert.Equal(isThere ? HttpStatusCode.Redirect : HttpStatusCode.Accepted, answer.StatusCode);
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
