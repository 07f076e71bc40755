using System.Globalization;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Pipeline.Bot.Replay;
using Pipeline.Contracts;
using Pipeline.EndToEnd.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests;

/// <summary>
/// The bot is killed and its disk is gone; another bot, which has nothing but the temp container, goes on while people talk.
/// </summary>
public sealed class LostDiskTests(AzuriteFixture fixture)
{
    // The reorder window and the frames between capture and file: heard, but in no file yet.
    private static readonly TimeSpan NotInFiles = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan LeastAfterwards = TimeSpan.FromSeconds(3);

    [Fact]
    [Trait("Category", "Long")]
    public Task Another_bot_goes_on_from_the_manifest() =>
        RunAsync("bot killed and its disk gone", room: 11, kills: 1, seed: 31, TimeSpan.FromSeconds(36), waitsForLease: false);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Other_bots_go_on_from_the_manifest_when_the_lease_runs_out() =>
        RunAsync("bot killed and its disk gone, long", room: 12, kills: 5, seed: 32, TimeSpan.FromMinutes(8), waitsForLease: true);

    private async Task RunAsync(string row, int room, int kills, int seed, TimeSpan length, bool waitsForLease)
    {
        await using FaultStage stage = await FaultStage.StartAsync(fixture.Azurite, room);
        await stage.StartFunctionsAsync();
        SpokenCall call = SpokenCall.Of(2, length);
        Random random = new(seed);
        List<LostSpool> lost = [];
        for (int kill = 0; kill < kills; kill++)
        {
            ChildProcess victim = stage.StartBot(call, speed: 1, more: ["--continue", "--on-air"]);
            await FaultStage.RecordingAsync(victim);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(4000, 8000)));
            victim.Kill();
            await victim.WaitForExitAsync(TimeSpan.FromSeconds(30));
            lost.Add(LostSpool.Take(stage.SpoolFolder));
            if (!waitsForLease) await BreakLeaseAsync(stage, lost[^1].Recording);
        }
        ReplaySummary summary = await stage.EndOfAsync(stage.StartBot(call, speed: 1, more: ["--continue", "--on-air"]));
        Assert.Equal(kills + 1, summary.Incarnation);
        HeardCall heard = await stage.HearAsync(summary.RecordingId, call);
        FaultRow.Tell(row, heard, kills,
            $", most of it while nobody listened; the lost disks held {string.Join(", ", lost.Select(spool => spool.Text()))} s");
        foreach (HeardTrack track in heard.Tracks) Require(row, heard, track, lost);
        await stage.RequireCleanAsync();
    }

    private static void Require(string row, HeardCall heard, HeardTrack track, List<LostSpool> lost)
    {
        Assert.All(lost, spool => Assert.InRange(spool.Of(track.UserId), TimeSpan.Zero, FaultStage.LossPerKill));
        RecordingGap[] gaps = [.. heard.Recording.Gaps.Where(gap =>
            gap.Reason == RecordingGap.Takeover
            && (gap.UserId is null || gap.UserId.Value.ToString(CultureInfo.InvariantCulture) == track.UserId))];
        int[] unmarked = [.. track.Missing.Where(window => !gaps.Any(gap => IsIn(window, gap)))];
        Assert.True(unmarked.Length == 0,
            $"{row}: {unmarked.Length * 10} ms of {track.UserId} are missing without a gap, from window {unmarked.FirstOrDefault()} on");
        foreach (LostSpool spool in lost) RequireBound(row, track, spool, gaps);
        RequireAfterwards(row, track, gaps);
        Assert.Equal(0, track.Twice);
        FaultRow.RequirePlace(row, track);
    }

    // The gap may reach back behind the kill by no more than a segment and the uploads under way.
    private static void RequireBound(string row, HeardTrack track, LostSpool spool, RecordingGap[] gaps)
    {
        long killed = spool.Stretches.Max(stretch => stretch.Start + stretch.Count);
        long start = gaps.Where(gap => gap.StartSample + gap.SampleCount > killed - SampleClock.ToSamples(NotInFiles))
            .Min(gap => gap.StartSample);
        Assert.True(SampleClock.ToTime(killed - start) <= FaultStage.LossPerKill + NotInFiles,
            $"{row}: the gap of {track.UserId} begins {SampleClock.ToTime(killed - start).TotalSeconds:F2} s before the kill");
        int lostBefore = track.Missing.Count(window => Sample(window) < killed && Sample(window) >= start);
        Assert.True(TimeSpan.FromMilliseconds(lostBefore * 10) <= FaultStage.LossPerKill,
            $"{row}: {lostBefore * 10} ms that {track.UserId} had said before the kill are lost");
    }

    // Who took over has recorded, too, and nothing of it is missing.
    private static void RequireAfterwards(string row, HeardTrack track, RecordingGap[] gaps)
    {
        long resumed = gaps.Max(gap => gap.StartSample + gap.SampleCount);
        int missing = track.Missing.Count(window => Sample(window) > resumed + SampleClock.ToSamples(NotInFiles));
        int heardSince = track.Heard.Count(window => Sample(window) > resumed);
        Assert.True(missing == 0, $"{row}: {missing * 10} ms of {track.UserId} are missing after the takeover");
        Assert.True(heardSince * 10 >= LeastAfterwards.TotalMilliseconds,
            $"{row}: only {heardSince * 10} ms of {track.UserId} were recorded after the takeover at {SampleClock.ToTime(resumed)}");
    }

    private static bool IsIn(int window, RecordingGap gap) =>
        Sample(window) >= gap.StartSample - SpokenCall.WindowSamples
            && Sample(window) < gap.StartSample + gap.SampleCount + SpokenCall.WindowSamples;

    private static long Sample(int window) => (long)window * SpokenCall.WindowSamples;

    // As if the 60 s of the lease had passed.
    private static async Task BreakLeaseAsync(FaultStage stage, RecordingId recording)
    {
        BlobClient manifest = new(stage.Direct, StorageNames.TempContainer, BlobPaths.Manifest(recording));
        await manifest.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero);
    }
}
