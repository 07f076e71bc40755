namespace Pipeline.Bot.Capture;

/// <summary>
/// The least delay seen between a sender's RTP clock and our arrival clock. The network and a starved sender only ever add
/// delay, so the least delay is the sender's clock; jitter, stalls and bursts lie above it. An earlier packet lowers the
/// envelope at once. It rises only to what the earliest packet of the last six seconds shows, and only twice as fast as a
/// sender's clock may run slow, so that late packets among timely ones do not move it. All values in samples at 48 kHz.
/// </summary>
internal struct LowerEnvelope
{
    /// <summary>A sender's clock may be off by 500 ppm; a little more, so that the envelope is never left behind.</summary>
    private const double Leak = 600e-6;

    // Three stretches are looked back on: with 500 ppm the envelope is 3 ms behind, and a busy machine is on time once in six seconds.
    private const double Stretch = 2 * 48_000;

    // Twice the 500 ppm, so that what was missed in one stretch is made up for in the next.
    private const double FastestRise = 1000e-6;

    // A packet in 32 counts: about 0.6 s of 20 ms frames.
    private const double SpreadWeight = 1.0 / 32;
    private const double MaximumExcess = 0.25 * 48_000;

    private double floor;
    private double observedAt;
    private double stretchStart;
    private double stretchLeast;
    private double leastBefore;
    private double leastBeforeThat;

    /// <summary>Least delay: arrival minus RTP time.</summary>
    public readonly double Delay => floor;

    /// <summary>Mean of what jitter adds to the least delay.</summary>
    public double Spread { get; private set; }

    /// <summary>The most that the least delay can be at <paramref name="arrival"/>, if nothing was heard since the last packet.</summary>
    public readonly double DelayAt(double arrival) => floor + (Math.Max(0, arrival - observedAt) * Leak);

    /// <summary>Starts again from what a few packets showed.</summary>
    /// <param name="spread">What jitter added to them on the mean.</param>
    public void Reset(double delay, double arrival, double spread = 0)
    {
        Resume(delay, arrival);
        Spread = Math.Max(Spread, Math.Min(spread, MaximumExcess));
    }

    /// <summary>Goes on behind a pause, in which a slow clock may have raised the least delay.</summary>
    public void Resume(double delay, double arrival)
    {
        floor = delay;
        (observedAt, stretchStart) = (arrival, arrival);
        (stretchLeast, leastBefore, leastBeforeThat) = (double.PositiveInfinity, delay, delay);
    }

    public void Observe(double delay, double arrival)
    {
        observedAt = Math.Max(observedAt, arrival);
        stretchLeast = Math.Min(stretchLeast, delay);
        if (arrival - stretchStart >= Stretch) EndStretch(arrival);
        if (delay < floor) floor = delay;
        Spread += (Math.Min(delay - floor, MaximumExcess) - Spread) * SpreadWeight;
    }

    private void EndStretch(double arrival)
    {
        double least = Math.Min(stretchLeast, Math.Min(leastBefore, leastBeforeThat));
        if (least > floor) floor = Math.Min(least, floor + ((arrival - stretchStart) * FastestRise));
        (leastBeforeThat, leastBefore, stretchLeast) = (leastBefore, stretchLeast, double.PositiveInfinity);
        stretchStart = arrival;
    }
}
