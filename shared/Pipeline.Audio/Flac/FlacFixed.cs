namespace Pipeline.Audio.Flac;

/// <summary>The fixed predictors of orders 0 to 4: differences of differences (RFC 9639 §9.2.5).</summary>
internal static class FlacFixed
{
    public const int MaximumOrder = 4;

    /// <summary>Sum of the absolute second differences: what a channel will cost, compared with another one.</summary>
    public static long Roughness(ReadOnlySpan<int> samples)
    {
        long sum = 0;
        for (int i = 2; i < samples.Length; i++) sum += Math.Abs(samples[i] - (2 * samples[i - 1]) + samples[i - 2]);
        return sum + (samples.IsEmpty ? 0 : Math.Abs(samples[0]));
    }

    /// <summary>The order whose residual is smallest.</summary>
    public static int BestOrder(ReadOnlySpan<int> samples)
    {
        if (samples.Length <= MaximumOrder) return 0;
        long sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0, sum4 = 0;
        int last0 = samples[3], last1 = samples[3] - samples[2], last2 = last1 - (samples[2] - samples[1]);
        int last3 = last2 - (samples[2] - (2 * samples[1]) + samples[0]);
        foreach (int sample in samples[MaximumOrder..])
        {
            int e1 = sample - last0, e2 = e1 - last1, e3 = e2 - last2, e4 = e3 - last3;
            sum0 += Math.Abs(sample);
            sum1 += Math.Abs(e1);
            sum2 += Math.Abs(e2);
            sum3 += Math.Abs(e3);
            sum4 += Math.Abs(e4);
            (last0, last1, last2, last3) = (sample, e1, e2, e3);
        }
        ReadOnlySpan<long> sums = [sum0, sum1, sum2, sum3, sum4];
        int best = 0;
        for (int order = 1; order <= MaximumOrder; order++)
        {
            if (sums[order] < sums[best]) best = order;
        }
        return best;
    }

    /// <summary>What the prediction misses, from sample <paramref name="order"/> on.</summary>
    public static void Residual(ReadOnlySpan<int> x, int order, Span<int> residual)
    {
        for (int i = order; i < x.Length; i++)
        {
            residual[i - order] = order switch
            {
                0 => x[i],
                1 => x[i] - x[i - 1],
                2 => x[i] - (2 * x[i - 1]) + x[i - 2],
                3 => x[i] - (3 * x[i - 1]) + (3 * x[i - 2]) - x[i - 3],
                _ => x[i] - (4 * x[i - 1]) + (6 * x[i - 2]) - (4 * x[i - 3]) + x[i - 4],
            };
        }
    }
}
