using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

/// <summary>Folders that a process before left in the spool: which are gone on with, which are closed, and which nobody needs.</summary>
public sealed class UnownedRecordingsTests(AzuriteFixture azurite)
{
    private const ulong Ada = 501;
    private const string Stranger = "6f1f2bd0-0000-4000-8000-000000000001";

    private readonly SessionInfo session = BotRoom.Session(RecordingId.New(TimeProvider.System));
    private readonly StorageEye eye = new(azurite.ConnectionString);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RecordingId Recording => session.RecordingId;

    [Fact]
    public async Task Recording_of_our_spool_is_known_up_to_its_last_sample()
    {
        using TempFolder spool = new();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Cut();
        Folder(spool).Save(First() with { SampleCount = 24_000 });
        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path);
        RecordingCandidate found = await FindAsync(room);
        Assert.Equal((true, 24_000L, false), (found.InSpool, found.LastSample, found.IsLeased));
        Assert.Equal(24_000, room.Unowned.SafeOf(found).Sample);
        Assert.Same(found, await room.Unowned.CompleteAsync(found, Cancel));

        room.Manifests.Find(Recording)!.Announce(new JournalEntry(Ada, "Ada", 0, 0, 36_000, 1000, Convert.ToBase64String(new byte[16])));
        Assert.Equal(36_000, (await FindAsync(room)).LastSample);

        SpoolWriter.Write(spool.Path, session, Ada, 1);
        SpoolWriter.Write(spool.Path, session, Ada, 2);
        found = await FindAsync(room);
        Assert.Equal(3 * 48_000, found.LastSample);
        Assert.Equal(48_000, room.Unowned.SafeOf(found).Sample); // where the oldest begins that waits
    }

    [Fact]
    public async Task Recording_that_has_ended_or_that_somebody_has_is_not_offered()
    {
        using TempFolder spool = new();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Cut();
        Folder(spool).Save(First());
        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path);
        LiveManifest manifest = room.Manifests.Find(Recording)!;
        Assert.Single(await room.Unowned.FindAsync(Cancel));
        Assert.True(manifest.TryClaim());
        Assert.Empty(await room.Unowned.FindAsync(Cancel));
        Assert.Null(await room.Unowned.TakeOverAsync(new RecordingCandidate(First(), true, 0, false), null, false, Cancel));
        manifest.Unhost();
        Folder(spool).Save(Stopped());
        Assert.Empty(await room.Unowned.FindAsync(Cancel));
    }

    /// <summary>Leftovers of a recording that nobody runs get their indexes reserved, and afterwards it is free for others.</summary>
    [Fact]
    public async Task Segment_beyond_what_was_reserved_is_uploaded_although_nobody_runs_its_recording()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        Folder(spool).Save(First());
        SpoolWriter.Write(spool.Path, session, Ada, 5);
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        await room.Uploader.DrainAsync(Cancel);

        Assert.Equal(5, Assert.Single(await eye.SegmentsAsync(Recording)).SegmentIndex);
        Assert.Equal(6 + ReservedIndexes.Ahead, Assert.Single((await eye.ManifestAsync(Recording))!.Tracks).NextFreeIndex);
        await BotRoom.UntilAsync(async () =>
            await room.Storage.AcquireLeaseAsync(Recording, Stranger, Cancel) == LeaseOutcome.Ours, "its lease is free");
    }

    [Fact]
    public async Task Segment_of_a_recording_that_another_bot_has_goes_under_an_index_of_its_own()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        await using BotRoom other = await StartOtherAsync(spool);
        Folder(spool, "ours").Save(First());
        SpoolWriter.Write(spool.Combine("ours"), session, Ada, 5);

        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Combine("ours"));
        await room.Uploader.DrainAsync(Cancel);

        Assert.Equal(ReservedIndexes.Leftovers + 5, Assert.Single(await eye.SegmentsAsync(Recording)).SegmentIndex);
        Assert.Equal(2, (await eye.ManifestAsync(Recording))!.Incarnation);
        Assert.Empty(await eye.StoppedAsync(Recording));
    }

    /// <summary>Everything of it is uploaded: the stop is told with what each track announces, and the lease is free.</summary>
    [Fact]
    public async Task Ended_recording_is_closed_by_the_bot_that_comes_next()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        Folder(spool).Save(First() with { SampleCount = 96_000 });
        Folder(spool).Save(Stopped());
        SpoolWriter.Write(spool.Path, session, Ada, 0);
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        await BotRoom.UntilAsync(() => !Folder(spool).Exists, "its folder is gone");

        Assert.Single(await eye.StartedAsync(Recording));
        RecordingStopped stopped = Assert.Single(await eye.StoppedAsync(Recording));
        Assert.Equal((EndReason.Interrupted, 96_000L), (stopped.EndReason, stopped.SampleCount));
        Assert.Equal([new IndexRange(0, 0)], Assert.Single(stopped.Tracks!).Segments);
        SessionManifest manifest = (await eye.ManifestAsync(Recording))!;
        Assert.Equal((ManifestState.Stopped, 1 + ReservedIndexes.Ahead), (manifest.State, manifest.Tracks[0].NextFreeIndex));
        Assert.Equal(LeaseOutcome.Ours, await room.Storage.AcquireLeaseAsync(Recording, Stranger, Cancel));
        Assert.Null(room.Manifests.Find(Recording));
        Assert.DoesNotContain(room.Manifests.All, one => one.Session.RecordingId == Recording);
        await room.Closer.WhenClosed(Recording).WaitAsync(TimeSpan.FromSeconds(60), Cancel); // nobody waits for what is over
    }

    [Fact]
    public async Task Ended_recording_that_another_bot_has_is_not_stopped_for_it()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        await using BotRoom other = await StartOtherAsync(spool);
        Folder(spool, "ours").Save(First());
        Folder(spool, "ours").Save(Stopped());

        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Combine("ours"));
        await BotRoom.UntilAsync(() => !Folder(spool, "ours").Exists, "its folder is gone");

        Assert.Empty(await eye.StoppedAsync(Recording));
        Assert.Equal(ManifestState.Recording, (await eye.ManifestAsync(Recording))!.State);
        Assert.Contains(room.Log.Lines, line => line.EventId == 4105);
    }

    /// <summary>Nothing waits in these folders, and nobody will ask this disk to go on: they go. The one that may go on stays.</summary>
    [Fact]
    public async Task Folder_of_a_recording_that_went_on_elsewhere_goes_and_one_that_may_go_on_stays()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        await using BotRoom other = await BotRoom.StartAsync(azurite.ConnectionString, spool.Combine("other"));
        SessionInfo[] sessions = [.. Enumerable.Range(0, 5).Select(_ => BotRoom.Session(RecordingId.New(TimeProvider.System)))];
        (SessionInfo elsewhere, SessionInfo closed, SessionInfo finalized, SessionInfo ours, SessionInfo unstored) =
            (sessions[0], sessions[1], sessions[2], sessions[3], sessions[4]);
        await StoreAsync(other, First() with { Session = elsewhere, Incarnation = 2 });
        await StoreAsync(other, First() with { Session = closed, State = ManifestState.Stopped });
        await StoreAsync(other, First() with { Session = ours });
        string root = spool.Combine("ours");
        foreach (SessionInfo one in sessions)
        {
            SessionManifest known = one == finalized ? WasStored() : First();
            new RecordingFolder(Path.Combine(root, $"{one.RecordingId}")).Save(known with { Session = one });
        }
        string nameless = Path.Combine(root, $"{RecordingId.New(TimeProvider.System)}");
        Directory.CreateDirectory(nameless);

        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, root);

        await BotRoom.UntilAsync(() => room.Spool.Recordings().Count == 2 && !Directory.Exists(nameless), "all but two are gone");
        // The bot that began the last one ended before the storage heard of it: it goes on too.
        Assert.Equal(new HashSet<RecordingId> { ours.RecordingId, unstored.RecordingId }, [.. room.Spool.Recordings()]);
        Assert.False(Directory.Exists(nameless));
        Assert.NotNull(room.Manifests.Find(ours.RecordingId));
        Assert.Null(room.Manifests.Find(finalized.RecordingId));
    }

    /// <summary>The storage is slow to say that nothing is there; who goes on with the recording meanwhile keeps its folder.</summary>
    [Fact]
    public async Task Folder_of_a_recording_that_somebody_has_begun_to_go_on_with_stays()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Delay = TimeSpan.FromSeconds(2);
        SessionInfo later = BotRoom.Session(RecordingId.New(TimeProvider.System));
        Folder(spool).Save(WasStored());
        RecordingFolder next = new(spool.Combine(later.RecordingId.ToString()));
        next.Save(WasStored() with { Session = later });

        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path);
        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, Cancel); // the storage has been asked
        Assert.True(room.Manifests.Find(Recording)!.TryClaim());

        await BotRoom.UntilAsync(() => !next.Exists, "the folder that nobody wants is gone");
        Assert.True(Folder(spool).Exists);
        Assert.True(room.Manifests.Find(Recording)!.Tenure.IsHosted);
    }

    /// <summary>Audio that was set aside cannot move to where it is kept: the recording is nobody's still.</summary>
    [Fact]
    public async Task Folder_that_the_disk_does_not_let_go_stays_free()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        Folder(spool).Save(WasStored());
        string track = spool.Combine(Recording.ToString(), "501-Ada");
        Directory.CreateDirectory(track);
        await File.WriteAllTextAsync(Path.Combine(track, "set-aside.bad"), "audio", Cancel);
        await File.WriteAllTextAsync(spool.Combine("aside"), "a file where a folder would be", Cancel);

        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        await BotRoom.UntilAsync(() => room.Log.Lines.Any(line => line.EventId == 4108), "the removal has failed");
        await BotRoom.UntilAsync(() => room.Manifests.Find(Recording) is { IsFree: true }, "the recording is free");
        Assert.True(Folder(spool).Exists);
    }

    [Fact]
    public async Task Storage_that_does_not_answer_leaves_what_the_candidate_says()
    {
        using TempFolder spool = new();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Cut();
        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path);
        RecordingCandidate candidate = new(First(), InSpool: false, 48_000, IsLeased: false);
        Assert.Same(candidate, await room.Unowned.CompleteAsync(candidate, Cancel));
        Assert.Empty(await room.Unowned.FindAsync(Cancel));
    }

    private static async Task StoreAsync(BotRoom room, SessionManifest manifest) =>
        Assert.True(await room.Storage.WriteManifestAsync(manifest, leaseId: null, Cancel));

    private async Task<RecordingCandidate> FindAsync(BotRoom room) =>
        Assert.Single(await room.Unowned.FindAsync(Cancel), one => one.Session.RecordingId == Recording);

    private RecordingFolder Folder(TempFolder spool, string under = "") => new(spool.Combine(under, Recording.ToString()));

    private SessionManifest First() => BotRoom.Manifest(session);

    // What the storage once took sets indexes apart.
    private SessionManifest WasStored() => First() with { Tracks = [BotRoom.Reserved(Ada, ReservedIndexes.Ahead)] };

    // Another bot has gone on with it and holds its lease.
    private async Task<BotRoom> StartOtherAsync(TempFolder spool)
    {
        BotRoom other = await BotRoom.StartAsync(azurite.ConnectionString, spool.Combine("other"));
        await StoreAsync(other, First() with { Incarnation = 2 });
        Assert.Equal(LeaseOutcome.Ours, await other.Storage.AcquireLeaseAsync(Recording, Stranger, Cancel));
        return other;
    }

    private RecordingStopped Stopped() => new()
    {
        Session = session,
        EndedAt = session.StartedAt + TimeSpan.FromSeconds(2),
        EndReason = EndReason.Interrupted,
        SampleCount = 96_000,
    };
}
