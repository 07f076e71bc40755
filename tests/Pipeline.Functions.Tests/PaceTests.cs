using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests;

/// <summary>Three hours of four people through one process on one emulator. Prints its figures; they hold for a quiet machine.</summary>
public sealed partial class PaceTests
{
    private const int Speakers = 4;
    private const int SegmentsPerSpeaker = 1_150;
    private const int SegmentsPerSecond = 25;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Moves_keep_up_and_the_end_comes_soon_after_the_stop()
    {
        await using Azurite azurite = await Azurite.StartAsync();
        await using App storage = await App.StartAsync(azurite.ConnectionString);
        await storage.Get<StorageSetup>().EnsureAsync(Cancellation);
        await using ChildProcess app = LocalProcess.StartAlone(LocalProcess.BuildFolder, azurite.ConnectionString, FreePort.Take(1)[0]);
        await app.WaitForLineAsync(line => line.Contains("Local triggers run", StringComparison.Ordinal), TimeSpan.FromMinutes(2));
        Session session = new(800, [.. Enumerable.Range(1, Speakers).Select(user => ((ulong)user, $"Speaker {user}", SegmentsPerSpeaker))]);

        long start = Stopwatch.GetTimestamp();
        await FeedAsync(storage, session);
        TimeSpan fed = Stopwatch.GetElapsedTime(start);
        await session.PutManifestAsync(storage.Storage, session.Manifest(ManifestState.Stopped, session.Info.StartedAt));
        long stop = Stopwatch.GetTimestamp();
        await storage.Get<MessageQueues>().SendAsync(session.Stopped, TimeSpan.Zero, Cancellation);
        LoopLimit limit = new("the recording is finalized", TimeSpan.FromMinutes(10));
        while ((await storage.RecordingAsync(session.Id))?.Status != RecordingStatus.Completed)
        {
            limit.Turn();
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Cancellation);
        }
        TimeSpan finalized = Stopwatch.GetElapsedTime(stop);

        double[] latencies = [.. app.Lines.Select(line => Latency().Match(line)).Where(match => match.Success)
            .Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).Order()];
        Console.WriteLine(
            $"fed {session.Segments.Count} segments in {fed.TotalSeconds:F1} s; ready -> moved p50 {latencies[latencies.Length / 2]:F0} "
            + $"ms, p95 {latencies[latencies.Length * 95 / 100]:F0} ms, max {latencies[^1]:F0} ms; stop -> finalized "
            + $"{finalized.TotalSeconds:F1} s");
        RecordingDetails recording = (await storage.RecordingAsync(session.Id))!;
        Assert.Equal((session.Segments.Count, 0, 0),
            (recording.SegmentCount, recording.MissingSegmentCount, recording.UnverifiedUserIds.Count));
        Assert.Empty(await session.LeftInTempAsync(storage.Storage));
    }

    private static async Task FeedAsync(App storage, Session session)
    {
        SegmentReady[] inOrder = [.. session.Segments.OrderBy(segment => segment.SegmentIndex)];
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < inOrder.Length; i++)
        {
            TimeSpan due = TimeSpan.FromSeconds((double)i / SegmentsPerSecond) - Stopwatch.GetElapsedTime(start);
            if (due > TimeSpan.Zero) await Task.Delay(due, TimeProvider.System, Cancellation);
            SegmentReady segment = inOrder[i];
            await session.PutAsync(storage.Storage, segment);
            SegmentReady now = segment with { ClosedAt = TimeProvider.System.GetUtcNow() };
            await storage.Get<MessageQueues>()
                .SendAsync(StorageNames.SegmentReadyQueue, JsonSerializer.Serialize(now, ContractsJsonContext.Default.SegmentReady),
                TimeSpan.Zero, Cancellation);
        }
    }

    [GeneratedRegex(@"Moved segment .* bytes, (\d+) ms after")]
    private static partial Regex Latency();
}
