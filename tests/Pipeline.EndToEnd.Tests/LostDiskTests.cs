using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Pipeline.Bot.Replay;
using Pipeline.Contracts;
using Pipeline.EndToEnd.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.EndToEnd.Tests;

/// <summary>The bot is killed and its disk is gone; another bot, which has nothing but the temp container, goes on while people talk.</summary>
public sealed class LostDiskTests(AzuriteFixture fixture)
{
    // The reorder window and the frames between capture and file: heard, but in no file yet.
    private static readonly TimeSpan NotInFiles = TimeSpan.FromMilliseconds(500);

    [Fact]
    public Task Another_bot_goes_on_from_the_manifest() => RunAsync("bot killed and its disk gone", room: 11, kills: 1, seed: 31, TimeSpan.FromSeconds(24), waitsForLease: false);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Other_bots_go_on_from_the_manifest_when_the_lease_runs_out() => RunAsync("bot killed and its disk gone, long", room: 12, kills: 5, seed: 32, TimeSpan.FromMinutes(8), waitsForLease: true);

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
        FaultRow.Tell(row, heard, kills, $", most of it while nobody listened; the lost disks held {string.Join(", ", lost.Select(spool => spool.Text()))} s");
        foreach (HeardTrack track in heard.Tracks) Require(row, heard, track, lost);
        await stage.RequireCleanAsync();
    }

    private static void Require(string row, HeardCall heard, HeardTrack track, List<LostSpool> lost)
    {
        Assert.All(lost, spool => Assert.InRange(spool.Of(track.UserId), TimeSpan.Zero, FaultStage.LossPerKill));
        // Missing may be what the dead disk held, what was heard a moment before the kill, and what was said while nobody listened.
        int[] unexplained = [.. track.Missing.Where(window => !IsExplained(window, heard, track.UserId, lost))];
        Assert.True(unexplained.Length == 0, $"{row}: {unexplained.Length * 10} ms of {track.UserId} are missing for no reason, from window {unexplained.FirstOrDefault()} on");
        Assert.Equal(0, track.Twice);
        FaultRow.RequirePlace(row, track);
    }

    private static bool IsExplained(int window, HeardCall heard, string userId, List<LostSpool> lost)
    {
        long sample = (long)window * SpokenCall.WindowSamples;
        return lost.SelectMany(spool => spool.Stretches).Any(stretch => stretch.UserId == userId && IsIn(sample, stretch.Start, stretch.Count + SampleClock.ToSamples(NotInFiles)))
            || heard.Recording.Gaps.Any(gap => IsIn(sample, Unheard(gap, lost), gap.StartSample + gap.SampleCount - Unheard(gap, lost)));
    }

    // The gap begins where the last manifest ended; what was heard between then and the kill is excused only by the lost disk.
    private static long Unheard(RecordingGap gap, List<LostSpool> lost)
    {
        long[] kills = [.. lost.SelectMany(spool => spool.Stretches).Select(stretch => stretch.Start + stretch.Count).Where(end => end > gap.StartSample && end < gap.StartSample + gap.SampleCount)];
        return kills.Length == 0 ? gap.StartSample : kills.Max() - SampleClock.ToSamples(NotInFiles);
    }

    private static bool IsIn(long sample, long start, long count) => sample >= start - SpokenCall.WindowSamples && sample < start + count + SpokenCall.WindowSamples;

    // As if the 60 s of the lease had passed.
    private static async Task BreakLeaseAsync(FaultStage stage, RecordingId recording)
    {
        BlobClient manifest = new(stage.Direct, StorageNames.TempContainer, BlobPaths.Manifest(recording));
        await manifest.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero);
    }
}
