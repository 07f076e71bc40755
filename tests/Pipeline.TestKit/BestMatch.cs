namespace Pipeline.TestKit;

/// <summary>Where in a sound something is heard that should be at a place of it, within 2.5 ms at 48 kHz.</summary>
/// <param name="Correlation">At the best lag, -1 to 1.</param>
/// <param name="Lag">Samples by which it is late; negative: early.</param>
public readonly record struct BestMatch(double Correlation, int Lag)
{
    private const int Farthest = 120, Step = 4;

    public static BestMatch Of(ReadOnlySpan<short> truth, ReadOnlySpan<short> heard, int at)
    {
        BestMatch best = new(-1, 0);
        for (int lag = -Farthest; lag <= Farthest; lag += Step) best = Better(best, truth, heard, at, lag);
        for (int lag = best.Lag - Step + 1, to = best.Lag + Step - 1; lag <= to; lag++) best = Better(best, truth, heard, at, lag);
        return best;
    }

    private static BestMatch Better(BestMatch best, ReadOnlySpan<short> truth, ReadOnlySpan<short> heard, int at, int lag)
    {
        if (at + lag < 0 || at + lag + truth.Length > heard.Length) return best;
        ReadOnlySpan<short> other = heard.Slice(at + lag, truth.Length);
        double both = 0, energy = 1, others = 1;
        for (int i = 0; i < truth.Length; i++)
        {
            both += (double)truth[i] * other[i];
            energy += (double)truth[i] * truth[i];
            others += (double)other[i] * other[i];
        }
        double correlation = both / Math.Sqrt(energy * others);
        return correlation > best.Correlation ? new BestMatch(correlation, lag) : best;
    }
}
