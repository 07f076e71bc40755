namespace Pipeline.Bot.Capture;

/// <summary>
/// The least delay seen between a sender's RTP clock and our arrival clock. The network only ever adds delay, so the least
/// delay is the sender's clock; jitter, stalls and bursts lie above it. The envelope leaks upwards as fast as a sender's
/// clock may run slow, so that it follows any drift without remembering packets. All values in samples at 48 kHz.
/// </summary>
internal struct LowerEnvelope
{
    /// <summary>A sender's clock may be off by 500 ppm; a little more, so that the envelope is never left behind.</summary>
    private const double Leak = 600e-6;

    // A packet in 32 counts: about 0.6 s of 20 ms frames.
    private const double SpreadWeight = 1.0 / 32;
    private const double MaximumExcess = 0.25 * 48_000;

    private double floor;
    private double observedAt;

    /// <summary>Least delay: arrival minus RTP time.</summary>
    public readonly double Delay => floor;

    /// <summary>Mean of what jitter adds to the least delay.</summary>
    public double Spread { get; private set; }

    /// <summary>The most that the least delay can be at <paramref name="arrival"/>.</summary>
    public readonly double DelayAt(double arrival) => floor + (Math.Max(0, arrival - observedAt) * Leak);

    /// <summary>Starts again from what a few packets showed.</summary>
    /// <param name="spread">What jitter added to them on the mean.</param>
    public void Reset(double delay, double arrival, double spread)
    {
        floor = delay;
        observedAt = arrival;
        Spread = Math.Max(Spread, Math.Min(spread, MaximumExcess));
    }

    public void Observe(double delay, double arrival)
    {
        floor = Math.Min(DelayAt(arrival), delay);
        observedAt = Math.Max(observedAt, arrival);
        Spread += (Math.Min(delay - floor, MaximumExcess) - Spread) * SpreadWeight;
    }
}
