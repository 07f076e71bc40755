namespace Pipeline.Bot.Capture;

/// <summary>
/// Makes a frame one sample longer or shorter without a step: over 5 ms the delay glides by one sample, interpolated with a
/// cubic (Catmull-Rom). The pitch changes by 0.4 % for 5 ms, which nobody hears. A frame of 2.5 ms, the shortest there is, carries it too.
/// </summary>
internal static class SampleSlip
{
    private const int LongestGlide = 240;

    // Catmull-Rom looks at one sample before and two behind.
    private const int Margin = 3;

    /// <param name="pcm"><c>[samples + 1, channels]</c>, of which the last sample is written here.</param>
    public static void Insert(Span<short> pcm, int samples, int channels)
    {
        int glide = Glide(samples);
        int start = (samples - glide) / 2;
        Span<short> source = stackalloc short[(LongestGlide + (2 * Margin)) * 2];
        source = source[..((glide + (2 * Margin)) * channels)];
        pcm.Slice((start - Margin) * channels, source.Length).CopyTo(source);
        pcm[((start + glide) * channels)..(samples * channels)].CopyTo(pcm[((start + glide + 1) * channels)..]);
        for (int i = 0; i <= glide; i++)
            Interpolate(source, i + Margin - 1, 1 - (i / (float)glide), pcm[((start + i) * channels)..], channels);
    }

    /// <param name="pcm"><c>[samples, channels]</c>; the last sample is left over.</param>
    public static void Remove(Span<short> pcm, int samples, int channels)
    {
        int glide = Glide(samples);
        int start = (samples - glide) / 2;
        Span<short> source = stackalloc short[(LongestGlide + (2 * Margin)) * 2];
        source = source[..((glide + (2 * Margin)) * channels)];
        pcm.Slice((start - Margin) * channels, source.Length).CopyTo(source);
        for (int i = 0; i < glide; i++) Interpolate(source, i + Margin, i / (float)glide, pcm[((start + i) * channels)..], channels);
        pcm[((start + glide + 1) * channels)..(samples * channels)].CopyTo(pcm[((start + glide) * channels)..]);
    }

    private static int Glide(int samples) => Math.Min(LongestGlide, samples - (2 * Margin) - 2);

    /// <summary>One sample of all channels at <paramref name="at"/> + <paramref name="fraction"/> of the source.</summary>
    private static void Interpolate(ReadOnlySpan<short> source, int at, float fraction, Span<short> destination, int channels)
    {
        for (int channel = 0; channel < channels; channel++)
        {
            int i = (at * channels) + channel;
            float before = source[i - channels], from = source[i], to = source[i + channels], behind = source[i + (2 * channels)];
            float cubic = (3 * (from - to)) + behind - before;
            float square = (2 * before) - (5 * from) + (4 * to) - behind;
            float value = from + (0.5f * fraction * ((to - before) + (fraction * (square + (fraction * cubic)))));
            destination[channel] = (short)Math.Clamp(MathF.Round(value), short.MinValue, short.MaxValue);
        }
    }
}

/// <summary>
/// How fast a track's offset may follow what is wanted: not at all within the tolerance, then in single samples, at most one in
/// 20 ms (1042 ppm), until nothing is left. That follows a clock off by 500 ppm and cannot be heard.
/// </summary>
internal struct SlipPace
{
    private const int SamplesPerSlip = 960;

    private bool isCorrecting;
    private int samplesSinceSlip;

    /// <summary>The slip that a frame of talk has to carry: 1, -1 or none.</summary>
    public int Next(double error, double tolerance, int frameSamples)
    {
        if (!isCorrecting && Math.Abs(error) <= tolerance) return 0;
        isCorrecting = Math.Abs(error) >= 1;
        samplesSinceSlip = Math.Min(samplesSinceSlip + frameSamples, 2 * SamplesPerSlip);
        if (!isCorrecting || samplesSinceSlip < SamplesPerSlip) return 0;
        samplesSinceSlip -= SamplesPerSlip;
        return Math.Sign(error);
    }

    /// <summary>The whole correction, as far as <paramref name="most"/> samples allow: for silence.</summary>
    public int AtOnce(double error, double tolerance, int most)
    {
        if (!isCorrecting && Math.Abs(error) <= tolerance) return 0;
        isCorrecting = false;
        return (int)Math.Clamp(error, -most, most);
    }
}
