using System.Text.Json;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.Contracts.Tests;

public sealed class ManifestTests
{
    private const ulong Ada = 1, Ben = 2;
    private static readonly JsonSerializerOptions Zoned = new() { Converters = { new ZonedTimeConverter() } };

    private static readonly SessionInfo Info = new()
    {
        RecordingId = RecordingId.Parse("0198c0de-0000-7000-8000-000000000001"),
        GuildId = 1,
        GuildName = "Guild",
        ChannelId = 2,
        StartedBy = 3,
        StartedAt = DateTimeOffset.UnixEpoch,
    };

    [Theory]
    [InlineData(Ada, 0, true)]
    [InlineData(Ada, 1, false)] // stored before it was said
    [InlineData(Ada, 3, false)]
    [InlineData(Ada, 4, true)]
    [InlineData(Ada, 7, false)]
    [InlineData(Ben, 0, false)] // did not say so
    [InlineData(3UL, 1, true)]
    public void Segment_of_who_opted_out_is_refused_unless_it_was_stored_before(ulong user, int index, bool expected)
    {
        SessionManifest manifest = Manifest() with { OptedOut = [Ada, 3] };
        Assert.Equal(expected, manifest.Refuses(user, index));
        Assert.False((manifest with { OptedOut = null }).Refuses(user, index));
        Assert.False((manifest with { OptedOut = [] }).Refuses(user, index));
    }

    [Fact]
    public void Manifest_without_somebody_keeps_all_of_the_others_and_what_was_said()
    {
        SessionManifest manifest = Manifest() with { OptedOut = [Ada] };
        Assert.Same(manifest, manifest.Without([]));
        SessionManifest without = manifest.Without([Ada]);
        Assert.Equal([Ben], without.Tracks.Select(track => track.UserId));
        Assert.Equal([null, Ben], without.Gaps.Select(gap => gap.UserId));
        Assert.Equal([Ben], without.Notes.Select(note => note.UserId));
        Assert.Equal([Ada], without.OptedOut);
    }

    [Fact]
    public void Somebody_is_named_by_a_track_a_gap_a_note_or_a_word_with_their_name()
    {
        SessionManifest nobody = Manifest() with { Tracks = [Track(Ben)], Gaps = [Gap(null), Gap(Ben)], Notes = [Note(Ben)] };
        ConsentLedger said = new ConsentLedger { Mode = ConsentLedger.Ask }.With(Word(Ben), "words");
        Assert.False(nobody.Names(Ada));
        Assert.False((nobody with { Consent = said }).Names(Ada));
        Assert.True((nobody with { Tracks = [Track(Ada)] }).Names(Ada));
        Assert.True((nobody with { Gaps = [Gap(Ada)] }).Names(Ada));
        Assert.True((nobody with { Notes = [Note(Ada)] }).Names(Ada));
        said = said.With(Word(Ada), "words");
        Assert.True((nobody with { Consent = said }).Names(Ada));
        Assert.False((nobody with { Consent = said.WithErased(Ada, DateTimeOffset.UnixEpoch) }).Names(Ada));

        static ConsentEntry Word(ulong user) => new()
        {
            UserId = user,
            Username = "name",
            At = DateTimeOffset.UnixEpoch,
            Choice = ConsentEntry.Agreed,
            Button = "a button",
        };
    }

    [Fact]
    public void Recording_that_goes_on_elsewhere_has_further_channels_and_not_its_own_once_more()
    {
        SessionManifest manifest = Manifest(); // of channel 2
        Assert.Equal([5UL], manifest.GoingOnIn([5, 2]).FurtherChannels);
        Assert.Equal([5UL, 6], manifest.GoingOnIn([5]).GoingOnIn([6, 5]).FurtherChannels);
        Assert.Equal([5UL], manifest.GoingOnIn([5]).GoingOnIn(null).FurtherChannels);
        Assert.Null(manifest.GoingOnIn(null).FurtherChannels);
        Assert.Null(manifest.GoingOnIn([2]).FurtherChannels);
    }

    [Fact]
    public void Segment_says_when_it_was_spoken_and_what_it_is()
    {
        SegmentReady segment = new()
        {
            Session = Info,
            UserId = Ada,
            Username = "Ada",
            SegmentIndex = 2,
            BlobName = "x/1-Ada/segment_002.opus",
            FileSize = 1,
            ContentMd5 = "",
            StartSample = 96_000,
            SampleCount = 24_000,
            Channels = 1,
            ClosedAt = DateTimeOffset.UnixEpoch,
        };
        Assert.Equal((2000, 2500), ((segment.AbsoluteStartTime - Info.StartedAt).TotalMilliseconds,
            (segment.AbsoluteEndTime - Info.StartedAt).TotalMilliseconds));
        Assert.Equal((SegmentFormat.Opus, new SegmentKey(Info.RecordingId, Ada, 2)), (segment.Format, segment.Key));
        Assert.Equal((3, 1), (new IndexRange(2, 4).Count, new IndexRange(2, 2).Count));
    }

    [Theory]
    [InlineData(SegmentFormat.Wav, "wav", ".wav", "audio/wav")]
    [InlineData(SegmentFormat.Opus, "opus", ".opus", "audio/ogg")]
    public void Format_has_its_words(SegmentFormat format, string word, string suffix, string type)
    {
        Assert.Equal((word, suffix, type), (format.Word(), format.Suffix(), format.ContentType()));
        Assert.True(SegmentFormats.TryParse(word, out SegmentFormat read));
        Assert.Equal(format, read);
        Assert.Equal(format, SegmentFormats.OfName("segment_000" + suffix));
        Assert.False(SegmentFormats.TryParse(word.ToUpperInvariant(), out _));
        Assert.False(SegmentFormats.TryParse(null, out _));
    }

    [Theory]
    [InlineData("\"2026-01-02T03:04:05Z\"", 0)]
    [InlineData("\"2026-01-02T03:04:05+02:00\"", 2)]
    [InlineData("\"2026-01-02T03:04:05.678-03:00\"", -3)]
    [InlineData("\"2026-01-02T03:04:05\"", null)]
    [InlineData("\"2026-01-02\"", null)]
    [InlineData("\"Z\"", null)]
    [InlineData("5", null)]
    [InlineData("null", null)]
    public void Time_without_a_zone_is_no_time(string json, int? hours)
    {
        if (hours is { } expected) Assert.Equal(expected, JsonSerializer.Deserialize<DateTimeOffset>(json, Zoned).Offset.TotalHours);
        else Assert.Throws<UnzonedTimeException>(() => JsonSerializer.Deserialize<DateTimeOffset>(json, Zoned));
    }

    private static SessionManifest Manifest() => new()
    {
        Session = Info,
        State = ManifestState.Recording,
        Incarnation = 1,
        UpdatedAt = DateTimeOffset.UnixEpoch,
        SampleCount = 1,
        Tracks = [Track(Ada, new IndexRange(1, 3), new IndexRange(7, 7)), Track(Ben, new IndexRange(0, 9))],
        Gaps = [Gap(null), Gap(Ada), Gap(Ben)],
        Notes = [Note(Ada), Note(Ben)],
    };

    private static TrackSummary Track(ulong user, params IndexRange[] segments) => new()
    {
        UserId = user,
        Username = $"name {user}",
        Segments = segments,
        SampleCount = 1,
        ByteCount = 1,
        Chain = SegmentChain.Empty,
        NextFreeIndex = 10,
    };

    private static RecordingGap Gap(ulong? user) => new() { UserId = user, StartSample = 0, SampleCount = 1, Reason = "loss" };

    private static RecordingNote Note(ulong user) => new() { Sample = 0, UserId = user, Text = "note" };
}
