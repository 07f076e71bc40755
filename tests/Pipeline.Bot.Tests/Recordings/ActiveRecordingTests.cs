using Microsoft.Extensions.Logging;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Replay;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

public sealed class ActiveRecordingTests(AzuriteFixture azurite)
{
    private const ulong Ada = 501;
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private readonly StorageEye eye = new(azurite.ConnectionString);

    [Fact]
    public async Task Recording_is_announced_uploaded_and_stopped_with_a_manifest_that_equals_the_blobs()
    {
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        await room.Storage.EnsureCreatedAsync(TestContext.Current.CancellationToken); // else a warning says that it is missing
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), TestContext.Current.CancellationToken);
        RecordingId recording = host.Session.RecordingId;
        new TestVoice(host, clock, Ada, "Ada 🎙").Talk(25);
        host.Properties["message"] = "77";

        await host.StopAsync(EndReason.Stopped, TestContext.Current.CancellationToken);

        Assert.Equal(RecordingEnd.Stopped, await host.Ended);
        IReadOnlyList<RecordingStarted> started = await eye.StartedAsync(recording);
        Assert.NotEmpty(started); // a second one when the stop came while the first was on its way
        Assert.All(started, message => Assert.Equal(host.Session, message.Session));
        RecordingStopped stopped = Assert.Single(await eye.StoppedAsync(recording));
        SessionManifest manifest = (await eye.ManifestAsync(recording))!;
        TrackSummary track = Assert.Single(manifest.Tracks);
        Assert.Equal((ManifestState.Stopped, EndReason.Stopped, 1), (manifest.State, manifest.EndReason, manifest.Incarnation));
        Assert.Equal(("99", "77"), (manifest.Properties["panel"], manifest.Properties["message"]));
        Assert.Equal(stopped.Tracks![0].Chain, track.Chain);
        Assert.Equal(Noon + SampleClock.ToTime(manifest.SampleCount), manifest.EndedAt);
        Assert.Equal("Ada 🎙", track.Username);
        await AssertChainAsync(recording, track);
        Assert.Equal(25 * 48_000, track.SampleCount, 2000d);
        Assert.False(room.Spool.Folder(recording).Exists);
        Assert.DoesNotContain(room.Log.Lines, line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task Storage_that_is_away_at_start_and_stop_gets_everything_when_it_is_back()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Cut();
        queue.Cut();
        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path);
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), TestContext.Current.CancellationToken);
        new TestVoice(host, clock, Ada, "Ada").Talk(45);
        await BotRoom.UntilAsync(() => host.Upload.State == UploadState.Delayed, "the outage is shown");
        Assert.InRange(host.Upload.Safe.Sample, 0, 4800);

        Task stopping = host.StopAsync(EndReason.Stopped, TestContext.Current.CancellationToken);
        blob.Mend();
        queue.Mend();
        await stopping;

        RecordingId recording = host.Session.RecordingId;
        Assert.Single(await eye.StoppedAsync(recording));
        TrackSummary track = Assert.Single((await eye.ManifestAsync(recording))!.Tracks);
        Assert.Equal(45 * 48_000, track.SampleCount, 2000d);
        await AssertChainAsync(recording, track);
        Assert.DoesNotContain(room.Log.Lines, line => line.Level >= LogLevel.Error);
    }

    /// <summary>A replay that is faster than real time: what the functions know of it is never fifteen seconds of its call old.</summary>
    [Fact]
    public async Task Account_of_a_fast_replay_is_as_fresh_as_that_of_a_call()
    {
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        await room.Storage.EnsureCreatedAsync(TestContext.Current.CancellationToken);
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), TestContext.Current.CancellationToken);
        RecordingId recording = host.Session.RecordingId;
        await BotRoom.UntilAsync(async () => await eye.ManifestAsync(recording) is not null, "the first account");
        TestVoice ada = new(host, clock, Ada, "Ada");
        await BotRoom.UntilAsync(async () =>
        {
            ada.Talk(20);
            return (await eye.ManifestAsync(recording))!.SampleCount > 0;
        }, "the next account, long before the process has waited for its time", ManifestBeat.Interval.TotalSeconds * 2 / 3);
        await host.StopAsync(EndReason.Stopped, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task What_was_said_is_stored_when_it_is_said_to_be()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(), TestContext.Current.CancellationToken);
        RecordingId recording = host.Session.RecordingId;
        for (ulong user = 1; user <= 3; user++)
        {
            Assert.True(host.SetOptOut(user, optedOut: true));
            Assert.True(await host.TryStoreAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
            Assert.Contains(user, (await eye.ManifestAsync(recording))!.OptedOut!);
        }
        blob.Cut();
        host.SetOptOut(Ada, optedOut: true);
        Assert.False(await host.TryStoreAsync(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken));
        blob.Mend();
        Assert.True(await host.TryStoreAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        Assert.Contains(Ada, (await eye.ManifestAsync(recording))!.OptedOut!);
    }

    /// <summary>The last tick is over, and a full disk keeps the recording from being left.</summary>
    [Fact]
    public async Task Opt_out_after_the_last_tick_deletes_what_waits_before_the_recording_is_left()
    {
        using TempFolder spool = new();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Cut();
        queue.Cut();
        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path);
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), TestContext.Current.CancellationToken);
        new TestVoice(host, clock, Ada, "Ada").Talk(15);
        string stopped = Path.Combine(room.Spool.Folder(host.Session.RecordingId).Path, "stopped.json");
        Directory.CreateDirectory(stopped); // no file takes its place
        using CancellationTokenSource leaving = new();
        Task stopping = host.StopAsync(EndReason.Stopped, leaving.Token);
        await BotRoom.UntilAsync(() => room.Log.Lines.Any(line => line.EventId == 4112), "the end cannot be written");
        Assert.NotEmpty(HeldFiles.Of(spool.Path, Ada));
        Assert.True(host.SetOptOut(Ada, optedOut: true));
        // The uploader may be at one of them at the same moment: what it began to delete it deletes.
        await BotRoom.UntilAsync(() => HeldFiles.Of(spool.Path, Ada).Length == 0, "nothing of theirs is on the disk");
        Directory.Delete(stopped);
        Assert.Equal(RecordingEnd.Stopped, await host.Ended);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopping);
        await BotRoom.UntilAsync(() => File.Exists(stopped), "the disk has the end");
        SessionManifest kept = room.Spool.Folder(host.Session.RecordingId).LoadManifest()!;
        Assert.Equal([Ada], kept.OptedOut!);
        Assert.DoesNotContain(kept.Tracks, track => track.Segments.Count > 0);
    }

    [Fact]
    public async Task Stop_that_found_no_storage_is_sent_after_the_restart()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        RecordingId recording;
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using (blob)
        await using (queue)
        await using (BotRoom room = await BotRoom.StartAsync(connection, spool.Path, options =>
            options with { ShutdownGrace = TimeSpan.Zero }))
        {
            blob.Cut();
            queue.Cut();
            ReplayClock clock = new(Noon);
            ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), TestContext.Current.CancellationToken);
            recording = host.Session.RecordingId;
            new TestVoice(host, clock, Ada, "Ada").Talk(15);
            using CancellationTokenSource short_ = new(TimeSpan.FromMilliseconds(300));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.StopAsync(EndReason.Stopped, short_.Token));
        }
        Assert.Empty(await eye.StoppedAsync(recording));

        await using BotRoom again = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        await BotRoom.UntilAsync(async () => (await eye.StoppedAsync(recording)).Count > 0, "the stop message is sent");

        TrackSummary track = Assert.Single((await eye.ManifestAsync(recording))!.Tracks);
        Assert.Equal(15 * 48_000, track.SampleCount, 2000d);
        await AssertChainAsync(recording, track);
    }

    [Fact]
    public async Task Full_spool_makes_a_gap_and_recording_goes_on_when_there_is_room()
    {
        using TempFolder spool = new();
        await eye.CreateAsync();
        (TcpProxy blob, TcpProxy queue, string connection) = TcpProxy.Before(azurite.Azurite);
        await using TcpProxy first = blob, second = queue;
        blob.Cut();
        await using BotRoom room = await BotRoom.StartAsync(connection, spool.Path, options => options with
        {
            Spool = options.Spool with { LimitBytes = 4_000_000 },
            Capture = options.Capture with { MinimumFreeDiskBytes = 0 },
        });
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), TestContext.Current.CancellationToken);
        TestVoice voice = new(host, clock, Ada, "Ada");
        for (int spoken = 0; spoken < 70; spoken++)
        {
            voice.Talk(1);
            room.Spool.Refresh();
        }
        Assert.Equal(SpoolLevel.Full, room.Spool.Snapshot.Level);
        Assert.Equal(UploadState.Full, host.Upload.State);
        long atFull = room.Spool.Snapshot.Bytes;
        Assert.InRange(atFull, 4_000_000, 8_000_000);

        blob.Mend();
        await BotRoom.UntilAsync(() => room.Spool.Refresh().Level == SpoolLevel.Ok, "the spool drains");
        voice.Talk(15);
        await host.StopAsync(EndReason.Stopped, TestContext.Current.CancellationToken);

        SessionManifest manifest = (await eye.ManifestAsync(host.Session.RecordingId))!;
        Assert.Contains(manifest.Gaps, gap => gap.Reason == "spool" && gap.SampleCount > 10 * 48_000);
        Assert.InRange(manifest.Tracks[0].SampleCount, 40 * 48_000, 75 * 48_000);
        await AssertChainAsync(host.Session.RecordingId, manifest.Tracks[0]);
    }

    [Fact]
    public async Task Tick_without_news_allocates_nothing_however_many_people_there_are()
    {
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), TestContext.Current.CancellationToken);
        for (ulong user = 0; user < 25; user++) new TestVoice(host, clock, Ada + user, $"Speaker {user}").Talk(0.2);
        for (int tick = 0; tick < 200; tick++) Idle();
        Assert.Equal(host.Snapshot.SampleCount, host.Recording.SampleCount);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int tick = 0; tick < 100; tick++) Idle();
        long perTick = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;

        Assert.InRange(perTick, 0, 200); // a snapshot of 25 tracks has thousands

        void Idle()
        {
            clock.AdvanceTo(clock.Elapsed + ActiveRecording.TickInterval);
            host.Tick();
        }
    }

    [Fact]
    public async Task Longest_duration_ends_the_recording_with_its_reason()
    {
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path, options =>
            options with { Capture = options.Capture with { MaximumDuration = TimeSpan.FromSeconds(5) } });
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), TestContext.Current.CancellationToken);

        new TestVoice(host, clock, Ada, "Ada").Talk(6);

        Assert.Equal(RecordingEnd.Limit, await host.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        await BotRoom.UntilAsync(async () => (await eye.StoppedAsync(host.Session.RecordingId)).Count > 0, "the stop message is sent");
        Assert.Equal(EndReason.Limit, Assert.Single(await eye.StoppedAsync(host.Session.RecordingId)).EndReason);
    }

    [Fact]
    public async Task Bot_that_is_told_to_stop_hands_the_recording_over_with_everything_uploaded()
    {
        using TempFolder spool = new();
        BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        await using BotRoom ending = room;
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), TestContext.Current.CancellationToken);
        new TestVoice(host, clock, Ada, "Ada").Talk(12);

        await room.StopAsync();

        Assert.Equal(RecordingEnd.HandedOver, await host.Ended);
        SessionManifest manifest = (await eye.ManifestAsync(host.Session.RecordingId))!;
        Assert.Equal(ManifestState.Recording, manifest.State);
        await AssertChainAsync(host.Session.RecordingId, Assert.Single(manifest.Tracks));
        Assert.Empty(await eye.StoppedAsync(host.Session.RecordingId));
        Assert.Equal(LeaseOutcome.Ours,
            await room.Storage.AcquireLeaseAsync(host.Session.RecordingId, "6f1f2bd0-0000-4000-8000-000000000001",
            TestContext.Current.CancellationToken));
    }

    internal static async Task AssertChainAsync(StorageEye eye, RecordingId recording, TrackSummary track)
    {
        Dictionary<string, byte[]> blobs = await eye.BlobsAsync(recording);
        List<(int Index, byte[] Content)> segments = [];
        foreach ((string name, byte[] content) in blobs)
        {
            if (BlobPaths.TryParseSegment(name, out SegmentKey key) && key.UserId == track.UserId) segments.Add((key.Index, content));
        }
        Assert.Equal(track.Segments.SelectMany(range => Enumerable.Range(range.First, range.Count)),
            segments.Select(segment => segment.Index).Order());
        Assert.Equal(StorageEye.Chain(segments), track.Chain);
        Assert.Equal(segments.Sum(segment => segment.Content.LongLength), track.ByteCount);
    }

    private Task AssertChainAsync(RecordingId recording, TrackSummary track) => AssertChainAsync(eye, recording, track);
}
