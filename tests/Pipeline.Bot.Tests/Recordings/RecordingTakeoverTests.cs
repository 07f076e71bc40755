using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Replay;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

public sealed class RecordingTakeoverTests(AzuriteFixture azurite)
{
    private const ulong Ada = 501;
    private const string Stranger = "6f1f2bd0-0000-4000-8000-000000000001";
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private readonly StorageEye eye = new(azurite.ConnectionString);

    [Fact]
    public async Task Same_bot_with_its_spool_goes_on_with_the_next_index_and_a_marked_gap()
    {
        using TempFolder spool = new();
        RecordingId recording = await CrashAfterAsync(spool.Path, seconds: 25);

        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        ReplayClock clock = new(Noon + TimeSpan.FromSeconds(60));
        RecordingCandidate candidate = await FindAsync(room, recording);
        Assert.True(candidate.InSpool);
        ActiveRecording host = Assert.IsType<ActiveRecording>(
            await room.Unowned.TakeOverAsync(candidate, clock, ticksByCaller: true, TestContext.Current.CancellationToken));
        Assert.Equal("99", host.Properties["panel"]);
        new TestVoice(host, clock, Ada, "Ada").Talk(12);
        await host.StopAsync(EndReason.Stopped, TestContext.Current.CancellationToken);

        SessionManifest manifest = (await eye.ManifestAsync(recording))!;
        TrackSummary track = Assert.Single(manifest.Tracks);
        Assert.Equal(2, manifest.Incarnation);
        Assert.Single(track.Segments); // no index was left out
        await ActiveRecordingTests.AssertChainAsync(eye, recording, track);
        RecordingGap gap = Assert.Single(manifest.Gaps, gap => gap.Reason == "takeover");
        Assert.InRange(gap.StartSample, 20 * 48_000, 26 * 48_000);
        Assert.Equal(60 * 48_000, gap.StartSample + gap.SampleCount);
        await AssertNoOverlapAsync(recording, firstAfterGap: 60 * 48_000);
    }

    [Fact]
    public async Task Manifest_that_the_storage_does_not_give_keeps_nobody_from_finding_the_others()
    {
        using TempFolder lost = new();
        RecordingId archived = await CrashAfterAsync(lost.Path, seconds: 5, freeLease: true);
        using TempFolder alsoLost = new();
        RecordingId recording = await CrashAfterAsync(alsoLost.Path, seconds: 5, freeLease: true);
        await new BlobClient(azurite.ConnectionString, StorageNames.TempContainer, BlobPaths.Manifest(archived))
            .SetAccessTierAsync(AccessTier.Archive, cancellationToken: TestContext.Current.CancellationToken);

        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        IReadOnlyList<RecordingCandidate> found = await room.Unowned.FindAsync(TestContext.Current.CancellationToken);
        Assert.Contains(found, candidate => candidate.Session.RecordingId == recording);
        Assert.DoesNotContain(found, candidate => candidate.Session.RecordingId == archived);
        await new BlobClient(azurite.ConnectionString, StorageNames.TempContainer, BlobPaths.Manifest(archived))
            .DeleteAsync(cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Another_bot_without_the_spool_goes_on_beyond_the_reserved_indexes()
    {
        using TempFolder lost = new();
        RecordingId recording = await CrashAfterAsync(lost.Path, seconds: 25, freeLease: true);
        int reserved = (await eye.ManifestAsync(recording))!.Tracks[0].NextFreeIndex;

        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        ReplayClock clock = new(Noon + TimeSpan.FromSeconds(60));
        RecordingCandidate candidate = await FindAsync(room, recording);
        Assert.False(candidate.InSpool);
        ActiveRecording host = Assert.IsType<ActiveRecording>(
            await room.Unowned.TakeOverAsync(candidate, clock, ticksByCaller: true, TestContext.Current.CancellationToken));
        new TestVoice(host, clock, Ada, "Ada").Talk(12);
        await host.StopAsync(EndReason.Stopped, TestContext.Current.CancellationToken);

        SessionManifest manifest = (await eye.ManifestAsync(recording))!;
        TrackSummary track = Assert.Single(manifest.Tracks);
        Assert.Equal(2, track.Segments.Count);
        Assert.Equal(reserved, track.Segments[1].First);
        Assert.Contains(manifest.Gaps, gap => gap.Reason == "takeover");
        Assert.Equal(2, manifest.Incarnation);
    }

    [Fact]
    public async Task Segments_that_came_after_the_last_manifest_are_announced_and_the_gap_begins_behind_them()
    {
        using TempFolder lost = new();
        RecordingId recording = await KillWithDiskAfterAsync(lost.Path, seconds: 35, segments: 3);
        SessionManifest before = (await eye.ManifestAsync(recording))!;
        Assert.SkipUnless(before.Tracks[0].Segments.Sum(range => range.Count) < 3,
            "this machine is so slow that the next manifest came before the last segment");

        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        ReplayClock clock = new(Noon + TimeSpan.FromSeconds(60));
        ActiveRecording host = Assert.IsType<ActiveRecording>(
            await room.Unowned.TakeOverAsync(await FindAsync(room, recording), clock, ticksByCaller: true,
            TestContext.Current.CancellationToken));
        new TestVoice(host, clock, Ada, "Ada").Talk(12);
        await host.StopAsync(EndReason.Stopped, TestContext.Current.CancellationToken);

        SessionManifest manifest = (await eye.ManifestAsync(recording))!;
        TrackSummary track = Assert.Single(manifest.Tracks);
        Assert.Equal([new IndexRange(0, 2), new IndexRange(before.Tracks[0].NextFreeIndex, before.Tracks[0].NextFreeIndex + 1)],
            track.Segments);
        await ActiveRecordingTests.AssertChainAsync(eye, recording, track);
        RecordingGap[] gaps = [.. manifest.Gaps.Where(gap => gap.Reason == RecordingGap.Takeover).OrderBy(gap => gap.StartSample)];
        Assert.InRange(gaps[0].StartSample, 30 * 48_000, 31 * 48_000); // The open fourth segment went with the disk.
        // Where a manifest came behind its beginning, hers ends where everybody's begins.
        Assert.All(gaps.Zip(gaps.Skip(1)), pair => Assert.Equal(pair.First.StartSample + pair.First.SampleCount, pair.Second.StartSample));
        Assert.Equal(60 * 48_000, gaps[^1].StartSample + gaps[^1].SampleCount);
        Assert.Equal(gaps[^1], host.Absence);
        await AssertNoOverlapAsync(recording, firstAfterGap: 60 * 48_000);
    }

    [Fact]
    public async Task Index_of_a_segment_that_was_moved_already_is_not_used_again()
    {
        using TempFolder lost = new();
        RecordingId recording = await KillWithDiskAfterAsync(lost.Path, seconds: 35, segments: 3);
        int reserved = (await eye.ManifestAsync(recording))!.Tracks[0].NextFreeIndex;
        SegmentReady moved = (await eye.SegmentsAsync(recording)).Single(message => message.SegmentIndex == 2);
        await eye.Blob(moved.BlobName).DeleteAsync(cancellationToken: TestContext.Current.CancellationToken);

        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        ReplayClock clock = new(Noon + TimeSpan.FromSeconds(60));
        ActiveRecording host = Assert.IsType<ActiveRecording>(
            await room.Unowned.TakeOverAsync(await FindAsync(room, recording), clock, ticksByCaller: true,
            TestContext.Current.CancellationToken));
        new TestVoice(host, clock, Ada, "Ada").Talk(5);
        await host.StopAsync(EndReason.Stopped, TestContext.Current.CancellationToken);

        TrackSummary track = Assert.Single((await eye.ManifestAsync(recording))!.Tracks);
        Assert.Equal(reserved, track.Segments[^1].First);
        IReadOnlyList<SegmentReady> all = await eye.SegmentsAsync(recording);
        Assert.Equal(all.Count, all.Select(message => message.Key).Distinct().Count());
    }

    [Fact]
    public async Task Recording_that_ends_without_its_disk_announces_what_lies_in_the_temp_container()
    {
        using TempFolder lost = new();
        RecordingId recording = await KillWithDiskAfterAsync(lost.Path, seconds: 35, segments: 3);

        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        RecordingCandidate candidate = await room.Unowned.CompleteAsync(await FindAsync(room, recording),
            TestContext.Current.CancellationToken);
        await room.Unowned.CloseAsync(candidate, EndReason.Interrupted, TestContext.Current.CancellationToken);

        RecordingStopped stopped = Assert.Single(await eye.StoppedAsync(recording));
        TrackSummary track = Assert.Single(stopped.Tracks!);
        Assert.Equal([new IndexRange(0, 2)], track.Segments);
        await ActiveRecordingTests.AssertChainAsync(eye, recording, track);
        Assert.InRange(stopped.SampleCount, 30 * 48_000, 36 * 48_000);
    }

    [Fact]
    public async Task Takeover_that_is_broken_off_leaves_the_lease_to_others()
    {
        using TempFolder lost = new();
        RecordingId recording = await KillWithDiskAfterAsync(lost.Path, seconds: 12, segments: 1);
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        RecordingCandidate candidate = await FindAsync(room, recording);
        await room.StopAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            room.Unowned.TakeOverAsync(candidate, new ReplayClock(Noon), ticksByCaller: true, TestContext.Current.CancellationToken));

        Assert.Equal(LeaseOutcome.Ours, await room.Storage.AcquireLeaseAsync(recording, Stranger, TestContext.Current.CancellationToken));
        Assert.Empty(room.Hosts.Running);
    }

    [Fact]
    public async Task Recording_goes_on_although_the_disk_takes_no_word_of_it()
    {
        using TempFolder spool = new();
        RecordingId recording = await CrashAfterAsync(spool.Path, seconds: 12);
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        string refused = Path.Combine(room.Spool.Folder(recording).Path, "session.json.next");
        Directory.CreateDirectory(refused);
        ReplayClock clock = new(Noon + TimeSpan.FromSeconds(60));
        ActiveRecording host = Assert.IsType<ActiveRecording>(
            await room.Unowned.TakeOverAsync(await FindAsync(room, recording), clock, ticksByCaller: true,
            TestContext.Current.CancellationToken));
        new TestVoice(host, clock, Ada, "Ada").Talk(5);
        Assert.True(await host.TryStoreAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        Directory.Delete(refused);
        await host.StopAsync(EndReason.Stopped, TestContext.Current.CancellationToken);

        SessionManifest manifest = (await eye.ManifestAsync(recording))!;
        Assert.Equal(2, manifest.Incarnation);
        RecordingGap gap = Assert.Single(manifest.Gaps, gap => gap.Reason == RecordingGap.Takeover);
        Assert.Equal(60 * 48_000, gap.StartSample + gap.SampleCount);
        await AssertNoOverlapAsync(recording, firstAfterGap: 60 * 48_000);
    }

    /// <summary>A file where the recording's folder should be: whatever the takeover needs of the disk is refused.</summary>
    [Fact]
    public async Task Takeover_that_the_disk_refuses_leaves_the_recording_to_the_next_attempt()
    {
        using TempFolder lost = new();
        RecordingId recording = await CrashAfterAsync(lost.Path, seconds: 3, freeLease: true);
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        RecordingCandidate candidate = await FindAsync(room, recording);
        string inTheWay = room.Spool.Folder(recording).Path;
        await File.WriteAllTextAsync(inTheWay, "", TestContext.Current.CancellationToken);
        ReplayClock clock = new(Noon + TimeSpan.FromSeconds(60));
        await Assert.ThrowsAnyAsync<IOException>(() =>
            room.Unowned.TakeOverAsync(candidate, clock, ticksByCaller: true, TestContext.Current.CancellationToken));
        File.Delete(inTheWay);

        RecordingCandidate again = await FindAsync(room, recording);
        Assert.False(again.IsLeased);
        Assert.NotNull(await room.Unowned.TakeOverAsync(again, clock, ticksByCaller: true, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Recording_whose_lease_is_held_is_not_taken()
    {
        using TempFolder lost = new();
        RecordingId recording = await CrashAfterAsync(lost.Path, seconds: 3, freeLease: true);
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        Assert.Equal(LeaseOutcome.Ours, await room.Storage.AcquireLeaseAsync(recording, Stranger, TestContext.Current.CancellationToken));

        RecordingCandidate candidate = await FindAsync(room, recording);

        Assert.True(candidate.IsLeased);
        Assert.Null(await room.Unowned.TakeOverAsync(candidate, new ReplayClock(Noon), ticksByCaller: true,
            TestContext.Current.CancellationToken));
        Assert.False(room.Spool.Folder(recording).Exists);
    }

    [Fact]
    public async Task Bot_that_lost_its_lease_stops_capturing_and_uploads_what_it_has()
    {
        using TempFolder spool = new();
        using TempFolder otherSpool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), TestContext.Current.CancellationToken);
        RecordingId recording = host.Session.RecordingId;
        TestVoice voice = new(host, clock, Ada, "Ada");
        voice.Talk(12);
        await BotRoom.UntilAsync(async () => await eye.CountSegmentsAsync(recording) > 0, "the first segment is uploaded");
        await using BotRoom other = await BotRoom.StartAsync(azurite.ConnectionString, otherSpool.Path);
        ReplayClock otherClock = new(Noon + TimeSpan.FromSeconds(13));
        ActiveRecording? next = null;
        // The first one renews its lease by the clock, and may do so just in between.
        await BotRoom.UntilAsync(async () =>
        {
            await room.Storage.ReleaseLeaseAsync(recording, room.Spool.Folder(recording).LeaseId(), TestContext.Current.CancellationToken);
            next = await other.Unowned.TakeOverAsync(await FindAsync(other, recording), otherClock, ticksByCaller: true,
                TestContext.Current.CancellationToken);
            return next is not null;
        }, "the other bot has the lease");
        voice.Talk(5);
        Assert.Equal(RecordingEnd.Lost, await host.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        new TestVoice(next!, otherClock, Ada, "Ada").Talk(5);
        await next!.StopAsync(EndReason.Stopped, TestContext.Current.CancellationToken);
        await room.Uploader.DrainAsync(TestContext.Current.CancellationToken);

        IReadOnlyList<SegmentReady> messages = await eye.SegmentsAsync(recording);
        Assert.Equal(messages.Count, messages.Select(message => message.Key).Distinct().Count());
        Assert.Equal(22 * 48_000, messages.Sum(message => message.SampleCount), 3000d);
        Assert.Equal(2, (await eye.ManifestAsync(recording))!.Incarnation);
    }

    [Theory]
    [InlineData(-3600)]
    [InlineData(3600)]
    public async Task Clock_that_jumped_never_writes_over_what_is_there(int jumpSeconds)
    {
        using TempFolder spool = new();
        RecordingId recording = await CrashAfterAsync(spool.Path, seconds: 12);

        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        ReplayClock clock = new(Noon + TimeSpan.FromSeconds(12 + jumpSeconds));
        ActiveRecording host = Assert.IsType<ActiveRecording>(
            await room.Unowned.TakeOverAsync(await FindAsync(room, recording), clock, ticksByCaller: true,
            TestContext.Current.CancellationToken));
        new TestVoice(host, clock, Ada, "Ada").Talk(5);
        await host.StopAsync(EndReason.Stopped, TestContext.Current.CancellationToken);

        await AssertNoOverlapAsync(recording, firstAfterGap: 12 * 48_000 - 4800);
    }

    [Fact]
    public async Task Recording_that_shall_not_go_on_is_closed_with_its_leftovers()
    {
        using TempFolder spool = new();
        RecordingId recording = await CrashAfterAsync(spool.Path, seconds: 25);

        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        await room.Unowned.CloseAsync(await FindAsync(room, recording), EndReason.Interrupted, TestContext.Current.CancellationToken);

        Assert.Equal(EndReason.Interrupted, Assert.Single(await eye.StoppedAsync(recording)).EndReason);
        await ActiveRecordingTests.AssertChainAsync(eye, recording, Assert.Single((await eye.ManifestAsync(recording))!.Tracks));
        Assert.False(room.Spool.Folder(recording).Exists);
    }

    // Talks and then ends the room without any stop: what is left is what a kill leaves.
    private async Task<RecordingId> CrashAfterAsync(string spool, double seconds, bool freeLease = false)
    {
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool);
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), TestContext.Current.CancellationToken);
        RecordingId recording = host.Session.RecordingId;
        TestVoice voice = new(host, clock, Ada, "Ada");
        voice.Talk(Math.Min(seconds, 15));
        await BotRoom.UntilAsync(async () =>
            await eye.ManifestAsync(recording) is { } manifest
            && (seconds < 11 || manifest.Tracks.Any(track => track.Segments.Count > 0)), "the manifest knows the first segment");
        voice.Talk(seconds - Math.Min(seconds, 15));
        if (freeLease)
        {
            await room.Uploader.DrainAsync(TestContext.Current.CancellationToken);
            await room.StopAsync();
        }
        return recording;
    }

    // The disk goes with the bot, and 60 s have passed; so many segments are in the temp container.
    private async Task<RecordingId> KillWithDiskAfterAsync(string spool, double seconds, int segments)
    {
        await eye.CreateAsync();
        RecordingId recording;
        await using (BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool))
        {
            ReplayClock clock = new(Noon);
            ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), TestContext.Current.CancellationToken);
            recording = host.Session.RecordingId;
            TestVoice voice = new(host, clock, Ada, "Ada");
            voice.Talk(11);
            await BotRoom.UntilAsync(async () => await eye.CountSegmentsAsync(recording) > 0, "the first segment is uploaded");
            voice.Talk(seconds - 11);
            await BotRoom.UntilAsync(async () => await eye.CountSegmentsAsync(recording) == segments, "the later segments are uploaded");
            await room.Uploader.StopAsync(CancellationToken.None); // The end of the room closes the open segment; it stays on the disk.
        }
        await eye.Blob(BlobPaths.Manifest(recording)).GetBlobLeaseClient()
            .BreakAsync(TimeSpan.Zero, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(segments, await eye.CountSegmentsAsync(recording));
        return recording;
    }

    private static async Task<RecordingCandidate> FindAsync(BotRoom room, RecordingId recording) =>
        Assert.Single(await room.Unowned.FindAsync(TestContext.Current.CancellationToken), candidate =>
            candidate.Session.RecordingId == recording);

    private async Task AssertNoOverlapAsync(RecordingId recording, long firstAfterGap)
    {
        SegmentReady[] segments = [.. (await eye.SegmentsAsync(recording)).DistinctBy(message => message.Key)
            .OrderBy(message => message.SegmentIndex)];
        for (int i = 1; i < segments.Length; i++)
            Assert.True(segments[i].StartSample >= segments[i - 1].StartSample + segments[i - 1].SampleCount,
                $"segment {segments[i].SegmentIndex} begins before its predecessor ends");
        Assert.True(segments[^1].StartSample >= firstAfterGap);
    }
}
