using Pipeline.Bot.Capture;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Recordings;

public sealed class TrackManifestTests
{
    private const ulong Ada = 501;
    private const int Listed = 64;
    private static readonly string Md5 = Convert.ToBase64String(new byte[16]);

    private readonly TrackManifest track = new(Ada);

    /// <summary>However many wait, listed or only counted, the oldest of them holds the safe position back.</summary>
    [Fact]
    public void Track_waits_for_as_long_as_one_segment_does()
    {
        for (int closed = 0; closed < 3 * Listed; closed++)
        {
            track.Closed(closed, Start(closed));
            Assert.Equal(0, track.WaitsSince);
        }
        for (int gone = 0; gone < (3 * Listed) - 1; gone++)
        {
            track.Uploaded(gone);
            Assert.InRange(Assert.NotNull(track.WaitsSince), 0, Start(gone + 1));
        }
        track.Uploaded((3 * Listed) - 1);
        Assert.Null(track.WaitsSince);
    }

    [Fact]
    public void Segment_that_is_only_counted_is_not_forgotten_for_one_that_was_closed_later()
    {
        for (int closed = 0; closed < 100; closed++) track.Closed(closed, Start(closed));
        for (int gone = 0; gone < Listed; gone++) track.Uploaded(gone);
        track.Closed(100, Start(100)); // there is room in the list again, and 36 older ones are not in it
        track.Uploaded(Listed);

        Assert.InRange(Assert.NotNull(track.WaitsSince), 0, Start(Listed + 1));
    }

    [Fact]
    public void Upload_of_a_segment_that_nobody_waited_for_changes_nothing()
    {
        track.Uploaded(7);
        Assert.Null(track.WaitsSince);
        track.Closed(8, Start(8));
        Assert.Equal(Start(8), track.WaitsSince);
        track.Uploaded(8);
        Assert.Null(track.WaitsSince);
    }

    [Fact]
    public void Wait_that_is_over_leaves_nothing_to_the_next_one()
    {
        track.Closed(0, Start(0));
        track.Uploaded(0);
        track.Closed(5, Start(5));
        Assert.Equal(Start(5), track.WaitsSince);
        track.Closed(6, Start(6));
        Assert.Equal(Start(5), track.WaitsSince);
        track.Erase(5);
        Assert.Equal(Start(6), track.WaitsSince);
    }

    [Fact]
    public void Segment_is_taken_once_and_never_behind_a_later_one()
    {
        Assert.True(track.Announce(Entry(3)));
        Assert.False(track.Announce(Entry(3)));
        Assert.False(track.Announce(Entry(2)));
        Assert.True(track.Announce(Entry(4)));

        TrackSummary summary = Summary();
        Assert.Equal([new IndexRange(3, 4)], summary.Segments);
        Assert.Equal((2 * 480_000L, 2 * 1000L), (summary.SampleCount, summary.ByteCount));
    }

    [Fact]
    public void Runs_of_indexes_end_where_one_is_left_out()
    {
        foreach (int index in new[] { 0, 1, 3, 4, 6 }) track.Announce(Entry(index));
        IndexRange[] runs = [new(0, 1), new(3, 4), new(6, 6)];
        Assert.Equal(runs, Summary().Segments);
        foreach (int index in new[] { 0, 1, 3, 4, 6 }) track.Uploaded(index);
        Assert.Equal(runs, Summary().Segments);
    }

    /// <summary>What has arrived is for good; what is on its way can be taken back, in whatever order the storage confirms.</summary>
    [Fact]
    public void Only_what_was_not_confirmed_can_be_taken_back()
    {
        for (int index = 0; index < 4; index++) track.Announce(Entry(index));
        track.Uploaded(1);
        Assert.Equal([new IndexRange(0, 3)], Summary().Segments);
        track.Uploaded(0);

        Assert.False(track.TakeBack(0));
        Assert.False(track.TakeBack(1));
        Assert.True(track.TakeBack(2));
        Assert.False(track.TakeBack(2));

        TrackSummary summary = Summary();
        Assert.Equal([new IndexRange(0, 1), new IndexRange(3, 3)], summary.Segments);
        Assert.Equal((3 * 480_000L, 3 * 1000L), (summary.SampleCount, summary.ByteCount));
        Assert.Equal(new[] { 0, 1, 3 }.Aggregate(SegmentChain.Empty, (chain, index) => SegmentChain.Append(chain, index, Md5)),
            summary.Chain);
    }

    [Fact]
    public void Index_of_a_segment_that_was_taken_back_is_not_given_again()
    {
        Assert.Equal(0, track.NextIndex);
        track.Announce(Entry(5));
        Assert.Equal(6, track.NextIndex);
        track.TakeBack(5);
        Assert.Equal(6, track.NextIndex);
        track.Erase(9);
        Assert.Equal(10, track.NextIndex);
        track.Closed(12, Start(12));
        Assert.Equal(13, track.NextIndex);
        track.Skip(3);
        Assert.Equal(13, track.NextIndex);
        track.Announce(Entry(20));
        track.Uploaded(20);
        Assert.Equal(21, track.NextIndex);
    }

    [Fact]
    public void Erased_segment_is_in_no_account()
    {
        track.Closed(0, Start(0));
        track.Announce(Entry(0));
        track.Erase(0);
        TrackSummary summary = Summary();
        Assert.Empty(summary.Segments);
        Assert.Equal((0L, 0L, SegmentChain.Empty), (summary.SampleCount, summary.ByteCount, summary.Chain));
        Assert.Null(track.WaitsSince);
    }

    /// <summary>An outage of hours makes no list of hours: the oldest becomes part of the sums, because it is known to exist.</summary>
    [Fact]
    public void List_of_what_is_on_its_way_has_an_end()
    {
        for (int index = 0; index <= Listed; index++)
        {
            track.Announce(Entry(index));
            track.Depart(index);
        }
        Assert.False(track.HasDeparted(0));
        Assert.True(track.HasDeparted(1));
        Assert.False(track.TakeBack(0));
        Assert.True(track.TakeBack(1));
        Assert.Equal([new IndexRange(0, 0), new IndexRange(2, Listed)], Summary().Segments);
    }

    [Fact]
    public void Departure_is_remembered_until_the_storage_has_the_segment()
    {
        track.Announce(Entry(0));
        track.Announce(Entry(1));
        track.Depart(0);
        track.Depart(1);
        track.Uploaded(1);
        Assert.True(track.HasDeparted(0));
        Assert.True(track.HasDeparted(1)); // in the list still, for the sake of the order
        track.Uploaded(0);
        Assert.False(track.HasDeparted(0));
        Assert.False(track.HasDeparted(1));
        track.Depart(9); // one that was announced by an earlier process
        track.Uploaded(9);
        Assert.False(track.HasDeparted(9));
    }

    [Fact]
    public void Counts_of_the_owners_before_of_this_one_and_of_its_connection_are_one_sum()
    {
        TrackManifest next = new(Summary() with
        {
            Username = "Ada",
            Health = new Dictionary<string, long> { ["received"] = 100, ["late"] = 3 },
        });
        TrackSnapshot live = TrackSnapshot.OfNothing(Ada, new KnownPerson("Ada L", IsBot: false)) with
        {
            Health = new TrackHealth { Received = 20, Lost = 2 },
        };
        Dictionary<string, long> more = new() { ["lost"] = 5, ["unnamed"] = 1 };

        TrackSummary summary = next.Summarize(live, position: 48_000, nextFreeIndex: 9, more);

        Assert.Equal(new Dictionary<string, long> { ["received"] = 120, ["late"] = 3, ["lost"] = 7, ["unnamed"] = 1 }, summary.Health);
        Assert.Equal(("Ada L", 9, 48_000L), (summary.Username, summary.NextFreeIndex, summary.SafeSample));
        Assert.Equal("Ada", next.Summarize(null, 0, 0).Username);
        Assert.Equal(24_000, next.Summarize(live with { OpenSince = 24_000 }, 48_000, 9).SafeSample);
        next.Closed(0, 12_000);
        Assert.Equal(12_000, next.Summarize(live with { OpenSince = 24_000 }, 48_000, 9).SafeSample);
    }

    [Fact]
    public void Account_of_an_owner_before_goes_on_where_it_ended()
    {
        track.Announce(Entry(0));
        track.Announce(Entry(1));
        TrackManifest next = new(Summary());
        Assert.Equal(2, next.NextIndex);
        Assert.False(next.Announce(Entry(1)));
        next.Announce(Entry(2));

        TrackSummary summary = next.Summarize(null, 0, 0);
        Assert.Equal([new IndexRange(0, 2)], summary.Segments);
        Assert.Equal((3 * 480_000L, 3 * 1000L), (summary.SampleCount, summary.ByteCount));
        Assert.Equal(Enumerable.Range(0, 3).Aggregate(SegmentChain.Empty, (chain, index) => SegmentChain.Append(chain, index, Md5)),
            summary.Chain);
    }

    private TrackSummary Summary() => track.Summarize(null, 0, 0);

    private static long Start(int index) => index * 480_000L;

    private static JournalEntry Entry(int index) => new(Ada, "Ada", index, Start(index), 480_000, 1000, Md5);
}
