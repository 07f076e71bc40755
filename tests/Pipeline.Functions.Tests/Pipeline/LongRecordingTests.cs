using System.Diagnostics;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Finalize;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

/// <summary>Recordings that are longer than one request.</summary>
public sealed class LongRecordingTests(AzuriteFixture azurite)
{
    private const string LongName = "Константин-Богоявленски"; // 23 letters, two bytes each

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "Long")]
    public async Task Finalizer_that_is_killed_at_any_call_of_the_api_is_taken_up_by_the_next()
    {
        const int count = 5_004;
        await using App api = await App.StartAsync(azurite.ConnectionString, new() { ["RENDER_FORMATS"] = "off" });
        await using CuttingProxy proxy = await CuttingProxy.StartAsync(api.Address);
        await using App delivery = await App.StartAsync(azurite.ConnectionString, new()
        {
            ["RecordingApi:BaseUrl"] = proxy.Address.AbsoluteUri,
            ["RecordingApi:ApiKey"] = App.Key,
        });
        LongSession session = await BeginAsync(delivery, 610, 4, count);
        bool wasCut = true;
        int step = 0;
        while (wasCut && step < 20)
        {
            step++;
            using CancellationTokenSource crash = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            proxy.CutAt(step, after: true, crash.Cancel);
            try
            {
                await delivery.Get<FinalizeRecording>().RunAsync(session.Stopped, crash.Token);
            }
            catch (OperationCanceledException) when (crash.IsCancellationRequested && !Cancellation.IsCancellationRequested)
            {
                // As a killed process.
            }
            wasCut = proxy.Heal();
        }

        Assert.InRange(step, 4, 19);
        await DemandWholeAsync(api, session, count);
        // What had arrived was not sent again, although its answer was lost.
        foreach (int part in new[] { 0, 1 })
            Assert.Single(proxy.Requests, request => request.EndsWith($"/finalize/parts/{part}", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Seven_hours_of_eight_people_with_long_names_are_finalized_and_read_in_pages()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["RENDER_FORMATS"] = "off" });
        LongSession session = await BeginAsync(app, 601, 8, 20_000);

        Assert.True(await app.FinalizeAsync(session.Stopped));

        await DemandWholeAsync(app, session, 20_000);
    }

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Hundred_thousand_segments_are_finalized_with_flat_memory()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString, new() { ["RENDER_FORMATS"] = "off" });

        long few = await LiveBytesAsync(app, 621, 20_000);
        long many = await LiveBytesAsync(app, 620, 100_000);

        // A few numbers of each segment may be held, twice while a list grows. Their rows are not: 1,000 bytes each, 80 MB.
        Assert.InRange(many - few, -80_000 * 500L, 80_000 * 500L);
    }

    // What most of the samples are below while a recording is finalized: one may have come between two parts, or in the midst of one.
    private async Task<long> LiveBytesAsync(App app, int seed, int count)
    {
        LongSession session = await BeginAsync(app, seed, 8, count);
        RecordingStopped stopped = session.Stopped;
        using CancellationTokenSource end = new();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Task<List<long>> sampler = Task.Run(async () =>
        {
            List<long> samples = [];
            while (!end.IsCancellationRequested)
            {
                samples.Add(GC.GetTotalMemory(forceFullCollection: true) - before);
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
            }
            return samples;
        }, Cancellation);
        long began = Stopwatch.GetTimestamp();
        Assert.True(await app.FinalizeAsync(stopped));
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        await end.CancelAsync();
        List<long> live = [.. (await sampler).Order()];
        long most = live[live.Count * 3 / 4];
        TestContext.Current.TestOutputHelper?.WriteLine($"{count} segments finalized in {took.TotalSeconds:F0} s; live memory grew by "
            + $"{live[live.Count / 2] / 1e6:F0} MB (median), {most / 1e6:F0} MB (three quarters), {live[^1] / 1e6:F0} MB (once), "
            + $"{live.Count} samples");
        await DemandWholeAsync(app, session, count);
        return most;
    }

    private async Task<LongSession> BeginAsync(App app, int seed, int speakers, int count)
    {
        LongSession session = new(seed, LongName, speakers, count);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage, Cancellation);
        Assert.True(await app.StartRecordingAsync(new RecordingStarted { Session = session.Info }));
        return session;
    }

    private static async Task DemandWholeAsync(App app, LongSession session, int count)
    {
        RecordingDetails recording = (await app.RecordingAsync(session.Id))!;
        Assert.Equal((RecordingStatus.Completed, count, 0, 4L * count),
            (recording.Status, recording.SegmentCount, recording.MissingSegmentCount, recording.TotalSize));
        Assert.Empty(recording.UnverifiedUserIds);
        Assert.Equal(5_000, recording.Segments.Count);
        HashSet<(string, int)> seen = [];
        (long Start, ulong User) last = default;
        string? after = null;
        do
        {
            SegmentPage page = await app.ReadAsync(
                await app.Http.GetAsync(
                    new Uri($"api/recordings/{session.Id}/segments?limit=1000&after={after}", UriKind.Relative), Cancellation),
                WireJsonContext.Default.SegmentPage);
            Assert.InRange(page.Segments.Count, 1, 1_000);
            foreach (SegmentEntry entry in page.Segments)
            {
                (long, ulong) place = (entry.StartSample, ulong.Parse(entry.UserId, System.Globalization.CultureInfo.InvariantCulture));
                Assert.True(place.CompareTo(last) >= 0, $"{place} stands behind {last}");
                Assert.True(seen.Add((entry.UserId, entry.SegmentIndex)), $"{entry.UserId}/{entry.SegmentIndex} stands twice");
                last = place;
            }
            after = page.Next;
        }
        while (after is not null && seen.Count <= count);
        Assert.Equal(count, seen.Count);
    }
}
