namespace Pipeline.Bot.Replay;

/// <summary>Durations in buckets of 2 %, from 1 ms to over two hours: quantiles without keeping the values.</summary>
internal sealed class LatencyHistogram
{
    private const double Smallest = 0.001;
    private const double Ratio = 1.02;

    private readonly long[] buckets = new long[800];
    private readonly Lock gate = new(); // uploads finish on several threads

    public void Add(double seconds)
    {
        int bucket = seconds <= Smallest ? 0 : Math.Min(buckets.Length - 1, 1 + (int)(Math.Log(seconds / Smallest) / Math.Log(Ratio)));
        lock (gate) buckets[bucket]++;
    }

    /// <summary>Upper end of the bucket that holds the quantile, in seconds; 0 when nothing was added.</summary>
    public double Quantile(double quantile)
    {
        lock (gate)
        {
            long wanted = (long)Math.Ceiling(buckets.Sum() * quantile);
            for (int bucket = 0; bucket < buckets.Length && wanted > 0; bucket++)
            {
                wanted -= buckets[bucket];
                if (wanted <= 0) return Smallest * Math.Pow(Ratio, bucket);
            }
            return 0;
        }
    }
}
