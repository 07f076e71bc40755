using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.TestKit;
using Stretch = Pipeline.RecordingApi.Transcripts.Stretch;

namespace Pipeline.RecordingApi.Tests.Transcripts;

/// <summary>What of a track may be sent, and when.</summary>
public sealed class TranscriptTracksTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private const ulong Ada = 91;
    private const long Second = 48_000;

    private TranscriptStage stage = null!;
    private Recorded recorded = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private TranscriptTracks Tracks => stage.Stage.Get<TranscriptTracks>();

    public async ValueTask InitializeAsync()
    {
        stage = await TranscriptStage.StartAsync(azurite);
        recorded = await stage.Stage.BeginAsync();
        await stage.Stage.AddAsync(recorded, Ada, "Ada", 2 * Second, new short[48_000], 1);
        await stage.Stage.AddAsync(recorded, Ada, "Ada Lovelace", 5 * Second, new short[96_000], 1);
    }

    public ValueTask DisposeAsync() => stage.DisposeAsync();

    [Fact]
    public async Task Track_of_a_call_that_goes_on_is_what_was_moved_by_its_start()
    {
        RecordingDetails details = await stage.DetailsAsync(recorded);
        Assert.Null(await Tracks.FindAsync(details, Ada, Cancellation));
        await stage.MoveAsync(recorded, recorded.Segments[1] with { SegmentIndex = 0 });
        await stage.MoveAsync(recorded, recorded.Segments[0] with { SegmentIndex = 1 });
        await stage.MoveAsync(recorded, recorded.Segments[0] with { SegmentIndex = 2, SampleCount = 0 });
        await stage.MoveAsync(recorded, recorded.Segments[0] with { SegmentIndex = 3, SampleCount = 1, StartSample = 0 });
        RenderTrack track = (await Tracks.FindAsync(details, Ada, Cancellation))!;
        Assert.Equal((Ada, "Ada Lovelace", 1), (track.UserId, track.Username, track.Channels));
        Assert.Equal([(3, 0L, 1L), (1, 2 * Second, Second), (0, 5 * Second, 2 * Second)],
            track.Segments.Select(segment => (segment.Index, segment.Start, segment.Count)));
        Assert.Null(await Tracks.FindAsync(details, Ada + 1, Cancellation));
    }

    [Fact]
    public async Task Talk_is_planned_when_nothing_came_behind_the_segment_that_calls_for_it_or_the_call_is_over()
    {
        RecordingDetails details = await stage.DetailsAsync(recorded);
        foreach (FinalizeSegment segment in recorded.Segments) await stage.MoveAsync(recorded, segment);
        Assert.Empty(await PlanAsync(details, null));
        Assert.Empty(await PlanAsync(details, (7 * Second) - 1));
        Assert.Equal(3 * Second, Assert.Single(await PlanAsync(details, 7 * Second)).Samples);
        await stage.Stage.FinalizeAsync(recorded);
        Assert.Equal(3 * Second, Assert.Single(await PlanAsync(await stage.DetailsAsync(recorded), null)).Samples);
    }

    [Fact]
    public async Task Stretch_whose_segment_is_gone_goes_and_its_talk_is_planned_again()
    {
        await stage.Stage.FinalizeAsync(recorded);
        RecordingDetails details = await stage.DetailsAsync(recorded);
        Stretch whole = Assert.Single(await PlanAsync(details, null));
        StretchRow row = new(whole, StretchState.Done, "");
        TrackPlan plan = await Tracks.PlanAsync(details, Ada, [row], null, Cancellation);
        Assert.Equal((0, 0), (plan.Added.Count, plan.Removed.Count));
        StretchRow old = row with { Stretch = whole with { Segments = [.. whole.Segments, new StretchSegment(7, 0, 1)] } };
        plan = await Tracks.PlanAsync(details, Ada, [old], null, Cancellation);
        Assert.Equal([old], plan.Removed);
        Assert.Equal(whole.Pieces, Assert.Single(plan.Added).Pieces);
        Assert.True(await Tracks.IsOpenAsync(details, [], Cancellation));
        Assert.False(await Tracks.IsOpenAsync(details, [row], Cancellation));
        Assert.True(await Tracks.IsOpenAsync(details, [row with { Stretch = whole with { UserId = Ada + 1 } }], Cancellation));
    }

    [Fact]
    public async Task Nothing_of_those_is_sent_who_have_opted_out_or_are_erased()
    {
        await stage.Stage.FinalizeAsync(recorded);
        RecordingDetails details = await stage.DetailsAsync(recorded);
        Assert.Equal([Ada], await Tracks.UsersAsync(recorded.Id, Cancellation));
        Stretch whole = Assert.Single(await PlanAsync(details, null));
        StretchRow done = new(whole, StretchState.Done, ""), waiting = done with { State = StretchState.Waiting };
        string path = $"api/guilds/1/settings/opt-outs/{Ada}";
        using (HttpResponseMessage put = await stage.Stage.SendAsync(HttpMethod.Put, path)) Assert.True(put.IsSuccessStatusCode);
        try
        {
            Assert.Null(await Tracks.FindAsync(details, Ada, Cancellation));
            Assert.False(await Tracks.IsOpenAsync(details, [], Cancellation));
            TrackPlan plan = await Tracks.PlanAsync(details, Ada, [done, waiting], null, Cancellation);
            Assert.Empty(plan.Added);
            Assert.Equal([waiting], plan.Removed);
        }
        finally
        {
            using HttpResponseMessage back = await stage.Stage.SendAsync(HttpMethod.Delete, path);
        }
        Assert.NotNull(await Tracks.FindAsync(details, Ada, Cancellation));
        await stage.Stage.Get<ErasedPeople>().AddAsync(recorded.Id, Ada, Cancellation);
        Assert.Null(await Tracks.FindAsync(details, Ada, Cancellation));
        TrackPlan erased = await Tracks.PlanAsync(details, Ada, [done, waiting], null, Cancellation);
        Assert.Equal((0, 2), (erased.Added.Count, erased.Removed.Count));
    }

    private async Task<IReadOnlyList<Stretch>> PlanAsync(RecordingDetails details, long? endSample) =>
        (await Tracks.PlanAsync(details, Ada, [], endSample, Cancellation)).Added;
}
