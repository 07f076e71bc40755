using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.RecordingApi.Live;

namespace Pipeline.RecordingApi.Tests.Live;

/// <summary>Tracks as they are made from segments: whose number is which, what somebody is called, how long it is.</summary>
public sealed class RecordingTracksTests
{
    private static readonly DateTimeOffset Begun = DateTimeOffset.UnixEpoch.AddDays(20_000);

    [Fact]
    public void Number_is_who_spoke_first_and_the_name_is_the_last_one()
    {
        RecordingTracks.Part[] parts =
        [
            new(9, "Grace", 5_000, 100), new(5, "Ada", 200, 50), new(9, "Grace the second", 9_000, 10), new(7, "Alan", 200, 30),
            new(5, "Ada before", 100, 40) { SpokenSamples = 4, NamedAt = 1 },
        ];
        (ulong, string)[] silent = [(8, "nobody"), (5, "Ada"), (6, "no one")];
        IReadOnlyList<RecordingTrack> tracks = RecordingTracks.Of(parts, silent, userId =>
            userId == "7" ? new Dictionary<string, long> { ["lost"] = 3 } : null);
        Assert.Equal([("5", "Ada", 1), ("7", "Alan", 2), ("9", "Grace the second", 3), ("6", "no one", 4), ("8", "nobody", 5)],
            tracks.Select(track => (track.UserId, track.Username, track.TrackNumber)));
        Assert.Equal([(250L, 54L), (230, 30), (9_010, 110), (0, 0), (0, 0)],
            tracks.Select(track => (track.DurationSamples, track.SpokenSamples)));
        Assert.Equal([0, 1, 0, 0, 0], tracks.Select(track => track.Health.Count));
    }

    [Fact]
    public void Track_of_a_finished_recording_counts_by_its_files_where_nobody_said_samples()
    {
        RecordingDetails details = new()
        {
            Id = "1",
            SessionId = "1",
            Status = RecordingStatus.Completed,
            GuildId = "1",
            RecordedAt = Begun,
            Segments = [],
            Health = new Dictionary<string, IReadOnlyDictionary<string, long>> { ["5"] = new Dictionary<string, long> { ["lost"] = 1 } },
        };
        RecordingTrack track = Assert.Single(RecordingTracks.Of(details,
            [Segment(0) with { StartSample = 7, SampleCount = 9 },
                Segment(1) with { AbsoluteStartTime = At(2_000), Duration = 3, FileSize = 44 + (150 * 2) },
                // Of an Opus file nothing but the milliseconds is known.
                Segment(2) with { AbsoluteStartTime = At(1_000), Duration = 2, FileSize = 999, BlobUrl = "http://127.0.0.1/a/2.opus" }]));
        Assert.Equal((96_000L + 150, 9L + 150 + 96, 1L), (track.DurationSamples, track.SpokenSamples, track.Health["lost"]));
        Assert.Equal(48_000, SegmentSound.StartOf(Segment(0) with { AbsoluteStartTime = At(1_000) }, Begun));
    }

    [Fact]
    public void Notes_have_the_names_of_those_who_have_a_track_and_keep_one_that_they_have()
    {
        IReadOnlyList<RecordingTrack> tracks = RecordingTracks.Of([new(5, "Ada", 0, 1)], [], _ => null);
        RecordingNote note = new() { Sample = 1, UserId = 5, Text = "x" };
        Assert.Equal(["Ada", "Countess", null],
            RecordingTracks.WithNames([note, note with { Username = "Countess" }, note with { UserId = 6 }], tracks)
                .Select(one => one.Username));
        Assert.Empty(RecordingTracks.WithNames([], tracks));
    }

    private static long At(int milliseconds) => Begun.ToUnixTimeMilliseconds() + milliseconds;

    private static RecordingSegment Segment(int index) => new()
    {
        UserId = "5",
        Username = "Ada",
        SegmentIndex = index,
        FileName = "",
        FilePath = "",
        AbsoluteStartTime = 0,
        AbsoluteEndTime = 0,
        Duration = 0,
        FileSize = 0,
        Format = "wav",
        BlobUrl = "http://127.0.0.1/a/segment.wav",
    };
}
