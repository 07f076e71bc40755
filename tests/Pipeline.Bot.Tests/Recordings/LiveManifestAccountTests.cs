using Pipeline.Bot.Capture;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

/// <summary>What the account of a recording says, who is refused by it, and what of it a new owner knows.</summary>
public sealed class LiveManifestAccountTests : IDisposable
{
    private const ulong Ada = 501, Ben = 502, Cleo = 503;
    private static readonly string Md5 = Convert.ToBase64String(new byte[16]);

    private readonly SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));
    private readonly TempFolder spool = new();

    public void Dispose() => spool.Dispose();

    [Fact]
    public void Person_who_opted_out_before_a_crash_is_refused_after_it()
    {
        Keeper(First() with { OptedOut = [Ada], Properties = new Dictionary<string, string> { ["panel"] = "99" } }).Folder
            .Save(First() with { OptedOut = [Ada], Properties = new Dictionary<string, string> { ["panel"] = "99" } });

        LiveManifest again = LiveManifest.Load(new RecordingFolder(spool.Path))!;

        Assert.True(again.IsRefused(Key(Ada, 0)));
        Assert.True(again.IsRefused(Key(Ada, 1_000_000)));
        Assert.False(again.IsRefused(Key(Ben, 0)));
        Assert.Equal("99", again.Properties["panel"]);
    }

    [Fact]
    public void Segments_from_before_the_word_are_refused_and_those_after_it_are_not()
    {
        LiveManifest manifest = Keeper(First());
        manifest.Refuse(Ada, below: 2);

        Assert.True(manifest.IsRefused(Key(Ada, 1)));
        Assert.False(manifest.IsRefused(Key(Ada, 2)));
        Assert.False(manifest.TryDepart(Key(Ada, 1)));
        manifest.Announce(Entry(Ada, 1));
        Assert.Empty(Compose(manifest).Tracks);
        manifest.Announce(Entry(Ada, 2));
        Assert.Equal([new IndexRange(2, 2)], Assert.Single(Compose(manifest).Tracks).Segments);
        Assert.Equal(2, Assert.Single(new SegmentJournal(manifest.Folder.JournalPath).Read()).Index);
    }

    [Fact]
    public void What_is_with_the_storage_for_good_is_no_longer_refused()
    {
        LiveManifest manifest = Keeper(First());
        manifest.Announce(Entry(Ada, 0));
        Assert.True(manifest.TryDepart(Key(Ada, 0)));
        manifest.Refuse(Ada, below: 5);
        Assert.False(manifest.IsRefused(Key(Ada, 0)));
        Assert.True(manifest.IsRefused(Key(Ada, 1)));
    }

    [Fact]
    public async Task Upload_that_waits_for_its_index_learns_that_it_is_refused()
    {
        LiveManifest manifest = Keeper(First());
        Task<bool> waiting = manifest.ReservedAsync(Key(Ada, 3), TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        manifest.Refuse(Ada, below: 4);
        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        Task<bool> another = manifest.ReservedAsync(Key(Ben, 3), TestContext.Current.CancellationToken);
        Assert.True(manifest.OptOutsKnown([Ben], byHost: false));
        Assert.True(await another.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Erasure_outlives_a_crash_and_its_index_is_not_used_again()
    {
        LiveManifest manifest = Keeper(First());
        manifest.SaveLocally(Compose(manifest));
        for (int index = 0; index < 3; index++) manifest.Announce(Entry(Ada, index));
        manifest.Erasing(Key(Ada, 2));
        manifest.Erasing(Key(Ada, 2)); // once is enough
        manifest.Erased(Key(Ada, 2));

        Assert.Equal([new IndexRange(0, 1)], Assert.Single(Compose(manifest).Tracks).Segments);
        Assert.Single(new SegmentJournal(manifest.Folder.JournalPath).Read(), entry => entry.Erased);
        LiveManifest again = LiveManifest.Load(manifest.Folder)!;
        Assert.Equal([new IndexRange(0, 1)], Assert.Single(Compose(again).Tracks).Segments);
        Assert.Equal(3, again.FirstIndexes(new Dictionary<ulong, int>(), beyondReserved: false)[Ada]);
        Assert.Equal(3 * 480_000L, again.LastJournaledSample);
    }

    [Fact]
    public void Erased_segment_holds_the_safe_position_back_no_longer()
    {
        LiveManifest manifest = Keeper(First() with { SampleCount = 960_000 });
        manifest.Closed(Key(Ada, 0), 480_000);
        Assert.Equal(480_000, manifest.Safe().Sample);
        manifest.Erased(Key(Ada, 0));
        Assert.Equal(960_000, manifest.Safe().Sample);
    }

    [Fact]
    public void Open_segment_of_anybody_holds_the_safe_position_back()
    {
        LiveManifest manifest = Keeper(First());
        manifest.Host(() => Snapshot(960_000, Track(Ada) with { OpenSince = 700_000 }, Track(Ben) with { OpenSince = 800_000 }),
            new Consent([]));
        Assert.Equal(700_000, manifest.Safe().Sample);
    }

    [Fact]
    public void Leftover_of_another_owner_is_in_no_account()
    {
        LiveManifest manifest = Keeper(First());
        manifest.Announce(Entry(Ada, ReservedIndexes.Leftovers) with { StartSample = 0 });
        Assert.Empty(Compose(manifest).Tracks);
        manifest.Announce(Entry(Ada, ReservedIndexes.Leftovers - 1) with { StartSample = 0 });
        Assert.Equal([new IndexRange(ReservedIndexes.Leftovers - 1, ReservedIndexes.Leftovers - 1)],
            Assert.Single(Compose(manifest).Tracks).Segments);
    }

    [Fact]
    public void Last_sample_of_the_journal_never_goes_back()
    {
        LiveManifest manifest = Keeper(First());
        manifest.Announce(Entry(Ada, 3));
        Assert.Equal(4 * 480_000L, manifest.LastJournaledSample);
        manifest.Announce(Entry(Ben, 1));
        Assert.Equal(4 * 480_000L, manifest.LastJournaledSample);
    }

    [Fact]
    public void Only_people_of_whom_something_came_have_a_track()
    {
        LiveManifest manifest = Keeper(First());
        manifest.Host(() => Snapshot(48_000,
            Track(1),
            Track(2) with { NextFreeIndex = 1 },
            Track(3) with { OpenSince = 0 },
            Track(4) with { Health = new TrackHealth { Received = 1 } }), new Consent([]));
        Assert.Equal([2UL, 3UL, 4UL], Compose(manifest).Tracks.Select(track => track.UserId));
    }

    [Fact]
    public void Account_sets_indexes_apart_beyond_the_open_segment_and_none_once_it_has_ended()
    {
        LiveManifest manifest = Keeper(First());
        manifest.Host(() => Snapshot(48_000, Track(Ada) with { NextFreeIndex = 5, OpenSince = 0 }), new Consent([]));
        Assert.Equal(6 + ReservedIndexes.Ahead, Assert.Single(Compose(manifest).Tracks).NextFreeIndex);
        manifest.Unhost();
        manifest.Announce(Entry(Ben, 7));
        Assert.Equal(8 + ReservedIndexes.Ahead, Compose(manifest).Tracks[1].NextFreeIndex);

        manifest.Stopped(new RecordingStopped
        {
            Session = session,
            EndedAt = session.StartedAt + TimeSpan.FromSeconds(2),
            EndReason = EndReason.Limit,
            SampleCount = 96_000,
        });
        SessionManifest ended = Compose(manifest);
        Assert.Equal([6, 8], ended.Tracks.Select(track => track.NextFreeIndex));
        Assert.Equal((ManifestState.Stopped, EndReason.Limit, 96_000L), (ended.State, ended.EndReason, ended.SampleCount));
        Assert.Equal(session.StartedAt + TimeSpan.FromSeconds(2), ended.EndedAt);
    }

    [Fact]
    public void Account_says_what_the_recording_the_call_and_its_people_say()
    {
        LiveManifest manifest = Keeper(First() with
        {
            SampleCount = 96_000,
            Gaps = [Gap(1)],
            Notes = [Note("first")],
            Unencrypted = [new SampleStretch(1, 2)],
            OptedOut = [Ben],
        });
        manifest.Host(() => Snapshot(48_000, Track(Ada) with { NextFreeIndex = 1 }) with
        {
            Gaps = [Gap(2)],
            Notes = [Note("second")],
            Unencrypted = [new SampleStretch(3, 4)],
        }, new Consent([Cleo]));
        manifest.MoreHealth = user => new Dictionary<string, long> { ["unnamed"] = (long)user };
        manifest.PrivacyCode = "12345";
        manifest.Properties["panel"] = "98";
        ConsentEntry yes = new() { UserId = Ada, At = DateTimeOffset.UnixEpoch, Choice = ConsentEntry.Agreed, Button = "Yes" };
        manifest.Note(yes, "Ok?");

        SessionManifest account = Compose(manifest);

        Assert.Equal(96_000, account.SampleCount); // never less than was said before
        Assert.Equal([1L, 2L], account.Gaps.Select(gap => gap.StartSample));
        Assert.Equal(["first", "second"], account.Notes.Select(note => note.Text));
        Assert.Equal([new SampleStretch(1, 2), new SampleStretch(3, 4)], account.Unencrypted);
        Assert.Equal(501, Assert.Single(account.Tracks).Health["unnamed"]);
        Assert.Equal(("12345", "98"), (account.PrivacyCode, account.Properties["panel"]));
        Assert.Equal([Cleo], account.OptedOut);
        Assert.Equal(DateTimeOffset.UnixEpoch, account.UpdatedAt);
        Assert.Equal((ConsentLedger.Off, "Ok?"), (account.Consent!.Mode, Assert.Single(account.Consent.Texts)));
        Assert.Equal([Ada], account.Consent.Agreed());
    }

    [Fact]
    public void Nobody_else_has_the_recording_while_it_is_claimed_and_its_end_is_told()
    {
        LiveManifest manifest = Keeper(First());
        int released = 0;
        manifest.Released = () => released++;
        Assert.True(manifest.IsFree);
        Assert.True(manifest.TryClaim());
        Assert.False(manifest.IsFree);
        Assert.False(manifest.TryClaim());
        manifest.Unhost();
        Assert.True(manifest.IsFree);
        Assert.Equal(1, released);
        manifest.Host(static () => null, new Consent([]));
        Assert.False(manifest.TryClaim());
        manifest.Unhost();
        manifest.Indexes.Lost();
        Assert.False(manifest.IsFree);
        Assert.False(manifest.Tenure.IsStartSent);
        manifest.StartSent();
        Assert.True(manifest.Tenure.IsStartSent);
        Assert.False(manifest.Gone.IsCompleted);
        manifest.Forgotten();
        Assert.True(manifest.Gone.IsCompletedSuccessfully);
    }

    /// <summary>The host's last snapshot is read at its end and is then in the sums: a takeover must not count it twice.</summary>
    [Fact]
    public void Takeover_counts_what_the_owner_before_counted_once()
    {
        LiveManifest manifest = Keeper(First() with { OptedOut = [Ben] });
        bool isDisposed = false;
        manifest.Host(() => isDisposed ? throw new ObjectDisposedException("recording") : Snapshot(48_000, Track(Ada) with
        {
            NextFreeIndex = 3,
            Health = new TrackHealth { Received = 10 },
        }) with
        { Gaps = [Gap(7)], Notes = [Note("said")] }, new Consent([Ben, Cleo]));
        manifest.MoreHealth = _ => new Dictionary<string, long> { ["unnamed"] = 4 };
        manifest.Properties[LiveManifest.HandedOver] = "true";
        manifest.Unhost();
        isDisposed = true;

        manifest.TakeOver(null, [Gap(9)]);

        SessionManifest account = Compose(manifest);
        Assert.Equal(2, account.Incarnation);
        Assert.Equal([7L, 9L], account.Gaps.Select(gap => gap.StartSample));
        Assert.Single(account.Notes);
        Assert.Equal((10L, 4L), (account.Tracks[0].Health["received"], account.Tracks[0].Health["unnamed"]));
        Assert.Equal([Ben, Cleo], account.OptedOut!.Order());
        Assert.True(manifest.IsRefused(Key(Cleo, 0)));
        Assert.False(account.Properties.ContainsKey(LiveManifest.HandedOver));
        Assert.Equal([Ada], manifest.Heard());
    }

    [Fact]
    public void Takeover_of_what_went_on_elsewhere_keeps_our_own_indexes_and_everybody_who_was_refused()
    {
        LiveManifest manifest = Keeper(First() with { OptedOut = [Ada] });
        manifest.Closed(Key(Ben, 4), 0);
        SessionManifest elsewhere = First() with
        {
            Incarnation = 3,
            OptedOut = [Cleo],
            Tracks = [Summary(Ben, received: 5) with { Segments = [new IndexRange(0, 1)] }, Summary(Cleo, received: 0)],
        };

        manifest.TakeOver(elsewhere, []);

        SessionManifest account = Compose(manifest);
        Assert.Equal(4, account.Incarnation);
        Assert.Equal([Ada, Cleo], account.OptedOut!.Order());
        Assert.True(manifest.IsRefused(Key(Ada, 0)));
        Assert.True(manifest.IsRefused(Key(Cleo, 0)));
        Assert.Equal([new IndexRange(0, 1)], account.Tracks.Single(track => track.UserId == Ben).Segments);
        Dictionary<ulong, int> first = manifest.FirstIndexes(new Dictionary<ulong, int> { [Ada] = 2 }, beyondReserved: false);
        Assert.Equal((2, 5, 0), (first[Ada], first[Ben], first[Cleo])); // index 4 is on our disk
        Assert.Equal([Ben], manifest.Heard()); // a count of nothing is nobody's voice
    }

    [Fact]
    public void Every_channel_that_the_call_went_on_in_is_kept_once_and_over_a_takeover()
    {
        LiveManifest manifest = Keeper(First());
        Assert.Null(Compose(manifest).FurtherChannels);
        foreach (ulong channel in (ulong[])[21, 22, session.ChannelId, 21]) manifest.GoOnIn(channel);
        Assert.Equal([21ul, 22], Compose(manifest).FurtherChannels);

        manifest.TakeOver(First() with { Incarnation = 2, FurtherChannels = [23, 21] }, []);
        Assert.Equal((ulong[])[21, 22, 23], manifest.FurtherChannels.Order().ToArray());
        manifest.SaveLocally(Compose(manifest));
        Assert.Equal((ulong[])[21, 22, 23], LiveManifest.Load(new RecordingFolder(spool.Path))!.FurtherChannels.Order().ToArray());
    }

    [Theory]
    [InlineData(2, 1, "elsewhere")]
    [InlineData(1, 1, "elsewhere")]
    [InlineData(1, 2, "here")]
    public void Takeover_keeps_the_account_of_peoples_words_that_knows_more(int elsewhere, int here, string kept)
    {
        LiveManifest manifest = Keeper(First() with { Consent = Words(here, "here") });
        manifest.TakeOver(First() with { Consent = Words(elsewhere, "elsewhere") }, []);
        Assert.Equal(kept, manifest.Ledger!.Texts[0]);
        Assert.True(manifest.MustAgree);
    }

    [Fact]
    public void First_indexes_lie_beyond_the_reservation_only_for_an_owner_without_the_spool()
    {
        LiveManifest manifest = Keeper(First() with { Tracks = [Summary(Ada, received: 1) with { NextFreeIndex = 70 }] });
        Dictionary<ulong, int> spooled = new() { [Ada] = 3, [Ben] = 2 };
        Assert.Equal((3, 2), (manifest.FirstIndexes(spooled, false)[Ada], manifest.FirstIndexes(spooled, false)[Ben]));
        Assert.Equal((70, 2), (manifest.FirstIndexes(spooled, true)[Ada], manifest.FirstIndexes(spooled, true)[Ben]));
    }

    private LiveManifest Keeper(SessionManifest first) => LiveManifest.Start(new RecordingFolder(spool.Path), first);

    private SessionManifest First() => BotRoom.Manifest(session);

    private static SessionManifest Compose(LiveManifest manifest) => manifest.Compose(DateTimeOffset.UnixEpoch);

    private static RecordingSnapshot Snapshot(long sampleCount, params TrackSnapshot[] tracks) => new()
    {
        SampleCount = sampleCount,
        Tracks = [.. tracks],
        Gaps = [],
        UnlistedGaps = 0,
        Notes = [],
        Paused = false,
        SpoolProblem = null,
        RingDropped = 0,
    };

    private static TrackSnapshot Track(ulong userId) => TrackSnapshot.OfNothing(userId, new KnownPerson("Somebody", IsBot: false));

    private static TrackSummary Summary(ulong userId, long received) =>
        BotRoom.Reserved(userId, 0) with { Health = new Dictionary<string, long> { ["received"] = received } };

    private static ConsentLedger Words(int count, string text) => Enumerable.Range(0, count)
        .Aggregate(new ConsentLedger { Mode = ConsentLedger.Required }, (ledger, number) => ledger.With(new ConsentEntry
        {
            UserId = (ulong)number + 1,
            At = DateTimeOffset.UnixEpoch,
            Choice = ConsentEntry.Agreed,
            Button = "Yes",
        }, text));

    private static RecordingGap Gap(long start) => new() { StartSample = start, SampleCount = 1, Reason = "reconnect" };

    private static RecordingNote Note(string text) => new() { Sample = 0, UserId = Ada, Text = text };

    private SegmentKey Key(ulong userId, int index) => new(session.RecordingId, userId, index);

    private static JournalEntry Entry(ulong userId, int index) =>
        new(userId, "Somebody", index, index * 480_000L, 480_000, 1000, Md5);
}
