using System.Net;
using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>Recordings of Opus segments, or of both formats, as files that programs of others judge.</summary>
public sealed class OpusSegmentsTests(AzuriteFixture azurite) : IDisposable
{
    private const ulong Ada = 11, Grace = 12;
    private const int Frame = 960, Second = 48_000;
    private static readonly RenderOptions Both = new() { Formats = [RenderFormat.Flac, RenderFormat.Opus] };

    private readonly Judge judge = new();
    private readonly TempFolder folder = new();

    public void Dispose()
    {
        judge.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Tracks_are_what_the_segments_decode_to_across_cuts_losses_and_formats()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Both);
        Recorded recorded = await stage.BeginAsync();
        List<byte[]> files = Talk(segments: 7, lossIn: 3); // 70 s: the seventh lies in the second window
        for (int i = 0; i < files.Count; i++)
            await stage.AddAsync(recorded, Ada, "Ada", (i * 10 * Second) + 7, Decode(files[i], 2), 2, files[i], SegmentFormat.Opus);
        short[] wav = Decode(files[0], 1);
        await stage.AddAsync(recorded, Grace, "Grace", 5 * Second, wav, 1);
        await stage.AddAsync(recorded, Grace, "Grace", 25 * Second, Decode(files[1], 1), 1, files[1], SegmentFormat.Opus);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        foreach ((ulong user, string name, int channels) in new[] { (Ada, "01-Ada", 2), (Grace, "02-Grace", 1) })
        {
            short[] expected = recorded.Track(user);
            short[] rendered = judge.Decode(await stage.DownloadAsync(recorded, $"{name}.flac"), "flac");
            Assert.Equal(expected, rendered);
            Assert.Equal(expected.Length, judge.Decode(await stage.DownloadAsync(recorded, $"{name}.opus"), "opus").Length);
            Assert.Contains(expected, value => value != 0);
            Assert.Equal(recorded.End * channels, expected.Length);
        }
        Assert.Equal(recorded.End * 2, judge.Decode(await stage.DownloadAsync(recorded, "mix.flac"), "flac").Length);
    }

    /// <summary>Samples are told by those who count them; milliseconds are rounded, and may be those of a clock.</summary>
    [Fact]
    public async Task Segment_whose_samples_nobody_told_is_heard_as_far_as_it_goes()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Both);
        Recorded recorded = await stage.BeginAsync();
        List<byte[]> files = Talk(segments: 2, lossIn: -1);
        for (int i = 0; i < files.Count; i++)
        {
            await stage.AddAsync(recorded, Ada, "Ada", i * 11 * Second, Decode(files[i], 1), 1, files[i], SegmentFormat.Opus);
            recorded.Segments[i] = recorded.Segments[i] with { SampleCount = null, Duration = recorded.Segments[i].Duration + 7 };
        }
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        short[] track = judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac");
        Assert.Equal(recorded.End + (7 * 48), track.Length);
        Assert.Equal(recorded.Track(Ada), track[..(int)recorded.End]);
        Assert.Equal(track.Length, judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.opus"), "opus").Length);
    }

    [Fact]
    public async Task Broken_or_short_file_is_silence_and_is_named()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Both);
        Recorded recorded = await stage.BeginAsync();
        List<byte[]> files = Talk(segments: 3, lossIn: -1);
        for (int i = 0; i < files.Count; i++)
            await stage.AddAsync(recorded, Ada, "Ada", i * 10 * Second, Decode(files[i], 1), 1, files[i], SegmentFormat.Opus);
        byte[] broken = [.. files[1]];
        broken[^10] ^= 1;
        await stage.SpoilAsync(recorded, 1, broken);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        short[] track = judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac");
        Assert.All(track[(10 * Second)..(20 * Second)], value => Assert.Equal(0, value));
        Assert.Equal(Decode(files[2], 1), track[(20 * Second)..]);
    }

    [Fact]
    public async Task Peaks_and_segment_list_speak_of_opus()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Both);
        Recorded recorded = await stage.BeginAsync();
        byte[] file = Talk(segments: 1, lossIn: -1)[0];
        await stage.AddAsync(recorded, Ada, "Ada", 0, Decode(file, 1), 1, file, SegmentFormat.Opus);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        using HttpResponseMessage peaks = await stage.GetAsync($"api/recordings/{recorded.Id}/tracks/{Ada}/peaks");
        Assert.Equal(HttpStatusCode.OK, peaks.StatusCode);
        Assert.Contains(await peaks.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), value =>
            value > 10 && value < 128);
        using HttpResponseMessage list = await stage.GetAsync($"api/recordings/{recorded.Id}/segments");
        Assert.Contains("\"format\":\"opus\"", await list.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    // Talk without a pause in segments of ten seconds, as the bot cuts it.
    private List<byte[]> Talk(int segments, int lossIn)
    {
        using OpusEncoder encoder = new(speech: true, expectedLossPercent: 20);
        using OggSegmentWriter writer = new();
        Random random = new(7);
        List<byte[]> files = [];
        short[] pcm = new short[Frame];
        double phase = 0;
        for (int segment = 0; segment < segments; segment++)
        {
            string path = Path.Combine(folder.Path, $"{segment}.opus");
            OggOpusHeader header = new((uint)segment, 2, []);
            writer.Open(path, header, continues: segment > 0);
            for (int frame = 0; frame < 500; frame++)
            {
                double pitch = 150 + (100 * random.NextDouble());
                for (int i = 0; i < Frame; i++) pcm[i] = (short)(9000 * Math.Sin(phase += 2 * Math.PI * pitch / Second));
                ReadOnlySpan<byte> packet = encoder.Encode(pcm);
                if (segment == lossIn && frame is > 100 and < 104) writer.WriteLoss(Frame);
                else writer.Write(packet, Frame);
            }
            writer.Finish(header);
            writer.Dispose();
            files.Add(File.ReadAllBytes(path));
        }
        return files;
    }

    private static short[] Decode(byte[] file, int channels)
    {
        using LibopusDecoder decoder = new(channels);
        return OggSegmentDecoder.Decode(file, decoder);
    }
}
