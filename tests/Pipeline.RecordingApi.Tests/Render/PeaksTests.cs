using Pipeline.RecordingApi.Render;

namespace Pipeline.RecordingApi.Tests.Render;

/// <summary>The waveform's pairs of least and greatest value, ten a second, of all channels together.</summary>
public sealed class PeaksTests
{
    /// <summary>The loud values stand first, last and in the middle of a tenth of a second, and in a rest behind it.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 9_599)]
    [InlineData(2, 4_711)]
    [InlineData(1, 4_799)]
    public void Extremes_of_a_tenth_are_found_wherever_they_stand(int channels, int place)
    {
        int tenth = 4_800 * channels;
        short[] pcm = new short[(3 * tenth) + 7];
        Random random = new(place);
        for (int i = 0; i < pcm.Length; i++) pcm[i] = (short)random.Next(-255, 256);
        (pcm[tenth + place], pcm[tenth + ((place + 1) % tenth)]) = (-32_768, 32_767);
        pcm[^1] = 12_800;
        pcm[^7] = -12_801;

        byte[] peaks = WindowRender.Peaks(pcm, channels);

        Assert.Equal([-1, 1, -128, 127, -1, 1, -51, 50], peaks.Select(peak => (int)(sbyte)peak));
    }

    [Fact]
    public void Stretch_on_one_side_of_zero_reaches_from_zero()
    {
        Assert.Equal([0, 4], WindowRender.Peaks([.. Enumerable.Repeat((short)1_000, 100)], 1).Select(peak => (int)(sbyte)peak));
        Assert.Equal([-4, 0], WindowRender.Peaks([.. Enumerable.Repeat((short)-1_000, 100)], 1).Select(peak => (int)(sbyte)peak));
        Assert.Equal([0, 0], WindowRender.Peaks(new short[100], 2).Select(peak => (int)(sbyte)peak));
    }
}
