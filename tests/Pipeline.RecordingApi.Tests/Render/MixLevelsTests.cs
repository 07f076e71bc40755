using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.TestKit;
using static Pipeline.RecordingApi.Tests.Rig.Recordings;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>How loud the mix is when minutes are far from each other, or come late.</summary>
public sealed class MixLevelsTests(AzuriteFixture azurite, ITestOutputHelper output) : IDisposable
{
    private const int Second = 48_000;
    private static readonly RenderOptions Flac = new() { Formats = [RenderFormat.Flac] };

    private readonly Judge judge = new();

    public void Dispose() => judge.Dispose();

    /// <summary>The loudness of a whole leaves out what lies 10 LU under its mean (ITU-R BS.1770-4); so do the gains.</summary>
    [Theory]
    [InlineData("QLL")]
    [InlineData("LQL", Traits = ["Category", "Long"])]
    public async Task Whisper_of_a_minute_leaves_the_mix_at_its_level(string minutes)
    {
        Judge.SkipUnlessInstalled("ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await stage.BeginAsync();
        short[] talk = Speech.Of("ada", 50 * Second), whisper = [.. talk.Select(value => (short)(value / 60))];
        foreach ((int minute, char kind) in minutes.Index())
            await stage.AddAsync(recorded, Ada, "Ada", minute * (long)Minute, kind == 'Q' ? whisper : talk, 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        (double loudness, double peak) = judge.Loudness(await stage.DownloadAsync(recorded, "mix.flac"), "flac");
        output.WriteLine($"{minutes}: {loudness} LUFS, {peak} dBTP");
        Assert.InRange(loudness, -17, -15);
        Assert.True(peak <= -1, $"{peak} dBTP");
    }

    [Fact]
    public async Task Minute_that_comes_late_leaves_the_gains_of_the_next_one()
    {
        Judge.SkipUnlessInstalled("flac", "ffmpeg");
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await stage.BeginAsync();
        await stage.AddAsync(recorded, Ada, "Ada", Minute, Speech.Of("ada", 20 * Second), 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        short[] first = judge.Decode(await stage.DownloadAsync(recorded, "mix.flac"), "flac");

        await stage.AddAsync(recorded, Ada, "Ada", Second, [.. Speech.Of("ada", 20 * Second).Select(value => (short)(value / 4))], 1);
        await stage.FinalizeAsync(recorded, amends: true);
        await stage.RenderAsync(recorded);
        short[] second = judge.Decode(await stage.DownloadAsync(recorded, "mix.flac"), "flac");
        Assert.NotEqual(first, second);
        Assert.Equal(first[(2 * Minute)..], second[(2 * Minute)..]);
        Assert.Equal(second, judge.Decode(await stage.DownloadAsync(recorded, "mix.wav"), "wav"));
        Assert.Equal(second[(2 * Minute)..((2 * Minute) + (4 * Second))],
            judge.Decode(await stage.DownloadAsync(recorded, "mix.flac", "?from=60&to=62"), "flac"));
    }

    /// <summary>The minute is made with others alone first, and its row says how loud everybody was.</summary>
    [Fact]
    public async Task Who_comes_late_into_a_minute_begins_it_with_the_gain_that_they_had()
    {
        await using RenderStage stage = await RenderStage.StartAsync(azurite, Flac);
        Recorded recorded = await stage.BeginAsync();
        short[] talk = Speech.Of("ada", 20 * Second), soft = [.. talk.Select(value => (short)(value / 3))];
        await stage.AddAsync(recorded, Ada, "Ada", 0, soft, 1);
        await stage.AddAsync(recorded, Ada, "Ada", Minute, talk, 1);
        await stage.AddAsync(recorded, Grace, "Grace", 2L * Minute, talk, 1);
        await stage.FinalizeAsync(recorded);
        await stage.RenderAsync(recorded);
        await stage.AddAsync(recorded, Ada, "Ada", (2L * Minute) + (30 * Second), talk, 1);
        await stage.FinalizeAsync(recorded, amends: true);
        await stage.RenderAsync(recorded);
        SortedDictionary<int, RenderRow> mix = await stage.Get<RenderTable>().ReadWindowsAsync(recorded.Id, RenderTable.Mix,
            withSound: false, TestContext.Current.CancellationToken);
        MixLevel[] ada = [.. mix.Values.Select(row => row.Levels!.Tracks[Ada])];
        Assert.NotEqual(ada[0].Gain, ada[1].Gain);
        Assert.Equal([ada[0].Gain, ada[0].Gain, ada[1].Gain], ada.Select(level => level.From));
    }
}
