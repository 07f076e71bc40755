using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Delivery.Invocations;
using Pipeline.Delivery.Ledger;
using Pipeline.Delivery.Sweep;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Settings;

namespace Pipeline.Functions.Tests.Pipeline;

/// <summary>Rules that need no storage, each at its edge.</summary>
public sealed class DeliveryRulesTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 28, 20, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    [Fact]
    public void Pause_after_an_outage_doubles_up_to_five_minutes_and_heeds_what_was_asked_for_up_to_a_day()
    {
        Exception away = new RecordingApiException("away", isTransient: true, null, null);
        Assert.Equal([2.0, 4, 8, 16, 32, 64, 128, 256, 300, 300],
            Enumerable.Range(0, 10).Select(attempt => Outage.Delay(away, attempt, 0).TotalSeconds));
        Assert.Equal(2, Outage.Delay(away, -1, 64).TotalSeconds);
        Assert.Equal(2 + (2 * 63 / 256.0), Outage.Delay(away, 0, 63).TotalSeconds, 6);
        Assert.Equal(2 + (2 * 63 / 256.0), Outage.Delay(away, 0, -1).TotalSeconds, 6);
        Assert.Equal((7, 8), (Asked(7, 1), Asked(7, 2)));
        Assert.Equal(86_400, Asked(400_000, 0));
        Assert.Equal((true, false), (Outage.Is(away), Outage.Is(new RecordingApiException("no", isTransient: false, null, null))));

        static double Asked(int seconds, int attempt) => Outage.Delay(
            new RecordingApiException("busy", isTransient: true, TimeSpan.FromSeconds(seconds), null), attempt, 0).TotalSeconds;
    }

    [Fact]
    public void Copy_of_a_message_ends_while_its_successor_is_on_its_way_or_in_the_queue()
    {
        ReturnTicket before = ReturnTicket.Before(3, "token", Start);
        Assert.True(before.MakesCopyOf(2, Start + ReturnTicket.SendGrace - Tick));
        Assert.False(before.MakesCopyOf(2, Start + ReturnTicket.SendGrace));
        Assert.False(before.MakesCopyOf(3, Start));
        ReturnTicket sent = before.Sent(Start.AddMinutes(1));
        Assert.Equal((true, Start.AddMinutes(1), "token", 3), (sent.IsSent, sent.DueAt, sent.Token, sent.Attempt));
        Assert.True(sent.MakesCopyOf(2, Start.AddMinutes(3) - Tick));
        Assert.False(sent.MakesCopyOf(2, Start.AddMinutes(3)));
    }

    [Fact]
    public void Sweep_remembers_a_day_and_waits_twice_as_long_each_time_up_to_six_hours()
    {
        SweepMemory memory = new();
        TimeSpan minute = TimeSpan.FromMinutes(1);
        Assert.True(memory.IsDue("a", "1", Start, minute));
        DateTimeOffset now = Start;
        foreach (int minutes in (int[])[2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360])
        {
            memory.Note("a", "1", now);
            Assert.False(memory.IsDue("a", "1", now + TimeSpan.FromMinutes(minutes) - Tick, minute), $"{minutes} min");
            now += TimeSpan.FromMinutes(minutes);
            Assert.True(memory.IsDue("a", "1", now, minute), $"{minutes} min");
        }
        Assert.True(memory.IsDue("a", "2", now - minute, minute));
        memory.Note("a", "2", now);
        Assert.False(memory.IsDue("a", "2", now + minute, minute));
        Assert.True(memory.IsDue("a", "2", now + minute + minute, minute));
        memory.Note("b", "1", now);
        memory.Forget(now + TimeSpan.FromDays(1));
        Assert.False(memory.IsDue("b", "1", now + minute, minute));
        memory.Forget(now + TimeSpan.FromDays(1) + Tick);
        Assert.True(memory.IsDue("b", "1", now + minute, minute));

        // 2^10 times a second are 17 minutes: it does not grow beyond.
        for (int again = 0; again < 12; again++) memory.Note("c", "1", now);
        Assert.False(memory.IsDue("c", "1", now + TimeSpan.FromSeconds(1_024) - Tick, TimeSpan.FromSeconds(1)));
        Assert.True(memory.IsDue("c", "1", now + TimeSpan.FromSeconds(1_024), TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Message_that_contradicts_itself_is_refused()
    {
        Session session = new(73_001, (5, "Ada", 1));
        SegmentReady good = session.Segments[0];
        MessageCheck.Demand(good with { FileSize = 1, StartSample = 0, SampleCount = 0 });
        MessageCheck.Demand(session.Started);
        MessageCheck.Demand(session.Stopped with { SampleCount = 0 });
        Action[] bad =
        [
            () => MessageCheck.Demand(good with { FileSize = 0 }), () => MessageCheck.Demand(good with { StartSample = -1 }),
            () => MessageCheck.Demand(good with { SampleCount = -1 }), () => MessageCheck.Demand(good with { Username = null! }),
            () => MessageCheck.Demand(good with { ContentMd5 = null! }), () => MessageCheck.Demand(good with { SegmentIndex = 1 }),
            () => MessageCheck.Demand(good with { BlobName = "strange" }), () => MessageCheck.Demand(good with { Version = 2 }),
            () => MessageCheck.Demand(good with { ContentMd5 = Convert.ToBase64String(new byte[15]) }),
            () => MessageCheck.Demand(good with { ContentMd5 = Convert.ToBase64String(new byte[17]) }),
            () => MessageCheck.Demand(session.Stopped with { SampleCount = -1 }),
            () => MessageCheck.Demand(session.Stopped with { Version = 2 }),
            () => MessageCheck.Demand(session.Started with { Version = 2 }),
            () => MessageCheck.Demand(session.Started with { Session = null! }),
            () => MessageCheck.Demand(session.Started with { Session = session.Info with { GuildName = null! } }),
            () => MessageCheck.Demand(session.Started with { Session = session.Info with { GuildId = 0 } }),
            () => MessageCheck.Demand(session.Started with { Session = session.Info with { RecordingId = default } }),
        ];
        Assert.All(bad, demand => Assert.Throws<MalformedMessageException>(demand));
    }

    [Fact]
    public void Places_are_good_for_four_minutes_and_for_the_same_segments()
    {
        FakeTimeProvider clock = new(Start);
        using BatchPlaces places = new(clock);
        Session session = new(73_002, (5, "Ada", 2));
        LedgerSegment[] segments = [.. session.Segments.Select(one => LedgerSegment.From(one, SegmentState.Collected, null))];
        BatchInitResponse init = new() { RecordingId = "1" };
        Assert.Null(places.Find(session.Id, segments));
        places.Keep(session.Id, segments, init, clock.GetTimestamp());
        Assert.Same(init, places.Find(session.Id, segments));
        Assert.Null(places.Find(session.Id, segments[..1]));
        clock.Advance(TimeSpan.FromMinutes(4) - Tick);
        Assert.Same(init, places.Find(session.Id, segments));
        clock.Advance(Tick);
        Assert.Null(places.Find(session.Id, segments));
        places.Keep(session.Id, segments, init, clock.GetTimestamp());
        places.Forget(session.Id);
        Assert.Null(places.Find(session.Id, segments));
        RecordingId[] hundred = [.. Enumerable.Range(0, 100).Select(_ => RecordingId.New(clock))];
        foreach (RecordingId id in hundred) places.Keep(id, segments, init, clock.GetTimestamp());
        Assert.All(hundred, id => Assert.Same(init, places.Find(id, segments)));
        Assert.Equal([true, true, true, false, false], new int?[] { null, 408, 500, 403, 409 }.Select(status =>
            BatchPlaces.IsStillGood(new RecordingApiException("", isTransient: true, null, null, status))));
    }

    [Fact]
    public void Last_word_on_an_end_is_the_newer_manifests_and_the_longer_account_of_a_track_counts()
    {
        Session session = new(73_003, (5, "Ada", 3), (6, "Grace", 1));
        RecordingStopped swept = session.Stopped with { Tracks = null, EndReason = EndReason.Interrupted, SampleCount = 7 };
        SessionManifest bots = session.Manifest(ManifestState.Stopped, Start) with { EndedAt = Start.AddMinutes(9) };
        SessionManifest older = bots with { UpdatedAt = Start.AddSeconds(-1), Tracks = [], SampleCount = 1, Notes = [] };

        SessionManifest closed = ManifestMerge.Close(swept, bots, older, []);
        Assert.Equal((EndReason.Stopped, Start.AddMinutes(9), bots.SampleCount, 1), (closed.EndReason, closed.EndedAt, closed.SampleCount,
            closed.Notes.Count));
        Assert.Empty(ManifestMerge.Close(swept, older, bots with { Notes = [] }, []).Notes);
        Assert.Equal(2, ManifestMerge.Close(swept, bots with { Incarnation = 2 }, bots, []).Incarnation); // as new: the one in its place
        closed = ManifestMerge.Close(session.Stopped with { EndReason = EndReason.Limit, SampleCount = 99_000_000 }, bots, null, []);
        Assert.Equal((EndReason.Limit, session.Stopped.EndedAt, 99_000_000), (closed.EndReason, closed.EndedAt, closed.SampleCount));
        closed = ManifestMerge.Close(swept, bots with { State = ManifestState.Recording, EndedAt = null, EndReason = null }, null, []);
        Assert.Equal((EndReason.Interrupted, swept.EndedAt), (closed.EndReason, closed.EndedAt));
        closed = ManifestMerge.Close(swept, null, null, []);
        Assert.Equal((1, swept.EndedAt, 7L, ManifestState.Stopped),
            (closed.Incarnation, closed.UpdatedAt, closed.SampleCount, closed.State));

        TrackSummary[] longer = [.. session.Tracks], shorter = [longer[1], longer[0] with { Segments = [new IndexRange(0, 1)] }];
        Assert.Equal([(5UL, 3), (6UL, 1)], ManifestMerge.Close(session.Stopped with { Tracks = shorter }, bots, null, [])
            .Tracks.Select(track => (track.UserId, track.Segments.Sum(range => range.Count))));

        // By how many there are, not by their numbers or by the holes between them.
        foreach ((IndexRange[] fewer, IndexRange[] more) in new (IndexRange[], IndexRange[])[]
        {
            ([new(5, 6)], [new(0, 2)]), ([new(0, 0), new(2, 2)], [new(0, 2)]), ([new(0, 1)], [new(0, 0), new(2, 2), new(4, 4)]),
        })
        {
            Assert.Equal(more, ManifestMerge.Close(session.Stopped with { Tracks = [longer[0] with { Segments = fewer }] },
                bots with { Tracks = [longer[0] with { Segments = more }] }, null, []).Tracks.Single().Segments);
        }

        closed = ManifestMerge.Close(swept, bots, null, [(5, Start)]);
        Assert.Equal([6UL], closed.Tracks.Select(track => track.UserId));
        Assert.Equal([5UL], closed.Consent!.Erased());
    }

    [Fact]
    public void List_is_in_order_and_is_cut_where_a_part_is_full()
    {
        Session session = new(73_004);
        PresentSegments present = new(session.Info);
        Assert.Empty(present.Parts(2));
        foreach ((ulong user, int index, long start) in new[] { (5UL, 1, 480_000L), (55UL, 0, 0L), (6UL, 0, 480_000L), (6UL, 1, 480_000L) })
            present.Add(Segment(session, user, index, start));
        present.Close();
        Assert.Equal([(55UL, 0), (5UL, 1), (6UL, 0), (6UL, 1)], present.Ordered.Select(one => (one.UserId, one.Index)));
        Assert.Equal((4, 16, 480_000L + 48_000, 3, 32),
            (present.Count, present.FileSize, present.EndSample, present.Users.Count, present.Fingerprint.Length));
        Assert.Equal([0..2, 2..4], present.Parts(2));
        Assert.Equal([0..3, 3..4], present.Parts(3));
        Assert.Equal([0..4], present.Parts(4));
        Assert.Equal(450 + (2 * ("Ada".Length + "http://a/b".Length)), present.Ordered[0].LengthOnWire);

        PresentSegments wide = new(session.Info);
        string name = new('x', (int)(FinalizePartRequest.MostBytes / 8));
        for (int index = 0; index < 5; index++) wide.Add(Segment(session, 5, index, index) with { Username = name });
        wide.Close();
        Assert.Equal([0..3, 3..5], wide.Parts(100)); // each takes a bit more than a quarter of what a request holds
        Assert.NotEqual(present.Fingerprint, wide.Fingerprint);

        // Two that fill a request to its last byte, and one more.
        PresentSegments full = new(session.Info);
        string half = new('x', (int)(((FinalizePartRequest.MostBytes / 2) - 450) / 2) - "http://a/b".Length);
        for (int index = 0; index < 3; index++) full.Add(Segment(session, 5, index, index) with { Username = half });
        full.Close();
        Assert.Equal([0..2, 2..3], full.Parts(100));
    }

    [Fact]
    public void Lists_that_differ_in_anything_that_is_sent_differ_in_their_name()
    {
        Session session = new(73_007);
        LedgerSegment row = Segment(session, 5, 1, 480_000);
        LedgerSegment[] rows =
        [
            row, row with { Key = row.Key with { UserId = 6 } }, row with { Key = row.Key with { Index = 2 } }, row with { FileSize = 5 },
            row with { StartSample = 480_001 }, row with { SampleCount = 47_999 }, row with { Username = "Eve" },
            row with { BlobUrl = "http://a/c" }, row with { ContentMd5 = "x" }, row with { Channels = 2 },
        ];
        Assert.Equal(rows.Length, rows.Select(one => NameOf(one)).Distinct().Count());
        Assert.Equal(NameOf(row), NameOf(row with { }));
        Assert.NotEqual(NameOf(row), NameOf(row, row));

        string NameOf(params LedgerSegment[] list)
        {
            PresentSegments present = new(session.Info);
            foreach (LedgerSegment one in list) present.Add(one);
            present.Close();
            return present.Fingerprint;
        }
    }

    [Fact]
    public void Gap_of_a_takeover_is_as_long_as_nothing_is_there()
    {
        Session session = new(73_005, (5, "Ada", 1));
        SessionManifest manifest = session.Manifest(ManifestState.Stopped, Start);
        RecordingGap all = new() { StartSample = 100_000, SampleCount = 200_000, Reason = RecordingGap.Takeover };
        RecordingGap loss = new() { StartSample = 10, SampleCount = 20, Reason = "loss" };
        PresentSegment before = new(5, 0, 0, 100_000, 0), within = new(5, 1, 100_000, 90_000, 0), after = new(5, 2, 300_000, 48_000, 0);

        Assert.Equal([loss, all with { StartSample = 190_000, SampleCount = 110_000 }],
            TakeoverGaps.Narrow(manifest with { Gaps = [loss, all] }, [before, within, after]));
        Assert.Equal([all], TakeoverGaps.Narrow(manifest with { Gaps = [all] }, [before, after]));
        Assert.Empty(TakeoverGaps.Narrow(manifest with { Gaps = [all] }, [before, within with { SampleCount = 200_000 }, after]));
        RecordingGap own = all with { UserId = 5 };
        Assert.Equal([own with { StartSample = 190_000, SampleCount = 110_000 }],
            TakeoverGaps.Narrow(manifest with { Gaps = [own] }, [before, within, after with { Index = 9 }]));
        Assert.Equal([own], TakeoverGaps.Narrow(manifest with { Gaps = [own] }, []));
    }

    [Fact]
    public void Names_are_as_the_service_takes_them_and_times_are_the_nearest_millisecond()
    {
        Session session = new(73_006);
        SessionInfo info = session.Info with { StartedAt = Start };
        Assert.Equal((null, "x"), (WireMapping.InitLive(info with { ChannelName = "" }).ChannelName,
            WireMapping.InitLive(info with { ChannelName = "x" }).ChannelName));
        Assert.Equal("77", WireMapping.InitLive(info with { ChannelName = " \u200e\n" }).ChannelName);
        Assert.Equal(new string('x', 100), WireMapping.InitLive(info with { Title = new string('x', 101) }).Title);
        Assert.Equal(new string('x', 100), WireMapping.InitLive(info with { Title = new string('x', 100) }).Title);
        string marked = string.Concat(Enumerable.Repeat("e\u0301\u0301\u0301\u0301", 150)); // a character has five units
        Assert.Equal(400, WireMapping.InitLive(info with { Title = marked }).Title!.Length);
        Assert.Equal(396, WireMapping.InitLive(info with { Title = "x" + marked }).Title!.Length);
        string giant = "e" + new string('\u0301', 500); // one character
        Assert.Equal(giant[..100], WireMapping.InitLive(info with { Title = giant }).Title);
        Assert.Equal((0, 1, 1), (WireMapping.Duration(23), WireMapping.Duration(24), WireMapping.Duration(71)));
        Assert.Equal((0, 1, 1, 2), (At(23), At(24), At(71), At(72)));

        long At(long sample) => WireMapping.Milliseconds(info, sample) - Start.ToUnixTimeMilliseconds();
    }

    [Theory]
    [InlineData("http://a.example", "http://a.example/api/x")]
    [InlineData("http://a.example/", "http://a.example/api/x")]
    [InlineData("http://a.example/Api/", "http://a.example/Api/x")]
    [InlineData("http://a.example/base", "http://a.example/base/api/x")]
    [InlineData("http://a.example/base/api", "http://a.example/base/api/x")]
    [InlineData("http://api", "http://api/api/x")] // the name of a container
    public void Address_of_the_service_may_have_its_api_in_it(string root, string address) =>
        Assert.Equal(address, new RecordingApiAddress(new() { RecordingApiBaseUrl = new Uri(root) }, new OwnApi(() => null!, null))
            .Resolve("x").AbsoluteUri);

    [Fact]
    public void Without_any_setting_the_defaults_are_those_of_the_settings() =>
        Assert.Equal(new DeliveryOptions(), DeliveryOptions.Read(new SettingReader(new SettingSources(
            new ConfigurationBuilder().Build()))));

    private static LedgerSegment Segment(Session session, ulong user, int index, long start) => new()
    {
        Key = new SegmentKey(session.Id, user, index),
        State = SegmentState.Moved,
        Username = "Ada",
        BlobName = "segment.wav",
        BlobUrl = "http://a/b",
        FileSize = 4,
        ContentMd5 = "",
        StartSample = start,
        SampleCount = 48_000,
        Channels = 1,
    };
}
