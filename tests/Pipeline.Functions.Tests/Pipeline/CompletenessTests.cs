using Pipeline.Contracts;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Ledger;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Settings.Known;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Pipeline;

/// <summary>What a manifest may announce: all that the settings allow, and no more than a number can count.</summary>
public sealed class CompletenessTests(AzuriteFixture azurite)
{
    private const int Most = Completeness.MostSegmentsOfTrack;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Bound_is_a_week_of_the_shortest_segments_that_the_settings_allow()
    {
        Assert.True(RecordingSettings.MaximumDuration.Form.TryRead("7d", out TimeSpan longest));
        Assert.False(RecordingSettings.MaximumDuration.Form.TryRead("169h", out _));
        Assert.True(RecordingSettings.SilenceThreshold.Form.TryRead("200ms", out TimeSpan shortest));
        Assert.False(RecordingSettings.SilenceThreshold.Form.TryRead("199ms", out _));
        Assert.Equal(Most, longest / shortest);
    }

    [Fact]
    public async Task Largest_claims_are_counted_with_ten_thousand_named_and_larger_ones_refused()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        Completeness halfDay = await ReadAsync(app, Tracks(1_000, new IndexRange(0, 4_319)));
        Assert.Equal((4_320_000, 4_320_000, 10_000), (halfDay.Announced, halfDay.MissingCount, halfDay.Missing.Count));

        Completeness largest = await ReadAsync(app, Tracks(710, new IndexRange(7, Most + 6)));
        Assert.Equal((710 * Most, 710 * Most, 10_000), (largest.Announced, largest.MissingCount, largest.Missing.Count));
        Assert.Equal(("1", 7), (largest.Missing[0].UserId, largest.Missing[0].SegmentIndex));

        // As many as a number can count, and one more.
        const int rest = int.MaxValue - (710 * Most);
        Completeness all = await ReadAsync(app, With(rest));
        Assert.Equal((int.MaxValue, int.MaxValue, 10_000), (all.Announced, all.MissingCount, all.Missing.Count));
        await Assert.ThrowsAsync<MalformedMessageException>(() => ReadAsync(app, With(rest + 1)));

        await Assert.ThrowsAsync<MalformedMessageException>(() => ReadAsync(app, Tracks(1, new IndexRange(0, Most))));
        await Assert.ThrowsAsync<MalformedMessageException>(() => ReadAsync(app, Tracks(711, new IndexRange(0, Most - 1))));

        static TrackSummary[] With(int more) =>
            [.. Tracks(710, new IndexRange(0, Most - 1)), Tracks(1, new IndexRange(0, more - 1))[0] with { UserId = 1_000 }];
    }

    [Fact]
    public async Task What_did_not_arrive_says_why_and_rows_of_an_erased_person_are_not_there()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        LedgerTable ledger = app.Get<LedgerTable>();
        Session session = new(74_050, (5, "Ada", 6), (6, "Grace", 1));
        foreach ((int index, SegmentState state) in new[]
        {
            (0, SegmentState.Moved), (1, SegmentState.Refused), (2, SegmentState.Sending), (5, SegmentState.Collected),
        }) await ledger.PutSegmentAsync(LedgerSegment.From(session.Segments[index], state, null), Cancellation);
        await ledger.PutSegmentAsync(LedgerSegment.From(session.Segments[6], SegmentState.Moved, null), Cancellation);
        await ledger.PutFaultAsync(session.Segments[3].Key, "altered", Cancellation);
        SessionManifest manifest = session.Manifest(ManifestState.Stopped, session.Info.StartedAt) with
        {
            Consent = new ConsentLedger { Mode = ConsentLedger.Off }.WithErased(6, session.Info.StartedAt),
        };

        Completeness found = await Completeness.ReadAsync(ledger, manifest, Cancellation);

        Assert.Equal([(1, "refused"), (2, "late"), (3, "altered"), (4, "late")],
            found.Missing.Select(missing => (missing.SegmentIndex, missing.Reason)));
        Assert.Equal((6, 4, 2), (found.Announced, found.MissingCount, found.Present.Count));
        Assert.Equal([5UL], found.Present.Users);
        Assert.Empty(found.Unverified);
    }

    [Fact]
    public async Task Announced_ranges_that_overlap_or_lie_at_the_ends_of_the_numbers_count_once()
    {
        await using App app = await App.StartAsync(azurite.ConnectionString);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        Completeness found = await ReadAsync(app, Tracks(1, new IndexRange(5, 9), new IndexRange(0, 2), new IndexRange(1, 6),
            new IndexRange(-3, -1), new IndexRange(8, 7), new IndexRange(int.MaxValue, int.MaxValue)));
        Assert.Equal([.. Enumerable.Range(0, 10), int.MaxValue], found.Missing.Select(segment => segment.SegmentIndex));
        Assert.Equal((11, 11), (found.Announced, found.MissingCount));
    }

    private static Task<Completeness> ReadAsync(App app, IReadOnlyList<TrackSummary> tracks) =>
        Completeness.ReadAsync(app.Get<LedgerTable>(), new SessionManifest
        {
            Session = new LongSession(630, "Ada", 1, 1).Info,
            State = ManifestState.Stopped,
            Incarnation = 1,
            UpdatedAt = DateTimeOffset.UnixEpoch,
            SampleCount = 0,
            Tracks = tracks,
        }, Cancellation);

    private static TrackSummary[] Tracks(int count, params IndexRange[] ranges) => [.. Enumerable.Range(1, count)
        .Select(user => new TrackSummary
        {
            UserId = (ulong)user,
            Username = "Ada",
            Segments = ranges,
            SampleCount = 0,
            ByteCount = 0,
            Chain = SegmentChain.Empty,
            NextFreeIndex = 0,
        })];
}
