using Pipeline.Bot.Recordings;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Recordings;

/// <summary>What an owner without the disk makes of a stored manifest and of what lies in the temp container.</summary>
public sealed class FoundRecordingTests
{
    private const ulong Ada = 501, Ben = 502;
    private const long Second = 48_000;

    private readonly SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));

    [Fact]
    public void Segments_that_came_after_the_manifest_are_announced_in_their_order_and_move_the_end()
    {
        SegmentReady[] later = [Ready(Ada, 2, 20 * Second), Ready(Ada, 1, 10 * Second), Ready(Ben, 0, 12 * Second)];
        FoundRecording found = new(Stored(10 * Second, Track(Ada, 65, [new IndexRange(0, 0)])), later);

        Assert.Equal(30 * Second, found.LastSample);
        Assert.Equal(30 * Second, found.Manifest.SampleCount);
        Assert.Equal([Ada, Ben], found.Manifest.Tracks.Select(track => track.UserId));
        Assert.Equal([new IndexRange(0, 2)], found.Manifest.Tracks[0].Segments);
        Assert.Equal([new IndexRange(0, 0)], found.Manifest.Tracks[1].Segments);
        Assert.Equal([65, 1], found.Manifest.Tracks.Select(track => track.NextFreeIndex));
    }

    [Fact]
    public void End_of_the_manifest_stays_where_no_segment_reaches_beyond_it()
    {
        FoundRecording found = new(Stored(60 * Second), [Ready(Ada, 0, 0)]);
        Assert.Equal(60 * Second, found.LastSample);
        Assert.Equal(1, Assert.Single(found.Manifest.Tracks).NextFreeIndex);
    }

    [Fact]
    public void Leftovers_and_refused_segments_are_nobodys()
    {
        SessionManifest stored = Stored(0, Track(Ada, 65, [new IndexRange(0, 0)])) with { OptedOut = [Ada] };
        FoundRecording found = new(stored, [Ready(Ada, 0, 0), Ready(Ada, 1, 90 * Second),
            Ready(Ben, ReservedIndexes.Leftovers, 80 * Second), Ready(Ben, ReservedIndexes.Leftovers - 1, 10 * Second)]);
        Assert.Equal([new IndexRange(0, 0)], found.Manifest.Tracks[0].Segments);
        Assert.Equal(20 * Second, found.LastSample);
        Assert.Equal(ReservedIndexes.Leftovers - 1, Assert.Single(found.Manifest.Tracks[1].Segments).First);
    }

    [Fact]
    public void Gap_of_a_track_begins_where_its_audio_was_safe_and_that_of_all_where_the_recording_is_known_to_end()
    {
        FoundRecording found = new(
            Stored(40 * Second, Track(Ada, 70, [new IndexRange(0, 1)]) with { SafeSample = 20 * Second }, Track(Ben, 70, []) with
            {
                SafeSample = 40 * Second,
            }), [Ready(Ada, 3, 30 * Second)]);

        RecordingGap[] gaps = [.. found.GapsUntil(50 * Second)];

        Assert.Equal(2, gaps.Length);
        Assert.Equal((Ada, 20 * Second, 10 * Second), (gaps[0].UserId, gaps[0].StartSample, gaps[0].SampleCount));
        Assert.Equal((null, 40 * Second, 10 * Second), (gaps[1].UserId, gaps[1].StartSample, gaps[1].SampleCount));
        Assert.All(gaps, gap => Assert.Equal(RecordingGap.Takeover, gap.Reason));
        Assert.DoesNotContain(found.GapsUntil(40 * Second), gap => gap.UserId is null);
    }

    [Fact]
    public void Track_that_does_not_say_how_far_it_is_safe_is_safe_as_far_as_the_manifest_and_no_farther()
    {
        FoundRecording silent = new(Stored(20 * Second, Track(Ada, 70, [])), [Ready(Ben, 0, 20 * Second)]);
        RecordingGap gap = Assert.Single(silent.GapsUntil(30 * Second));
        Assert.Equal((Ada, 20 * Second, 10 * Second), (gap.UserId, gap.StartSample, gap.SampleCount));

        FoundRecording boastful = new(Stored(20 * Second, Track(Ada, 70, []) with { SafeSample = 25 * Second }),
            [Ready(Ben, 0, 20 * Second)]);
        Assert.Equal(20 * Second, Assert.Single(boastful.GapsUntil(30 * Second)).StartSample);
    }

    private SessionManifest Stored(long sampleCount, params TrackSummary[] tracks) =>
        BotRoom.Manifest(session) with { SampleCount = sampleCount, Tracks = tracks };

    private static TrackSummary Track(ulong userId, int nextFree, IndexRange[] segments) =>
        BotRoom.Reserved(userId, nextFree) with { Segments = segments };

    private SegmentReady Ready(ulong userId, int index, long start) => new()
    {
        Session = session,
        UserId = userId,
        Username = "Somebody",
        SegmentIndex = index,
        BlobName = BlobPaths.Segment(new SegmentKey(session.RecordingId, userId, index), "Somebody"),
        FileSize = 1000,
        ContentMd5 = Convert.ToBase64String(new byte[16]),
        StartSample = start,
        SampleCount = 10 * Second,
        Channels = 1,
        ClosedAt = DateTimeOffset.UnixEpoch,
    };
}
