using Pipeline.Audio.Ogg;
using Pipeline.Audio.Opus;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>The Opus file of a track whose segments are Opus holds their packets, and is beside the FLAC track what it should be.</summary>
public sealed class JoinedTracksTests(AzuriteFixture azurite) : IDisposable
{
    private const ulong Ada = 11, Grace = 12;
    private const int Frame = 960, Second = 48_000, Minute = 60 * Second;
    private static readonly RenderOptions Both = new() { Formats = [RenderFormat.Flac, RenderFormat.Opus] };

    private readonly Judge judge = new();
    private readonly TempFolder folder = new();
    private readonly List<byte[]> packets = [];
    private readonly List<byte[]> files = [];

    public void Dispose()
    {
        judge.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Packets_are_the_segments_own_and_spurts_lie_where_the_flac_track_has_them()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg", "opusdec", "opusinfo");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Both);
        Recorded recorded = await stage.BeginAsync();
        // The second goes over the end of a minute, the third is cut in talk there, the last lies behind a silent minute.
        (long Start, int Frames)[] spurts =
            [(1_017, 100), (Minute - 100_001, 300), ((2 * Minute) - 480_000 - 61, 700), ((4 * Minute) + 55, 100)];
        foreach ((long start, int frames) in spurts) await SpeakAsync(stage, recorded, Ada, "Ada", start, frames);
        await stage.AddAsync(recorded, Grace, "Grace", 5 * Second, Speech.Of("grace", 10 * Second), 1); // WAV, as before
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);

        byte[] opus = await stage.DownloadAsync(recorded, "01-Ada.opus");
        Assert.Equal(packets.Select(Convert.ToHexString), Talk(opus).Select(packet => packet.Hex));
        Assert.DoesNotContain("WARNING", judge.Run("opusinfo", judge.Save("joined.opus", opus)), StringComparison.OrdinalIgnoreCase);
        short[] flac = judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac"), heard = judge.Decode(opus, "opus");
        Assert.Equal(recorded.Track(Ada), flac);
        Assert.Equal(flac.Length, heard.Length);
        judge.Run("opusdec", "--quiet", "--rate", "48000", judge.Save("joined.opus", opus), judge.Combine("joined.wav"));
        short[] decoded = judge.Decode(
            await File.ReadAllBytesAsync(judge.Combine("joined.wav"), TestContext.Current.CancellationToken), "wav");
        Assert.Equal(flac.Length, decoded.Length);
        foreach ((long start, int frames) in spurts)
        {
            (double correlation, int lag) = BestMatch.Of(flac.AsSpan((int)start, frames * Frame), decoded, (int)start);
            Assert.True(correlation > 0.99, $"spurt at {start}: {correlation:F4}");
            Assert.InRange(lag, -120, 120);
        }
        Assert.Equal(flac.Length, judge.Decode(await stage.DownloadAsync(recorded, "02-Grace.opus"), "opus").Length);
    }

    /// <summary>A late segment moves what is behind it at the end of its minute: both minutes become what they would be at once.</summary>
    [Fact]
    public async Task Late_segment_gives_the_bytes_that_a_render_of_all_gives()
    {
        Judge.SkipUnlessInstalled("ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Both);
        Recorded recorded = await stage.BeginAsync();
        await SpeakAsync(stage, recorded, Ada, "Ada", 480_007, 200);
        await SpeakAsync(stage, recorded, Ada, "Ada", Minute + 960_000, 200);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        byte[] before = await stage.DownloadAsync(recorded, "01-Ada.opus");
        await SpeakAsync(stage, recorded, Ada, "Ada", Minute - 48_333, 100);
        await stage.FinalizeAsync(recorded, amends: true);
        await stage.RenderAsync(recorded);
        byte[] amended = await stage.DownloadAsync(recorded, "01-Ada.opus");
        Assert.NotEqual(before, amended);
        Assert.Equal(packets.Count, Talk(amended).Count);

        await stage.ForgetRendersAsync(recorded);
        await stage.RenderAsync(recorded);
        Assert.Equal(amended, await stage.DownloadAsync(recorded, "01-Ada.opus"));
        Assert.Equal(recorded.End, judge.Decode(amended, "opus").Length);
    }

    /// <summary>The bot was started with another format during the call: from then on the whole track is encoded.</summary>
    [Fact]
    public async Task Track_that_gets_a_wav_segment_is_encoded_as_a_whole()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Both);
        Recorded recorded = await stage.BeginAsync();
        await SpeakAsync(stage, recorded, Ada, "Ada", 4_801, 500);
        await SpeakAsync(stage, recorded, Ada, "Ada", (2 * Minute) + 7, 100);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        Assert.Equal(packets.Count, Talk(await stage.DownloadAsync(recorded, "01-Ada.opus")).Count);
        await stage.AddAsync(recorded, Ada, "Ada", Minute + 11, Speech.Of("ada", 5 * Second), 1);
        await stage.FinalizeAsync(recorded, amends: true);
        await stage.RenderAsync(recorded);
        byte[] encoded = await stage.DownloadAsync(recorded, "01-Ada.opus");
        Assert.Empty(Talk(encoded).Select(packet => packet.Hex).Intersect(packets.Select(Convert.ToHexString)));
        short[] flac = judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac"), heard = judge.Decode(encoded, "opus");
        Assert.Equal(recorded.Track(Ada), flac);
        Assert.Equal(flac.Length, heard.Length);
        Assert.True(BestMatch.Of(flac.AsSpan(4_801, 200_000), heard, 4_801).Correlation > 0.9);
    }

    /// <summary>No packet can be cut to what is heard of it: a track of which segments overlap is encoded.</summary>
    [Fact]
    public async Task Where_segments_overlap_the_later_start_is_heard_in_every_file()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Both);
        Recorded recorded = await stage.BeginAsync();
        await SpeakAsync(stage, recorded, Ada, "Ada", 4_801, 500);
        await SpeakAsync(stage, recorded, Ada, "Ada", 4_801 + (7 * Second), 100); // within it
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        byte[] encoded = await stage.DownloadAsync(recorded, "01-Ada.opus");
        short[] flac = judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac"), heard = judge.Decode(encoded, "opus");
        Assert.Equal(recorded.Track(Ada), flac);
        Assert.Equal(flac.Length, heard.Length);
        foreach (int from in new[] { 1, 7, 9 }) // before it, in it, behind it
        {
            int at = 4_801 + (from * Second) + (Second / 10);
            (double correlation, int lag) = BestMatch.Of(flac.AsSpan(at, 4 * Second / 5), heard, at);
            Assert.True(correlation > 0.9 && Math.Abs(lag) < 120, $"second {from}: {correlation:F4}, off by {lag}");
        }
    }

    [Fact]
    public async Task Segment_damaged_in_its_second_minute_is_silence_in_both_and_in_every_file()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Both);
        Recorded recorded = await stage.BeginAsync();
        await SpeakAsync(stage, recorded, Ada, "Ada", Minute - (5 * Second), 500);
        byte[] broken = files[0];
        broken[^10] ^= 1; // its last page
        await stage.SpoilAsync(recorded, 0, broken);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        short[] flac = judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.flac"), "flac");
        Assert.Equal(recorded.End, flac.Length);
        Assert.False(flac.AsSpan().ContainsAnyExcept((short)0));
        Assert.Empty(Talk(await stage.DownloadAsync(recorded, "01-Ada.opus")));
        SortedDictionary<int, RenderRow> rows = await stage.Get<RenderTable>().ReadWindowsAsync(recorded.Id, RenderTable.TrackKey(Ada),
            withSound: false, TestContext.Current.CancellationToken);
        Assert.Equal([[0], [0]], rows.Values.Select(row => row.Unreadable));
    }

    [Fact]
    public async Task Segment_that_cannot_be_read_is_silence_of_its_length()
    {
        Judge.SkipUnlessInstalled("ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Both);
        Recorded recorded = await stage.BeginAsync();
        await SpeakAsync(stage, recorded, Ada, "Ada", 333, 1_500); // three segments without a pause
        byte[] broken = files[1];
        broken[^10] ^= 1;
        await stage.SpoilAsync(recorded, 1, broken);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        byte[] opus = await stage.DownloadAsync(recorded, "01-Ada.opus");
        Assert.Equal(packets.Take(500).Concat(packets.Skip(1_000)).Select(Convert.ToHexString), Talk(opus).Select(packet => packet.Hex));
        short[] heard = judge.Decode(opus, "opus");
        Assert.Equal(recorded.End, heard.Length);
        Assert.All(heard[((10 * Second) + 5_000)..(20 * Second)], value => Assert.InRange(value, (short)-1, (short)1));
    }

    /// <summary>A stretch of it is cut to the sample, and encoded for that.</summary>
    [Fact]
    public async Task Stretch_of_it_is_as_long_as_it_was_asked_for()
    {
        Judge.SkipUnlessInstalled("ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Both);
        Recorded recorded = await stage.BeginAsync();
        await SpeakAsync(stage, recorded, Ada, "Ada", 333, 600);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        short[] heard = judge.Decode(await stage.DownloadAsync(recorded, "01-Ada.opus", "?from=1.5&to=4.25"), "opus");
        Assert.Equal((int)(2.75 * Second), heard.Length);
        Assert.True(BestMatch.Of(recorded.Track(Ada).AsSpan(3 * Second / 2, heard.Length - 4_800), heard, 0).Correlation > 0.9);
    }

    // Talk without a pause, in segments of at most ten seconds as the bot writes them.
    private async Task SpeakAsync(RenderStage stage, Recorded recorded, ulong user, string name, long start, int frames)
    {
        using OpusEncoder encoder = new(speech: true, expectedLossPercent: 20);
        using OggSegmentWriter writer = new();
        short[] voice = Speech.Of("ada", 15 * Second);
        string path = folder.Combine("segment.opus");
        for (int first = 0; first < frames; first += 500)
        {
            OggOpusHeader header = new((uint)(start + first), 1, []);
            writer.Open(path, header, continues: first > 0);
            for (int frame = first; frame < Math.Min(frames, first + 500); frame++)
            {
                byte[] packet = encoder.Encode(voice.AsSpan(frame * Frame % (voice.Length - Frame), Frame)).ToArray();
                writer.Write(packet, Frame);
                packets.Add(packet);
            }
            writer.Finish(header);
            writer.Dispose();
            byte[] file = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
            files.Add(file);
            using LibopusDecoder decoder = new(1);
            await stage.AddAsync(recorded, user, name, start + (first * (long)Frame), OggSegmentDecoder.Decode(file, decoder), 1, file,
                SegmentFormat.Opus);
        }
    }

    private static List<(long At, string Hex)> Talk(byte[] file)
    {
        List<(long, string)> talk = [];
        using MemoryStream stream = new(file);
        OggOpusReader reader = new(stream);
        while (reader.TryRead(out OggOpusPacket packet))
        {
            if (packet.Opus.Length > 16) talk.Add((packet.Position, Convert.ToHexString(packet.Opus)));
        }
        return talk;
    }
}
