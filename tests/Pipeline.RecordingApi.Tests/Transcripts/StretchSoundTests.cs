using System.Runtime.InteropServices;
using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;
using Pipeline.RecordingApi.Tests.Rig;
using Pipeline.RecordingApi.Transcripts;
using Pipeline.TestKit;
using Stretch = Pipeline.RecordingApi.Transcripts.Stretch;

namespace Pipeline.RecordingApi.Tests.Transcripts;

/// <summary>What is sent of a stretch, and where its words come to lie.</summary>
public sealed class StretchSoundTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private const int Second = 48_000;
    private const ulong Ada = 61;

    private RenderStage stage = null!;
    private Recorded recorded = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        stage = await RenderStage.StartAsync(azurite);
        recorded = await stage.BeginAsync();
    }

    public ValueTask DisposeAsync() => stage.DisposeAsync();

    [Theory]
    [InlineData(40, true)]
    [InlineData(-40, true)]
    [InlineData(41, false)]
    [InlineData(-41, false)]
    public async Task Noise_of_the_last_bits_is_silence(int value, bool isSilent)
    {
        await AddAsync(0, Constant(Second, (short)value));
        StretchSound sound = (await ReadAsync(new SampleStretch(0, Second)))!;
        Assert.Equal((isSilent, isSilent), (sound.IsSilent, sound.Wave.Length == 0));
    }

    [Fact]
    public async Task Pieces_are_sent_one_behind_the_other_with_a_short_silence_between()
    {
        await AddAsync(0, Constant(Second, 1_000));
        await AddAsync(2 * Second, Constant(Second, 3_000));
        StretchSound sound = (await ReadAsync(new SampleStretch(0, Second), new SampleStretch(2 * Second, Second)))!;
        Span<short> sent = MemoryMarshal.Cast<byte, short>(sound.Wave.AsSpan(44));
        Assert.Equal(16_000 + 4_800 + 16_000, sent.Length);
        Assert.Equal(1_000, sent[8_000], 5.0);
        Assert.Equal(1_000, sent[15_900], 50.0);
        Assert.Equal(0, sent[16_100], 50.0);
        Assert.Equal(0, sent[20_700], 50.0);
        Assert.Equal(3_000, sent[20_900], 150.0);
        Assert.Equal(3_000, sent[28_000], 15.0);
    }

    [Fact]
    public async Task Two_channels_are_sent_as_their_mean()
    {
        short[] pcm = new short[2 * Second];
        for (int at = 0; at < Second; at++) (pcm[2 * at], pcm[(2 * at) + 1]) = (1_000, 3_000);
        await stage.AddAsync(recorded, Ada, "Ada", 0, pcm, 2);
        StretchSound sound = (await ReadAsync(new SampleStretch(0, Second)))!;
        Assert.Equal(2_000, MemoryMarshal.Cast<byte, short>(sound.Wave.AsSpan(44))[8_000], 10.0);
    }

    [Fact]
    public async Task Sound_of_which_nothing_can_be_read_is_none()
    {
        await AddAsync(0, Constant(Second, 1_000));
        await AddAsync(2 * Second, Constant(Second, 3_000));
        SampleStretch[] pieces = [new(0, Second), new(2 * Second, Second)];
        await stage.SpoilAsync(recorded, 0, []);
        Assert.NotNull(await ReadAsync(pieces));
        await stage.SpoilAsync(recorded, 1, []);
        Assert.Null(await ReadAsync(pieces));
    }

    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(0.33333, 0.66666, 0.333, 0.667)]
    [InlineData(0.2, 1.0, 0.2, 1.0)]
    [InlineData(0.2, 1.2, 0.2, 1.0)] // an end in the silence between
    [InlineData(0.2, 1.3, 0.2, 1.0)] // and where the second begins
    [InlineData(1.0, 1.8, 1.0, 4.5)] // a start at the end of the first
    [InlineData(1.2, 1.8, 4.0, 4.5)] // and in the silence
    [InlineData(1.3, 1.31, 4.0, 4.01)]
    [InlineData(7, 9, 5.0, 5.0)]
    [InlineData(-3, 0.5, 0, 0.5)]
    [InlineData(double.NaN, 0.5, 0, 0.5)]
    [InlineData(0.5, double.NaN, 0.5, 0.5)]
    public async Task Times_go_back_to_where_it_was_said(double start, double end, double from, double to)
    {
        StretchSound sound = await TwoPiecesAsync();
        TextPhrase placed = Assert.Single(sound.Place(new Transcription("en", [new HeardPhrase(start, end, "yes", 0.5, [])])).Phrases);
        Assert.Equal((from, to, "yes"), (placed.Start, placed.End, placed.Text));
    }

    [Fact]
    public async Task Phrase_over_a_silence_that_was_left_out_becomes_two()
    {
        StretchSound sound = await TwoPiecesAsync();
        HeardWord[] words = [new(0.5, 0.9, "one"), new(1.5, 1.9, "two")];
        StretchText spelled = sound.Place(new Transcription(null, [new HeardPhrase(0.5, 1.9, "One, two.", 0.5, words)]));
        Assert.Equal([("One,", 0.5, 0.9), ("two.", 4.2, 4.6)], spelled.Phrases.Select(one => (one.Text, one.Start, one.End)));
        Assert.All(spelled.Phrases, phrase => Assert.Single(phrase.Words));
        StretchText unspelled = sound.Place(new Transcription(null, [new HeardPhrase(0.5, 1.9, "Onetwo", 0.5, words)]));
        Assert.Equal(["one", "two"], unspelled.Phrases.Select(one => one.Text));

        HeardWord[] near = [new(0.1, 0.2, "one"), new(0.9, 0.95, "two")];
        StretchText whole = sound.Place(new Transcription(null, [new HeardPhrase(0, 1, "Onetwo.", 0.5, near)]));
        TextPhrase only = Assert.Single(whole.Phrases);
        Assert.Equal(("Onetwo.", 0.1, 0.95, 2), (only.Text, only.Start, only.End, only.Words.Count));
    }

    [Fact]
    public async Task Phrases_come_by_their_time()
    {
        StretchSound sound = await TwoPiecesAsync();
        HeardPhrase[] heard = [new(1.6, 1.8, "c", null, []), new(0.2, 0.9, "b", null, []), new(0.2, 0.5, "a", null, [])];
        Assert.Equal(["a", "b", "c"], sound.Place(new Transcription(null, heard)).Phrases.Select(phrase => phrase.Text));
    }

    [Theory]
    [InlineData(0, 2 * Second, 40, 45)] // frames of 20 ms: ten quiet ones from the fortieth on, and the middle of them
    [InlineData(0, 2 * Second, 90, 95)] // the last ten
    [InlineData(4_800, 2 * Second, 40, 45)]
    [InlineData(0, 11 * 960, 1, 6)]
    public async Task Talk_is_cut_in_the_middle_of_the_quietest_200_ms(int from, int to, int quiet, int frame)
    {
        short[] pcm = Constant(2 * Second, 1_000);
        Array.Clear(pcm, quiet * 960, 10 * 960);
        await AddAsync(0, pcm);
        Assert.Equal(frame * 960, await QuietestAsync(from, to));
    }

    [Fact]
    public async Task Of_places_that_are_equally_quiet_the_last_is_taken_and_of_a_short_part_its_end()
    {
        await AddAsync(0, Constant(2 * Second, 0));
        Assert.Equal(95 * 960, await QuietestAsync(0, 2 * Second));
        Assert.Equal(10 * 960, await QuietestAsync(0, 10 * 960));
    }

    /// <summary>Seconds 0 to 1 and 4 to 5; the second piece is sent from 1.3 s on.</summary>
    private async Task<StretchSound> TwoPiecesAsync()
    {
        await AddAsync(0, Constant(Second, 1_000));
        await AddAsync(4 * Second, Constant(Second, 1_000));
        return (await ReadAsync(new SampleStretch(0, Second), new SampleStretch(4 * Second, Second)))!;
    }

    private static short[] Constant(int samples, short value)
    {
        short[] pcm = new short[samples];
        Array.Fill(pcm, value);
        return pcm;
    }

    private Task AddAsync(int start, short[] pcm) => stage.AddAsync(recorded, Ada, "Ada", start, pcm, 1);

    private Task<long> QuietestAsync(long from, long to) =>
        StretchSound.QuietestAsync(stage.Get<SegmentPcm>(), Track, from, to, Cancellation);

    private Task<StretchSound?> ReadAsync(params SampleStretch[] pieces) => StretchSound.ReadAsync(stage.Get<SegmentPcm>(), Track,
        new Stretch
        {
            UserId = Ada,
            Username = "Ada",
            Pieces = pieces,
            Segments = [.. Track.Segments.Select(segment => new StretchSegment(segment.Index, segment.Start, segment.Count))],
        }, Cancellation);

    private RenderTrack Track => new()
    {
        UserId = Ada,
        Username = "Ada",
        Number = 1,
        Channels = recorded.Segments[0].Channels!.Value,
        Segments = [.. recorded.Segments.Select(segment => new RenderSegment(segment.SegmentIndex!.Value, segment.StartSample!.Value,
            segment.SampleCount!.Value, segment.Channels!.Value, segment.FileSize!.Value, new Uri(segment.BlobUrl!)))],
    };
}
