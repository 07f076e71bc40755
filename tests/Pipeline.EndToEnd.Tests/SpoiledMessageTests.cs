using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Pipeline.Bot.Replay;
using Pipeline.Contracts;
using Pipeline.EndToEnd.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests;

/// <summary>What may lie in queues and in the temp container when the functions come to look.</summary>
public sealed class SpoiledMessageTests(AzuriteFixture fixture)
{
    // Every required field is there, and every one that can be null is.
    private const string AllNull =
        """
        {"version":1,"session":{"recordingId":"0198c0de-0000-7000-8000-000000000001","guildId":"1","guildName":null,"channelId":"1",
        "startedBy":"1","startedAt":"2026-01-01T00:00:00Z"},
        "userId":"1","username":null,"segmentIndex":0,"blobName":null,"fileSize":1,"contentMd5":null,
        "startSample":0,"sampleCount":1,"channels":1,"closedAt":"2026-01-01T00:00:00Z",
        "endedAt":"2026-01-01T00:00:00Z","endReason":"stopped","tracks":null}
        """;

    private static readonly string[] Queues = [StorageNames.RecordingStoppedQueue, StorageNames.SegmentReadyQueue,
        StorageNames.RecordingStartedQueue];

    [Fact]
    [Trait("Category", "Long")]
    public async Task Messages_that_come_twice_and_out_of_order_give_the_same_recording()
    {
        await using FaultStage stage = await FaultStage.StartAsync(fixture.Azurite, 16);
        (SpokenCall call, ReplaySummary summary) = await PlayAsync(stage);
        int sent = 0;
        Random random = new(51);
        foreach (string name in Queues)
        {
            QueueClient queue = new(stage.Direct, name);
            List<string> texts = await TakeAllAsync(queue);
            string[] twice = [.. texts, .. texts];
            random.Shuffle(twice);
            foreach (string text in twice) await queue.SendMessageAsync(text, TestContext.Current.CancellationToken);
            sent += twice.Length;
        }
        await stage.StartFunctionsAsync();
        FaultRow.Require("messages twice and shuffled", await stage.HearAsync(summary.RecordingId, call), kills: 0, $", {sent} messages");
        await stage.RequireCleanAsync();
    }

    [Fact]
    public async Task Messages_that_nobody_can_read_do_not_hold_up_the_others()
    {
        await using FaultStage stage = await FaultStage.StartAsync(fixture.Azurite, 17);
        (SpokenCall call, ReplaySummary summary) = await PlayAsync(stage);
        string[] poison = ["no JSON", "{}", "null", "[]", "", """{"version":99}""", """{"version":1,"session":null}""", AllNull];
        foreach (string name in Queues)
        {
            QueueClient queue = new(stage.Direct, name);
            string unknownVersion = (await TakeAllAsync(queue, leave: true))[0].Replace("\"version\":1", "\"version\":99",
                StringComparison.Ordinal);
            foreach (string text in (string[])[.. poison.Where(text => text.Length > 0), unknownVersion])
                await queue.SendMessageAsync(text, TestContext.Current.CancellationToken);
        }
        await stage.StartFunctionsAsync();
        FaultRow.Require("poison messages", await stage.HearAsync(summary.RecordingId, call), kills: 0,
            $", {stage.Lines.Count(line => line.Contains("cannot read", StringComparison.Ordinal))} refusals in the log");
        Assert.Contains(stage.Lines, line => line.Contains("version is 99; this program knows 1", StringComparison.Ordinal));
        stage.RequireNoSurprise();
    }

    [Fact]
    public async Task Blobs_that_vanished_or_were_altered_are_named_and_the_rest_is_there()
    {
        await using FaultStage stage = await FaultStage.StartAsync(fixture.Azurite, 18);
        (SpokenCall call, ReplaySummary summary) = await PlayAsync(stage);
        BlobContainerClient temp = new(stage.Direct, StorageNames.TempContainer);
        List<SegmentKey> keys = [];
        await foreach (var blob in temp.GetBlobsAsync(cancellationToken: TestContext.Current.CancellationToken))
        {
            if (!BlobPaths.TryParseSegment(blob.Name, out SegmentKey key)) continue;
            keys.Add(key);
            if (keys.Count == 2) await temp.DeleteBlobAsync(blob.Name, cancellationToken: TestContext.Current.CancellationToken);
            if (keys.Count == 4)
                await temp.GetBlobClient(blob.Name)
                .UploadAsync(new BinaryData("somebody else's"), overwrite: true, TestContext.Current.CancellationToken);
        }
        await stage.StartFunctionsAsync(settings: new Dictionary<string, string?> { ["RECORDING_FINALIZE_DEADLINE"] = "00:00:05" });
        HeardCall heard = await stage.HearAsync(summary.RecordingId, call);
        FaultRow.Tell("temp blobs vanished and altered", heard, 0,
            ", missing " + string.Join(", ", heard.Recording.MissingSegments
                .Select(segment => $"{segment.SegmentIndex} of {segment.UserId} ({segment.Reason})")));
        Assert.Equal(
            new[] { keys[1], keys[3] }.Select(key => (key.UserId.ToString(System.Globalization.CultureInfo.InvariantCulture), key.Index))
                .Order(),
            heard.Recording.MissingSegments.Select(segment => (segment.UserId, segment.SegmentIndex)).Order());
        Assert.Equal(keys.Count - 2, heard.Recording.Segments.Count);
        foreach (HeardTrack track in heard.Tracks) FaultRow.RequirePlace("temp blobs vanished and altered", track);
        stage.RequireNoSurprise();
    }

    // The functions are away for the whole call: everything waits for them.
    private static async Task<(SpokenCall Call, ReplaySummary Summary)> PlayAsync(FaultStage stage)
    {
        SpokenCall call = SpokenCall.Of(3, TimeSpan.FromSeconds(30));
        return (call, await stage.EndOfAsync(stage.StartBot(call, speed: 30)));
    }

    private static async Task<List<string>> TakeAllAsync(QueueClient queue, bool leave = false)
    {
        List<string> texts = [];
        while ((await queue.ReceiveMessagesAsync(32, leave ? TimeSpan.FromSeconds(1) : null)).Value is { Length: > 0 } messages)
        {
            foreach (QueueMessage message in messages)
            {
                texts.Add(message.Body.ToString());
                if (!leave) await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt);
            }
            if (leave) break;
        }
        return texts;
    }
}
