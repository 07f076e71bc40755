using Pipeline.Bot.Calls;
using Pipeline.Bot.Capture;
using Pipeline.Dave.Session;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>A recording whose owner does not tick takes 1,024 orders; what it refuses is counted, and who gave it says it again.</summary>
public sealed class FullQueueTests
{
    [Fact]
    public void Order_beyond_the_room_is_refused_and_counted_and_the_others_are_carried_out()
    {
        using CaptureRun run = new();
        Fill(run);
        for (int i = 0; i < 3; i++) Assert.False(run.Recording.Post(new RecordingAction.Pause(1)));
        Assert.Equal(3, run.Recording.Snapshot.CommandsRefused);
        run.AdvanceTo(120);
        Assert.False(run.Recording.Snapshot.Paused); // the refused one was none
        Assert.True(run.Recording.Post(new RecordingAction.Pause(1)));
        run.AdvanceTo(240);
        Assert.True(run.Recording.Snapshot.Paused);
        Assert.Equal(3, run.Recording.Snapshot.CommandsRefused);
    }

    [Fact]
    public void Gap_that_found_no_room_is_said_again_and_ends_where_it_ended()
    {
        using CaptureRun run = new();
        GapReasons gaps = new(run.Recording.Post);
        Fill(run);
        Assert.True(gaps.Begin("reconnect"));
        run.AdvanceTo(600);
        gaps.Retry();
        run.AdvanceTo(1_200);
        gaps.End("reconnect");
        run.AdvanceTo(1_260);
        Contracts.RecordingGap gap = Assert.Single(run.Recording.Snapshot.Gaps);
        Assert.Equal("reconnect", gap.Reason);
        Assert.InRange(gap.SampleCount, 20_000, 60_000);
    }

    [Fact]
    public void Stretch_without_encryption_that_found_no_room_is_marked_later()
    {
        using CaptureRun run = new();
        EncryptionWatch watch = new(run.Recording.Post, _ => { });
        watch.OnChanged(DaveProtection.EndToEnd);
        Fill(run);
        watch.OnChanged(DaveProtection.Unencrypted);
        run.AdvanceTo(120);
        Assert.Empty(run.Recording.Snapshot.Unencrypted);
        watch.Look([]);
        run.AdvanceTo(240);
        Assert.Single(run.Recording.Snapshot.Unencrypted);
    }

    // Orders of no consequence: a recording that is not paused is not resumed.
    private static void Fill(CaptureRun run)
    {
        for (int i = 0; i < Recording.CommandCapacity; i++) run.Post(new RecordingAction.Resume(1));
    }
}
