using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>
/// Two minutes of Opus, and of the mix's MP3, are stored by one request; the files are the same, whatever happens in between.
/// </summary>
public sealed class PairedWindowsTests(AzuriteFixture azurite)
{
    private const int Second = 48_000;
    private static readonly RenderOptions Opus = new() { Formats = [RenderFormat.Opus] };
    private static readonly short[] Words = Speech.Of("ada", 10 * Second);
    private readonly string storage = ClassStorage.Of(azurite);

    [Fact]
    public async Task Two_minutes_of_a_small_format_are_one_block()
    {
        await using RenderStage stage = await RenderStage.StartAsync(storage,
            new RenderOptions { Formats = [RenderFormat.Flac, RenderFormat.Opus] });
        Recorded recorded = await TalkMinutesAsync(stage, 4, stage);
        // A header and four minutes; two minutes each.
        Assert.Equal(5, await BlocksAsync(stage, recorded, "mix.flac"));
        Assert.Equal(3, await BlocksAsync(stage, recorded, "mix.opus"));
        Assert.Equal(3, await BlocksAsync(stage, recorded, $"{RenderTable.TrackKey(Ada)}.opus"));
    }

    [Fact]
    public async Task Block_is_named_by_its_bytes()
    {
        await using RenderStage stage = await RenderStage.StartAsync(storage);
        Recorded recorded = await TalkMinutesAsync(stage, 1, stage);
        // Two processes that mix one minute with different levels must not store both under one name.
        foreach (string key in new[] { RenderTable.TrackKey(Ada), RenderTable.Mix })
        {
            RenderRow row = Assert.Single(await RowsAsync(stage, recorded, key)).Value;
            Assert.All(row.Parts.Values, part => Assert.Equal(RenderedPart.BlockName("0", part.Sha256), part.Block));
            Assert.True(row.Parts.Count >= 2);
        }
    }

    [Fact]
    public async Task Process_that_ends_between_two_minutes_changes_no_byte()
    {
        RenderOptions paired = new() { Formats = [RenderFormat.Opus, RenderFormat.Mp3] };
        await using RenderStage stage = await RenderStage.StartAsync(storage, paired);
        await using RenderStage other = await RenderStage.StartAsync(storage, paired);
        // Each minute is rendered by another process than the one before: what the first has in memory is nowhere.
        Recorded recorded = await TalkMinutesAsync(stage, 3, stage, other);
        Dictionary<string, byte[]> files = await stage.DownloadAllAsync(recorded);
        Assert.Equal(2, await BlocksAsync(stage, recorded, "mix.opus") - 1);
        await stage.ForgetRendersAsync(recorded);
        await stage.RenderAsync(recorded);
        Dictionary<string, byte[]> again = await stage.DownloadAllAsync(recorded);
        Assert.Equal(files.Keys.Order(), again.Keys.Order());
        foreach ((string name, byte[] file) in files)
        {
            // It says when it was written.
            if (name != "info.json") Assert.Equal(file, again[name]);
        }
    }

    [Fact]
    public async Task Minute_before_a_silent_one_does_not_wait()
    {
        await using RenderStage stage = await RenderStage.StartAsync(storage, Opus);
        Recorded recorded = await stage.BeginAsync();
        await MinuteAsync(stage, recorded, Ada, 0);
        await stage.MoveAsync(recorded, Grace, "Grace", Minute + (35 * Second), Words);
        await stage.RenderAsync(recorded);
        RenderRow waits = (await RowsAsync(stage, recorded, RenderTable.TrackKey(Ada)))[0];
        Assert.True(waits.IsHeld);
        await stage.MoveAsync(recorded, Grace, "Grace", 2 * Minute, Words);
        await stage.MoveAsync(recorded, Grace, "Grace", (2 * Minute) + (20 * Second), Words);
        await stage.RenderAsync(recorded);
        RenderRow stored = (await RowsAsync(stage, recorded, RenderTable.TrackKey(Ada)))[0];
        Assert.False(stored.IsHeld);
        Assert.False(stored.IsPaired);
        Assert.Equal(waits.Parts["opus"].Sha256, stored.Parts["opus"].Sha256);
        Assert.True((await RowsAsync(stage, recorded, RenderTable.Mix))[0].IsPaired);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1, Traits = ["Category", "Long"])]
    public async Task Minute_that_changes_leaves_the_one_of_its_block_as_it_was(int minute)
    {
        await using RenderStage stage = await RenderStage.StartAsync(storage, Opus);
        Recorded recorded = await TalkMinutesAsync(stage, 2, stage);
        IReadOnlyDictionary<int, RenderRow> before = await RowsAsync(stage, recorded, RenderTable.TrackKey(Ada));
        byte[] first = await stage.DownloadAsync(recorded, "01-Ada.opus");
        await stage.AddAsync(recorded, Ada, "Ada", (minute * Minute) + (25 * Second), Speech.Of("grace", 3 * Second), 1);
        for (int time = 0; time < 2; time++)
        {
            await stage.FinalizeAsync(recorded, amends: true, notes: [new() { Sample = time, Text = $"{time}", UserId = Ada }]);
            await stage.RenderAsync(recorded);
        }
        IReadOnlyDictionary<int, RenderRow> after = await RowsAsync(stage, recorded, RenderTable.TrackKey(Ada));
        Assert.Equal(before[1 - minute].Parts, after[1 - minute].Parts);
        Assert.NotEqual(before[minute].Parts["opus"].Sha256, after[minute].Parts["opus"].Sha256);
        byte[] second = await stage.DownloadAsync(recorded, "01-Ada.opus");
        Assert.NotEqual(first, second);
        await stage.ForgetRendersAsync(recorded);
        await stage.RenderAsync(recorded);
        Assert.Equal(second, await stage.DownloadAsync(recorded, "01-Ada.opus"));
    }

    [Fact]
    public void Bytes_that_wait_have_a_limit()
    {
        using HeldParts held = new();
        byte[] half = new byte[HeldParts.Most / 2];
        RenderedPart part = RenderedPart.Of("", half), small = RenderedPart.Of("", new byte[1]);
        Assert.True(held.TryHold("a/x", 0, part, half));
        Assert.True(held.TryHold("a/x", 2, part, half)); // in its own place
        Assert.False(held.Has("a/x", 0, part));
        Assert.False(held.Has("a/x", 2, small));
        Assert.Equal(half, held.Take("a/x", 2, part));
        Assert.Null(held.Take("a/x", 2, part));
        Assert.True(held.TryHold("a/x", 4, part, half));
        Assert.True(held.TryHold("b/x", 0, part, half));
        Assert.False(held.TryHold("c/x", 0, small, new byte[1]));
    }

    [Fact]
    public void Bytes_of_a_deleted_recording_do_not_wait()
    {
        using HeldParts held = new();
        RecordingId gone = RecordingId.New(TimeProvider.System), stays = RecordingId.New(TimeProvider.System);
        RenderedPart part = RenderedPart.Of("", new byte[1]);
        held.TryHold($"{gone}/mix.opus", 0, part, new byte[1]);
        held.TryHold($"{stays}/mix.opus", 0, part, new byte[1]);
        held.Forget(gone);
        Assert.False(held.Has($"{gone}/mix.opus", 0, part));
        Assert.True(held.Has($"{stays}/mix.opus", 0, part));
    }

    [Fact]
    public void Segments_of_a_stretch_are_found_whatever_overlaps()
    {
        RenderSegment[] segments = [.. new (int Start, int Count)[] { (0, 1000), (10, 5), (20, 30), (20, 5), (1000, 10), (1005, 1) }
            .Select((segment, at) => new RenderSegment(at, segment.Start, segment.Count, 1, 0, new Uri("http://127.0.0.1/a.wav")))];
        RenderTrack track = new() { UserId = 1, Username = "", Number = 1, Channels = 1, Segments = segments };
        (int, int)[] stretches = [(0, 1), (10, 15), (15, 20), (999, 1000), (1000, 1001), (1005, 1006), (1010, 2000), (-5, 0)];
        foreach ((int start, int end) in stretches)
        {
            Assert.Equal(segments.Where(segment => segment.Start < end && segment.Start + segment.Count > start),
                track.Between(start, end));
        }
    }

    /// <summary>Ada talks, and after each minute somebody else in turn renders; then it is over.</summary>
    private static async Task<Recorded> TalkMinutesAsync(RenderStage stage, int minutes, params RenderStage[] renderers)
    {
        Recorded recorded = await stage.BeginAsync();
        for (int minute = 0; minute < minutes; minute++)
        {
            await MinuteAsync(stage, recorded, Ada, minute);
            await renderers[minute % renderers.Length].RenderAsync(recorded);
        }
        await stage.FinalizeAsync(recorded);
        await renderers[^1].RenderAsync(recorded);
        return recorded;
    }

    // In the middle of it, and so much at its end that the minute before is over.
    private static async Task MinuteAsync(RenderStage stage, Recorded recorded, ulong user, int minute)
    {
        string name = user == Ada ? "Ada" : "Grace";
        foreach (int second in new[] { 12, 30, 48 })
            await stage.MoveAsync(recorded, user, name, (minute * Minute) + (second * Second), Words);
    }

    private static async Task<IReadOnlyDictionary<int, RenderRow>> RowsAsync(RenderStage stage, Recorded recorded, string key) =>
        await stage.Get<RenderTable>().ReadWindowsAsync(recorded.Id, key, withSound: false, TestContext.Current.CancellationToken);

    private static async Task<int> BlocksAsync(RenderStage stage, Recorded recorded, string file) => (await stage.Storage.Blobs
        .GetBlobContainerClient(StorageNames.RendersContainer).GetBlockBlobClient($"{recorded.Id}/{file}")
        .GetBlockListAsync(BlockListTypes.Committed, cancellationToken: TestContext.Current.CancellationToken)).Value.CommittedBlocks
        .Count();
}
