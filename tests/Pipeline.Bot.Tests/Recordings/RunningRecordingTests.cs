using Pipeline.Bot.Capture;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Replay;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Recordings;

/// <summary>What is said to a recording while it runs, and what it says of itself.</summary>
public sealed class RunningRecordingTests(AzuriteFixture azurite)
{
    private const ulong Ada = 501, Ben = 502;
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private readonly StorageEye eye = new(azurite.ConnectionString);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_no_news_is_said_to_be_none()
    {
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(new ReplayClock(Noon)), Cancel);
        Assert.True(host.SetOptOut(Ada, optedOut: true));
        Assert.False(host.SetOptOut(Ada, optedOut: true));
        Assert.True(host.SetOptOut(Ada, optedOut: false));
        Assert.False(host.SetOptOut(Ada, optedOut: false));
        Assert.True(host.OptOut([Ada, Ben]));
        Assert.False(host.OptOut([Ben]));
        Assert.Equal([Ada, Ben], host.Manifest.OptedOut);
    }

    [Fact]
    public async Task Where_nobody_is_asked_nobody_agrees_and_a_list_that_is_not_awaited_changes_nothing()
    {
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(new ReplayClock(Noon)), Cancel);
        Assert.False(host.Agree(Yes(Ada), "text"));
        Assert.Null(host.Ledger);
        Assert.False(host.Upload.AwaitsOptOuts);
        host.OptOutsKnown([Ada]);
        host.Tick();
        Assert.True(host.Recording.Consent.IsTaken(Ada));
    }

    [Fact]
    public async Task Who_agrees_is_taken_from_then_on_and_says_so_once()
    {
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(new ReplayClock(Noon)) with
        {
            Consent = new ConsentLedger { Mode = ConsentLedger.Required },
        }, Cancel);
        Assert.False(host.Recording.Consent.IsTaken(Ada));
        Assert.True(host.Agree(Yes(Ada), "text"));
        Assert.False(host.Agree(Yes(Ada), "text"));
        Assert.True(host.Recording.Consent.IsTaken(Ada));
        Assert.False(host.Recording.Consent.IsTaken(Ben));
        Assert.Equal([Ada], host.Ledger!.Agreed());
        Assert.Single(host.Ledger.Entries);
    }

    /// <summary>Nothing leaves the disk before it is known whose it may be; the first list decides, and only that.</summary>
    [Fact]
    public async Task Awaited_list_lets_everybody_else_leave()
    {
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock) with { AwaitsOptOuts = true }, Cancel);
        RecordingId recording = host.Session.RecordingId;
        new TestVoice(host, clock, Ada, "Ada").Talk(12);
        new TestVoice(host, clock, Ben, "Ben").Talk(12);
        Assert.True(host.Upload.AwaitsOptOuts);
        Assert.True(host.WaitingFiles >= 2);

        host.OptOutsKnown([Ada]);
        Assert.True(host.Recording.Consent.IsTaken(Ada)); // until the next tick
        host.Tick();
        Assert.False(host.Recording.Consent.IsTaken(Ada));
        host.OptOutsKnown([Ben]);
        host.Tick();
        Assert.True(host.Recording.Consent.IsTaken(Ben));
        Assert.False(host.Upload.AwaitsOptOuts);

        await host.StopAsync(EndReason.Stopped, Cancel);
        Dictionary<string, byte[]> blobs = await eye.BlobsAsync(recording);
        List<ulong> owners = [];
        foreach (string name in blobs.Keys)
            if (BlobPaths.TryParseSegment(name, out SegmentKey key)) owners.Add(key.UserId);
        Assert.NotEmpty(owners);
        Assert.All(owners, owner => Assert.Equal(Ben, owner));
        Assert.Equal([Ada], (await eye.ManifestAsync(recording))!.OptedOut);
    }

    [Fact]
    public async Task Second_end_waits_for_the_first_and_changes_nothing()
    {
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        List<IReadOnlyList<TrackSnapshot>> left = [];
        room.Hosts.HasLeft += left.Add;
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), Cancel);
        new TestVoice(host, clock, Ada, "Ada").Talk(2);
        Assert.Same(host, Assert.Single(room.Hosts.Running));
        Task first = host.StopAsync(EndReason.Stopped, Cancel);
        await host.HandOverAsync(Cancel);
        await host.StopAsync(EndReason.Limit, Cancel);
        await first;
        Assert.Equal(RecordingEnd.Stopped, await host.Ended);
        Assert.Equal(EndReason.Stopped, Assert.Single(await eye.StoppedAsync(host.Session.RecordingId)).EndReason);
        Assert.Equal(Ada, Assert.Single(Assert.Single(left)).UserId);
        Assert.Empty(room.Hosts.Running);
        long samples = host.Recording.SampleCount;
        clock.AdvanceTo(clock.Elapsed + TimeSpan.FromSeconds(5));
        host.Tick(); // a tick that was on its way
        Assert.Equal(samples, host.Recording.SampleCount);
    }

    [Fact]
    public async Task Recording_that_is_handed_over_says_so_and_is_free_at_once()
    {
        using TempFolder spool = new();
        await using BotRoom room = await BotRoom.StartAsync(azurite.ConnectionString, spool.Path);
        ReplayClock clock = new(Noon);
        ActiveRecording host = await room.Hosts.StartAsync(BotRoom.Request(clock), Cancel);
        new TestVoice(host, clock, Ada, "Ada").Talk(2);
        await host.HandOverAsync(Cancel);
        Assert.Equal(RecordingEnd.HandedOver, await host.Ended);
        SessionManifest stored = (await eye.ManifestAsync(host.Session.RecordingId))!;
        Assert.Equal("true", stored.Properties[LiveManifest.HandedOver]);
        Assert.Equal(LeaseOutcome.Ours, await room.Storage.AcquireLeaseAsync(host.Session.RecordingId,
            "6f1f2bd0-0000-4000-8000-000000000002", Cancel));
    }

    private static ConsentEntry Yes(ulong user) =>
        new() { UserId = user, At = Noon, Choice = ConsentEntry.Agreed, Button = "Yes" };
}
