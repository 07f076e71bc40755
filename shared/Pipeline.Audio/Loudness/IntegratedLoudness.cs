namespace Pipeline.Audio.Loudness;

/// <summary>
/// Loudness of a whole from the energies of its 100 ms blocks (ITU-R BS.1770-4 annex 1: blocks of 400 ms that overlap by 300 ms, two
/// gates).
/// </summary>
public static class IntegratedLoudness
{
    private const double AbsoluteGate = -70; // LUFS
    private const double RelativeGate = -10; // LU under the mean of what passes the first gate
    private const int BlocksTogether = 4;

    /// <returns>LUFS; null where nothing passes the gate: silence.</returns>
    public static double? Of(IReadOnlyList<double> energies)
    {
        (double power, int count) = Gated(energies);
        return count == 0 ? null : Level(power);
    }

    /// <summary>Mean square of the blocks that pass both gates, and how many these are.</summary>
    public static (double Power, int Count) Gated(IReadOnlyList<double> energies)
    {
        List<double> blocks = [];
        for (int i = 0; i + BlocksTogether <= energies.Count; i++)
        {
            double mean = (energies[i] + energies[i + 1] + energies[i + 2] + energies[i + 3]) / BlocksTogether;
            if (Level(mean) > AbsoluteGate) blocks.Add(mean);
        }
        if (blocks.Count == 0) return (0, 0);
        double gate = Level(blocks.Average()) + RelativeGate;
        double[] passed = [.. blocks.Where(block => Level(block) > gate)];
        return (passed.Average(), passed.Length);
    }

    /// <summary>LUFS of a mean square.</summary>
    public static double Level(double meanSquare) => meanSquare <= 0 ? double.NegativeInfinity : -0.691 + (10 * Math.Log10(meanSquare));
}
