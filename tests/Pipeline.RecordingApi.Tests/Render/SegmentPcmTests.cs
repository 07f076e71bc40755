using System.Runtime.InteropServices;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Wav;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>Which segment is heard where, however fast each one comes.</summary>
public sealed class SegmentPcmTests(AzuriteFixture azurite) : IDisposable
{
    private const int Second = 48_000;

    private readonly Judge judge = new();
    private readonly Wire wire = new();
    private readonly TempFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        judge.Dispose();
        wire.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Of_segments_that_overlap_the_later_start_is_heard_whichever_comes_first()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await StartAsync();
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", 0, Speech.Of("ada", 5 * Second), 1);
        await stage.AddAsync(recorded, Ada, "Ada", 4 * Second, Speech.Of("grace", 3 * Second), 1);
        await stage.AddAsync(recorded, Ada, "Ada", (4 * Second) + 7_001, Speech.Of("ada", Second / 2), 1); // within the second
        await stage.FinalizeAsync(recorded);
        List<byte[]> files = [];
        foreach ((int late, int soon) in new[] { (0, 1), (1, 2), (2, 0) })
        {
            await stage.ForgetRendersAsync(recorded);
            await RenderAsync(stage, recorded, $"segment_00{late}.wav", $"segment_00{soon}.wav");
            files.Add(await stage.DownloadAsync(recorded, "01-Ada.flac"));
            Assert.Equal(recorded.Track(Ada), judge.Decode(files[^1], "flac"));
        }
        Assert.All(files, file => Assert.Equal(files[0], file));
    }

    [Fact]
    public async Task Broken_segment_takes_nothing_from_the_one_that_it_overlaps()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await StartAsync();
        Recorded recorded = await stage.BeginAsync();
        short[] speech = Speech.Of("ada", 5 * Second);
        await stage.AddAsync(recorded, Ada, "Ada", 0, speech, 1);
        byte[] file = await OpusAsync(Speech.Of("grace", 5 * Second));
        file[^10] ^= 1; // the last page
        await stage.AddAsync(recorded, Ada, "Ada", 4 * Second, new short[5 * Second], 1, file, SegmentFormat.Opus);
        await stage.FinalizeAsync(recorded);
        await RenderAsync(stage, recorded, "segment_001.opus", "segment_000.wav");
        short[] heard = judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac");
        Assert.Equal(speech, heard[..(5 * Second)]);
        Assert.False(heard.AsSpan(5 * Second).ContainsAnyExcept((short)0));
        Assert.Equal([1], (await RowsAsync(stage, recorded))[0].Unreadable);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Header_that_is_wrong_counts_for_the_minute_behind_too(bool isAnotherProcess)
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await StartAsync();
        Recorded recorded = await stage.BeginAsync();
        short[] speech = Speech.Of("ada", 10 * Second);
        await stage.MoveAsync(recorded, Ada, "Ada", 40 * Second, speech);
        await stage.MoveAsync(recorded, Ada, "Ada", 55 * Second, speech);
        byte[] spoiled = new byte[WavFormat.HeaderSize + (speech.Length * 2)];
        new WavFormat(1, 44_100).WriteHeader(spoiled, speech.Length * 2);
        MemoryMarshal.AsBytes(speech.AsSpan()).CopyTo(spoiled.AsSpan(WavFormat.HeaderSize));
        await stage.SpoilAsync(recorded, 1, spoiled);
        await stage.MoveAsync(recorded, Ada, "Ada", 80 * Second, speech);
        await stage.RenderAsync(recorded); // the first minute
        await using RenderStage other = await StartAsync();
        RenderStage last = isAnotherProcess ? other : stage;
        await last.FinalizeAsync(recorded);
        await last.RenderAsync(recorded);
        short[] heard = judge.Decode(await last.DownloadAsync(recorded, "01-Ada.flac"), "flac");
        Assert.False(heard.AsSpan(55 * Second, 10 * Second).ContainsAnyExcept((short)0));
        Assert.Equal(speech, heard[(40 * Second)..(50 * Second)]);
        Assert.Equal(speech, heard[(80 * Second)..]);
        Assert.All((await RowsAsync(stage, recorded)).Values, row => Assert.Equal([1], row.Unreadable));
    }

    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 3)]
    public async Task Header_is_asked_for_by_itself_only_where_the_beginning_was_never_read(bool isAnotherProcess, int requests)
    {
        await using RenderStage stage = await StartAsync();
        Recorded recorded = await stage.BeginAsync();
        short[] speech = Speech.Of("ada", 10 * Second);
        await stage.MoveAsync(recorded, Ada, "Ada", 55 * Second, speech);
        await stage.MoveAsync(recorded, Ada, "Ada", 80 * Second, speech);
        wire.Asked.Clear();
        await stage.RenderAsync(recorded); // the first minute
        await stage.FinalizeAsync(recorded);
        await using RenderStage other = await StartAsync();
        await (isAnotherProcess ? other : stage).RenderAsync(recorded);
        Assert.Equal(requests, wire.Asked.Count(address => address.Contains("segment_000.wav", StringComparison.Ordinal)));
    }

    private Task<RenderStage> StartAsync() => RenderStage.StartAsync(ClassStorage.Of(azurite),
        new RenderOptions { Formats = [RenderFormat.Flac] }, transport: wire);

    /// <summary>Renders while one segment comes after another one.</summary>
    private async Task RenderAsync(RenderStage stage, Recorded recorded, string late, string soon)
    {
        wire.Answered.Clear();
        wire.Hold(late);
        Task rendering = stage.RenderAsync(recorded);
        LoopLimit limit = new($"{soon} is read");
        while (!wire.Answered.Any(address => address.Contains(soon, StringComparison.Ordinal)))
        {
            limit.Turn();
            await Task.Delay(10, Cancellation);
        }
        wire.LetGo();
        await rendering;
    }

    private async Task<byte[]> OpusAsync(short[] pcm)
    {
        using OpusEncoder encoder = new(speech: true);
        using OggSegmentWriter writer = new();
        OggOpusHeader header = new(1, 1, []);
        string path = folder.Combine("segment.opus");
        writer.Open(path, header, continues: false);
        for (int at = 0; at < pcm.Length; at += 960) writer.Write(encoder.Encode(pcm.AsSpan(at, 960)), 960);
        writer.Finish(header);
        writer.Dispose();
        return await File.ReadAllBytesAsync(path, Cancellation);
    }

    private static async Task<SortedDictionary<int, RenderRow>> RowsAsync(RenderStage stage, Recorded recorded) =>
        await stage.Get<RenderTable>().ReadWindowsAsync(recorded.Id, RenderTable.TrackKey(Ada), withSound: false, Cancellation);
}
