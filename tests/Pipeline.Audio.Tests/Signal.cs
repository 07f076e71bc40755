namespace Pipeline.Audio.Tests;

/// <summary>Figures about samples.</summary>
internal static class Signal
{
    /// <summary>
    /// 10 log10 of the energy of <paramref name="truth"/> over the energy of the difference; infinite when they are equal.
    /// </summary>
    public static double RatioDecibels(ReadOnlySpan<short> truth, ReadOnlySpan<short> heard)
    {
        Assert.Equal(truth.Length, heard.Length);
        double signal = 0, noise = 0;
        for (int i = 0; i < truth.Length; i++)
        {
            signal += (double)truth[i] * truth[i];
            noise += Math.Pow(truth[i] - heard[i], 2);
        }
        return noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(signal / noise);
    }
}
