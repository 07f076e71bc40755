using System.Buffers;
using System.Globalization;
using System.Text;
using Pipeline.Audio.Mp3;
using Pipeline.Audio.Opus;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>What nobody says is stored while the call goes on, and costs no samples.</summary>
public sealed class SilentStretchesTests(AzuriteFixture azurite) : IDisposable
{
    private const int Second = 48_000;
    private static readonly short[] Words = Speech.Of("ada", 10 * Second);

    private readonly Judge judge = new();
    private readonly Wire wire = new();

    private static readonly RenderOptions Flac = new() { Formats = [RenderFormat.Flac] };
    private static readonly RenderOptions Both = new() { Formats = [RenderFormat.Flac, RenderFormat.Opus] };

    private static readonly (string Key, string Format)[] Files =
    [
        (RenderTable.TrackKey(Ada), "flac"), (RenderTable.TrackKey(Ada), "opus"), (RenderTable.Mix, "flac"), (RenderTable.Mix, "opus"),
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        judge.Dispose();
        wire.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pause_of_a_running_call_is_stored_when_it_is_over(bool isAnotherProcess)
    {
        await using RenderStage stage = await StartAsync(Both);
        Recorded recorded = await stage.BeginAsync();
        await TalkAsync(stage, recorded, 0, 310); // windows 0 to 4 are over; the last of them is silent, and may go on to be
        await stage.RenderAsync(recorded);
        Assert.All(await PlacesAsync(stage, recorded), places => Assert.Equal(["0"], places));

        await TalkAsync(stage, recorded, 430);
        await stage.RenderAsync(recorded);
        Assert.All(await PlacesAsync(stage, recorded), places => Assert.Equal(["0", "1s", "5"], places));

        int before = Silences();
        await TalkAsync(stage, recorded, 490);
        await using RenderStage other = await StartAsync(Both);
        await (isAnotherProcess ? other : stage).RenderAsync(recorded);
        Assert.All(await PlacesAsync(stage, recorded), places => Assert.Equal(["0", "1s", "5", "6s", "7"], places));
        Assert.Equal(before + Files.Length, Silences()); // one more of each file
    }

    /// <summary>An hour of silent MP3 is 58 MB, in one piece more than a small host has to spare.</summary>
    [Fact]
    public void Silence_of_mp3_is_held_for_a_quarter_of_an_hour_and_no_more()
    {
        Assert.SkipUnless(Mp3Encoder.IsAvailable, "libmp3lame is not there");
        int end = SilentStretches.End("mp3", 3, 500, _ => true);
        Assert.Equal(18, end);
        Assert.Equal(63, SilentStretches.End("flac", 3, 500, _ => true));
        WindowEncoder encoder = new(OpusCodecs.Choose(OpusChoice.Auto));
        (ReadOnlyMemory<byte> bytes, int frames) = encoder.EncodeSilence("mp3", 2, 3L * Minute, 15L * Minute, null, 1);
        Assert.Equal(15 * 2_500, frames);
        Assert.Equal(frames * 384, bytes.Length);
    }

    [Fact]
    public async Task End_of_a_call_stores_no_pause_that_is_stored_and_all_that_is_not()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await StartAsync();
        Recorded recorded = await stage.BeginAsync();
        await TalkAsync(stage, recorded, 0, 310, 430);
        await stage.RenderAsync(recorded);
        int before = Silences();
        await TalkAsync(stage, recorded, 550);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        // Windows 6 and 8, of the mix's MP3 too.
        Assert.Equal(before + (2 * (Files.Length + (Mp3Encoder.IsAvailable ? 1 : 0))), Silences());

        Dictionary<string, byte[]> files = await stage.DownloadAllAsync(recorded);
        Assert.Equal(recorded.Track(Ada), judge.Decode(files["01-Ada.flac"], "flac"));
        Assert.Equal(recorded.Track(Ada).Length, judge.Decode(files["01-Ada.opus"], "opus").Length);
        await stage.ForgetRendersAsync(recorded);
        await stage.RenderAsync(recorded);
        Dictionary<string, byte[]> atOnce = await stage.DownloadAllAsync(recorded);
        Assert.Equal(files.Keys.Order(), atOnce.Keys.Order());
        Assert.All(files.Where(file => file.Key != "info.json"), file => Assert.Equal(file.Value, atOnce[file.Key]));
    }

    /// <summary>A voice that comes late falls into a pause that is stored already.</summary>
    [Fact]
    public async Task Pause_that_was_none_is_stored_as_what_is_left_of_it()
    {
        Judge.SkipUnlessInstalled("flac");
        await using RenderStage stage = await StartAsync(Flac);
        Recorded recorded = await stage.BeginAsync();
        await TalkAsync(stage, recorded, 0, 310, 430);
        await stage.RenderAsync(recorded);
        await TalkAsync(stage, recorded, 130);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Assert.Equal(recorded.Track(Ada), judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac"));
    }

    /// <summary>A storage gives up blocks that wait for a week.</summary>
    [Fact]
    public async Task Pause_whose_block_is_gone_is_stored_once_more()
    {
        Judge.SkipUnlessInstalled("flac");
        await using RenderStage stage = await StartAsync(Flac);
        Recorded recorded = await stage.BeginAsync();
        await TalkAsync(stage, recorded, 0, 310, 430);
        await stage.RenderAsync(recorded);
        foreach ((string key, string format) in Files.Where(file => file.Format == RenderFormat.Flac))
            await stage.Get<RendersContainer>().DeleteAsync(BlobNames.File(recorded.Id, key, format), Cancellation);
        Assert.All(await PlacesAsync(stage, recorded), Assert.Empty);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Assert.Equal(recorded.Track(Ada), judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac"));
    }

    /// <summary>What is known of a pause holds for the file that the track had then.</summary>
    [Fact]
    public async Task Pause_of_a_track_that_becomes_stereo_becomes_stereo_too()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await StartAsync(Both);
        Recorded recorded = await stage.BeginAsync();
        await TalkAsync(stage, recorded, 0, 310, 430);
        await stage.RenderAsync(recorded);
        await stage.MoveAsync(recorded, Ada, "Ada", 550L * Second, Speech.Of("ada", 10 * Second, channels: 2), channels: 2);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Dictionary<string, byte[]> files = await stage.DownloadAllAsync(recorded);
        Assert.Equal(recorded.Track(Ada), judge.Decode(files["01-Ada.flac"], "flac"));
        Assert.Equal(recorded.Track(Ada).Length, judge.Decode(files["01-Ada.opus"], "opus").Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Silence_without_samples_has_the_bytes_of_windows_of_zeros(int channels)
    {
        WindowEncoder encoder = new(OpusCodecs.Choose(OpusChoice.Libopus));
        string[] mp3 = Mp3Encoder.IsAvailable ? [RenderFormat.Mp3] : [];
        string[] formats = [RenderFormat.Flac, RenderFormat.Opus, "wav", .. mp3];
        long end = RenderWindows.Start(3) + 12_345;
        foreach (string format in formats)
        {
            (byte[] Bytes, int Frames)[] windows = [.. Enumerable.Range(0, 4).Select(window =>
            {
                int preRoll = window == 0 ? 0 : RenderWindows.PreRoll;
                long length = Math.Min(RenderWindows.Samples, end - RenderWindows.Start(window));
                (ReadOnlyMemory<byte> bytes, int made) = encoder.Encode(format, new short[(preRoll + length) * channels], channels,
                    preRoll, RenderWindows.Start(window), window == 3 ? end : null, 77);
                return (bytes.ToArray(), made);
            })];
            foreach ((int first, int last) in new[] { (0, 1), (1, 3), (2, 4), (3, 4), (0, 4) })
            {
                long start = RenderWindows.Start(first);
                (ReadOnlyMemory<byte> together, int count) = encoder.EncodeSilence(format, channels, start,
                    Math.Min(RenderWindows.Start(last), end) - start, last == 4 ? end : null, 77);
                byte[] expected = [.. windows[first..last].SelectMany(window => window.Bytes)];
                Assert.True(expected.AsSpan().SequenceEqual(together.Span), $"{format} {first} {last}");
                Assert.Equal(windows[first..last].Sum(window => window.Frames), count);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Silence_has_the_bytes_of_windows_behind_sound_that_ended_before_them(int channels)
    {
        WindowEncoder encoder = new(OpusCodecs.Choose(OpusChoice.Libopus));
        string[] mp3 = Mp3Encoder.IsAvailable ? [RenderFormat.Mp3] : [];
        long start = RenderWindows.Start(1);
        const int samples = 100 * Mp3Encoder.FrameSamples;
        Random random = new(5);
        short[] pcm = new short[(RenderWindows.PreRoll + samples) * channels];
        foreach (ref short value in pcm.AsSpan(0, (RenderWindows.PreRoll - RenderWindows.Tail) * channels))
            value = (short)random.Next(short.MinValue, short.MaxValue);
        foreach (string format in (string[])[RenderFormat.Flac, RenderFormat.Opus, .. mp3])
        {
            byte[] behind = encoder.Encode(format, pcm, channels, RenderWindows.PreRoll, start, null, 77).Bytes.ToArray();
            Assert.Equal(encoder.EncodeSilence(format, channels, start, samples, null, 77).Bytes.ToArray(), behind);
        }
    }

    /// <summary>Encoders give out the last of what they heard with the first of what comes behind it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2_000, Traits = ["Category", "Long"])]
    public async Task Sound_that_ends_with_a_minute_is_whole_before_a_silent_one(int before)
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        Assert.SkipUnless(Mp3Encoder.IsAvailable, "libmp3lame is not installed");
        await using RenderStage stage = await StartAsync();
        Recorded recorded = await stage.BeginAsync();
        int end = Minute - before;
        short[] tone = [.. Enumerable.Range(0, end).Select(at => (short)(8_000 * Math.Sin(at * 440 * Math.Tau / Second)))];
        await stage.AddAsync(recorded, Ada, "Ada", 0, tone, 1);
        recorded.End = (2 * Minute) + (5 * Second);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);

        short[] mix = judge.Decode(await stage.DownloadAsync(recorded, "mix.flac"), "flac");
        Assert.Equal(recorded.End * 2, mix.Length);
        ArrayBufferWriter<byte> whole = new();
        int frames = Mp3Encoder.Write(mix, 2, WindowEncoder.Mp3Kilobits(2), 0, isLast: true, whole);
        byte[] expected = [.. Mp3Encoder.WriteInfoFrame(2, WindowEncoder.Mp3Kilobits(2), frames, recorded.End), .. whole.WrittenSpan];
        byte[] mp3 = await stage.DownloadAsync(recorded, "mix.mp3");
        Assert.True(expected.AsSpan().SequenceEqual(mp3), "the mix's MP3 differs from one run");
        foreach ((string name, int channels) in new[] { ("mix", 2), ("01-Ada", 1) })
        {
            short[] right = judge.Decode(await stage.DownloadAsync(recorded, $"{name}.flac"), "flac");
            short[] heard = judge.Decode(await stage.DownloadAsync(recorded, $"{name}.opus"), "opus");
            Assert.InRange(Energy(heard) / Energy(right), 0.7, 1.3);

            double Energy(short[] pcm) => pcm[((end - 300) * channels)..((end - 24) * channels)].Sum(value => (double)value * value);
        }
    }

    private Task<RenderStage> StartAsync(RenderOptions? options = null) =>
        RenderStage.StartAsync(ClassStorage.Of(azurite), options, transport: wire);

    // Ten seconds from each of these seconds on.
    private static async Task TalkAsync(RenderStage stage, Recorded recorded, params int[] seconds)
    {
        foreach (int second in seconds) await stage.MoveAsync(recorded, Ada, "Ada", (long)second * Second, Words);
    }

    // Of each file: windows, and silent stretches by their first window.
    private static async Task<List<string[]>> PlacesAsync(RenderStage stage, Recorded recorded)
    {
        List<string[]> files = [];
        foreach ((string key, string format) in Files)
        {
            StagedBlocks blocks = await stage.Get<RendersContainer>().BlocksAsync(BlobNames.File(recorded.Id, key, format), Cancellation);
            files.Add([.. blocks.Ids.Select(Place).OrderBy(place => int.Parse(place.TrimEnd('s'), CultureInfo.InvariantCulture))]);
        }
        return files;
    }

    // Requests so far that put a silent stretch.
    private int Silences() => wire.Asked.Select(address => address.Split("&blockid=")).Count(parts => parts.Length == 2
        && Place(Encoding.ASCII.GetString(Convert.FromBase64String(parts[1].Split('&')[0]))).EndsWith('s'));

    private static string Place(string block) => block[..8].TrimEnd();
}
