using Pipeline.Bot.Capture;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

public sealed class LiveManifestTests
{
    private const ulong Ada = 501;
    private static readonly string Md5 = Convert.ToBase64String(new byte[16]);

    private readonly SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));

    [Fact]
    public void Restart_knows_the_same_segments_and_chain_from_manifest_and_journal()
    {
        using TempFolder spool = new();
        LiveManifest manifest = Keeper(spool);
        for (int index = 0; index < 5; index++) manifest.Announce(Entry(index));
        manifest.Stored(manifest.Compose(DateTimeOffset.UnixEpoch));
        for (int index = 5; index < 8; index++) manifest.Announce(Entry(index));

        LiveManifest again = LiveManifest.Load(manifest.Folder)!;

        TrackSummary track = Assert.Single(again.Compose(DateTimeOffset.UnixEpoch).Tracks);
        Assert.Equal(new IndexRange(0, 7), Assert.Single(track.Segments));
        Assert.Equal(Enumerable.Range(0, 8).Aggregate(SegmentChain.Empty, (chain, index) => SegmentChain.Append(chain, index, Md5)),
            track.Chain);
        Assert.Equal((8 * 480_000L, 8 * 1000L, "Ada"), (track.SampleCount, track.ByteCount, track.Username));
        Assert.Equal(8 * 480_000L, again.LastJournaledSample);
    }

    [Fact]
    public async Task One_of_two_threads_gets_the_recording_and_no_change_beside_it_is_lost()
    {
        using TempFolder spool = new();
        for (int round = 0; round < 200; round++)
        {
            LiveManifest manifest = Keeper(spool);
            using Barrier together = new(2);
            Task<bool> other = Task.Factory.StartNew(() =>
            {
                together.SignalAndWait(TestContext.Current.CancellationToken);
                manifest.StartSent();
                return manifest.TryClaim();
            }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            together.SignalAndWait(TestContext.Current.CancellationToken);
            bool won = manifest.TryClaim();
            Assert.NotEqual(won, await other);
            Assert.Equal(new Tenure(IsHosted: true, IsStartSent: true), manifest.Tenure);
            Assert.False(manifest.IsFree);
            manifest.Unhost();
            Assert.Equal(new Tenure(IsHosted: false, IsStartSent: true), manifest.Tenure);
            Assert.True(manifest.IsFree);
        }
    }

    [Fact]
    public void Line_that_a_crash_cut_off_is_dropped_and_written_again()
    {
        using TempFolder spool = new();
        LiveManifest manifest = Keeper(spool);
        manifest.SaveLocally(manifest.Compose(DateTimeOffset.UnixEpoch));
        manifest.Announce(Entry(0));
        manifest.Announce(Entry(1));
        string journal = manifest.Folder.JournalPath;
        byte[] whole = File.ReadAllBytes(journal);
        for (int cut = 1; cut < 40; cut += 13)
        {
            File.WriteAllBytes(journal, whole[..^cut]);
            LiveManifest again = LiveManifest.Load(manifest.Folder)!;
            again.Announce(Entry(1));
            again.Announce(Entry(2));

            TrackSummary track = Assert.Single(LiveManifest.Load(manifest.Folder)!.Compose(DateTimeOffset.UnixEpoch).Tracks);
            Assert.Equal(new IndexRange(0, 2), Assert.Single(track.Segments));
        }
    }

    [Fact]
    public async Task Index_beyond_the_stored_reservation_waits_for_the_next_manifest()
    {
        using TempFolder spool = new();
        LiveManifest manifest = Keeper(spool);
        bool asked = false;
        manifest.Indexes.Wanted = () => asked = true;
        manifest.Closed(Key(0), 0);

        Task<bool> first = manifest.ReservedAsync(Key(0), CancellationToken.None);
        Assert.False(first.IsCompleted);
        Assert.True(asked && manifest.Indexes.IsWanted);
        manifest.Stored(manifest.Compose(DateTimeOffset.UnixEpoch));
        Assert.True(await first);
        Assert.True(await manifest.ReservedAsync(Key(ReservedIndexes.Ahead), CancellationToken.None));
        Assert.False(manifest.ReservedAsync(Key(ReservedIndexes.Ahead + 2), CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task Index_beyond_the_reservation_is_given_up_when_the_recording_is_lost()
    {
        using TempFolder spool = new();
        LiveManifest manifest = Keeper(spool);
        Task<bool> waiting = manifest.ReservedAsync(Key(3), CancellationToken.None);

        manifest.Indexes.Lost();

        Assert.False(await waiting);
    }

    [Fact]
    public void Local_copy_reserves_no_more_than_the_stored_manifest()
    {
        using TempFolder spool = new();
        LiveManifest manifest = Keeper(spool);
        manifest.Announce(Entry(0));
        manifest.Stored(manifest.Compose(DateTimeOffset.UnixEpoch));
        int reserved = manifest.Folder.LoadManifest()!.Tracks[0].NextFreeIndex;
        for (int index = 1; index < 100; index++) manifest.Announce(Entry(index));

        manifest.SaveLocally(manifest.Compose(DateTimeOffset.UnixEpoch));

        Assert.Equal(1 + ReservedIndexes.Ahead, reserved);
        Assert.Equal(reserved, manifest.Folder.LoadManifest()!.Tracks[0].NextFreeIndex);
        Assert.Equal(99, manifest.Folder.LoadManifest()!.Tracks[0].Segments[^1].Last);
    }

    [Fact]
    public void Owner_without_the_spool_starts_beyond_what_was_reserved()
    {
        using TempFolder spool = new();
        LiveManifest first = Keeper(spool);
        first.Announce(Entry(0));
        SessionManifest stored = first.Compose(DateTimeOffset.UnixEpoch);
        using TempFolder elsewhere = new();
        LiveManifest second = LiveManifest.Start(new RecordingFolder(elsewhere.Path), stored);

        second.TakeOver(null, [new RecordingGap { StartSample = 480_000, SampleCount = 48_000, Reason = "takeover" }]);
        Dictionary<ulong, int> indexes = second.FirstIndexes(new Dictionary<ulong, int>(), beyondReserved: true);
        second.Announce(Entry(indexes[Ada]));

        SessionManifest manifest = second.Compose(DateTimeOffset.UnixEpoch);
        Assert.Equal(stored.Tracks[0].NextFreeIndex, indexes[Ada]);
        Assert.Equal(2, manifest.Incarnation);
        Assert.Equal([new IndexRange(0, 0), new IndexRange(indexes[Ada], indexes[Ada])], manifest.Tracks[0].Segments);
        Assert.Equal("takeover", Assert.Single(manifest.Gaps).Reason);
    }

    [Fact]
    public void Safe_position_is_the_start_of_the_oldest_segment_that_waits()
    {
        using TempFolder spool = new();
        LiveManifest manifest = Keeper(spool, sampleCount: 100 * 480_000L);
        Assert.Equal(100 * 480_000L, manifest.Safe().Sample);
        for (int index = 0; index < 100; index++) manifest.Closed(Key(index), index * 480_000L);
        Assert.Equal(0, manifest.Safe().Sample);
        manifest.Uploaded(Key(1));
        Assert.Equal(0, manifest.Safe().Sample);
        manifest.Uploaded(Key(0));
        Assert.Equal(2 * 480_000L, manifest.Safe().Sample);
        for (int index = 2; index < 99; index++)
        {
            manifest.Uploaded(Key(index));
            Assert.InRange(manifest.Safe().Sample, 0, (index + 1) * 480_000L);
        }
        manifest.Uploaded(Key(99));
        Assert.Equal(100 * 480_000L, manifest.Safe().Sample);
    }

    [Fact]
    public void List_of_opt_outs_that_comes_while_somebody_takes_the_recording_over_is_left_to_the_new_host()
    {
        using TempFolder spool = new();
        LiveManifest manifest = Keeper(spool, awaitsOptOuts: true);
        manifest.Closed(Key(0), 0);
        Assert.True(manifest.TryClaim()); // it was free when it was looked at, and is taken over while the API answers

        Assert.False(manifest.OptOutsKnown([Ada], byHost: false));
        Assert.True(manifest.AwaitsOptOuts); // nothing may leave: nobody has refused her segments
        manifest.TakeOver(null, []);
        Consent consent = new(manifest.OptedOut);
        manifest.Host(static () => null, consent);
        Assert.False(manifest.OptOutsKnown([Ada], byHost: false));
        Assert.True(manifest.AwaitsOptOuts);

        manifest.Refuse(Ada, 1); // as the host's tick does
        Assert.True(manifest.OptOutsKnown([Ada], byHost: true));
        Assert.False(manifest.AwaitsOptOuts);
        Assert.True(consent.IsOptedOut(Ada));
        Assert.False(manifest.TryDepart(Key(0)));
    }

    [Fact]
    public void List_of_opt_outs_that_comes_before_a_takeover_holds_for_the_new_host()
    {
        using TempFolder spool = new();
        LiveManifest manifest = Keeper(spool, awaitsOptOuts: true);
        manifest.Closed(Key(0), 0);

        Assert.True(manifest.OptOutsKnown([Ada], byHost: false));
        Assert.True(manifest.TryClaim());
        manifest.TakeOver(null, []);
        manifest.Host(static () => null, new Consent(manifest.OptedOut));

        Assert.False(manifest.AwaitsOptOuts);
        Assert.Equal([Ada], manifest.OptedOut);
        Assert.True(manifest.IsRefused(Key(0)));
        Assert.False(manifest.TryDepart(Key(0)));
    }

    private LiveManifest Keeper(TempFolder spool, long sampleCount = 0, bool awaitsOptOuts = false) =>
        LiveManifest.Start(new RecordingFolder(spool.Path),
            BotRoom.Manifest(session) with { SampleCount = sampleCount, AwaitsOptOuts = awaitsOptOuts });

    private SegmentKey Key(int index) => new(session.RecordingId, Ada, index);

    private static JournalEntry Entry(int index) => new(Ada, "Ada", index, index * 480_000L, 480_000, 1000, Md5);
}
