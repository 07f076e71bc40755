using System.Runtime.InteropServices;
using Pipeline.Audio.Loudness;
using Pipeline.Contracts;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// How loud tracks and mix were up to a window, and the gains that follow from it. A gain knows what was heard up to its window's end and
/// nothing later, and stays what it is: windows that come later, or late, change no window that is made.
/// </summary>
public sealed record MixLevels
{
    /// <summary>By user id. Of who is not heard in the window: as it goes on.</summary>
    public required IReadOnlyDictionary<ulong, MixLevel> Tracks { get; init; }

    public required MixLevel Master { get; init; }

    public static MixLevels None { get; } = new() { Tracks = new Dictionary<ulong, MixLevel>(), Master = MixLevel.Unity };
}

/// <summary>One signal's running loudness and its gain.</summary>
/// <param name="Power">Mean square of its blocks that pass both gates, weighted as BS.1770 does.</param>
/// <param name="Blocks">How many blocks of 400 ms that is; at most those of ten minutes, so that it follows.</param>
/// <param name="Gain">Linear, behind the window's first second.</param>
/// <param name="From">Linear, with which the window began: windows before it may change later. 0 in rows of older versions.</param>
/// <param name="All">Mean square with the windows that lie under the relative gate; 0 in rows of older versions.</param>
public readonly record struct MixLevel(double Power, double Blocks, double Gain, double From = 0, double All = 0)
{
    private const double MostBlocks = 6000;
    private const double GreatestGain = 12; // dB, both ways
    private const double RelativeGate = 0.1; // of the mean square of all: 10 LU

    public static MixLevel Unity => new(0, 0, 1);

    /// <summary>As it goes on into the next window, which begins with <see cref="Gain"/>.</summary>
    public MixLevel Carry() => this with { From = 0 };

    /// <summary>With what was heard in one more window.</summary>
    /// <param name="energies">Of 100 ms each.</param>
    /// <param name="target">LUFS that the gain leads to.</param>
    /// <param name="greatest">dB.</param>
    public MixLevel With(IReadOnlyList<double> energies, double target, double greatest = GreatestGain)
    {
        (double power, int count) = IntegratedLoudness.Gated(energies);
        if (count == 0) return Carry();
        MixLevel next = Joined(power, count);
        double decibels = Math.Clamp(target - IntegratedLoudness.Level(next.Power), -greatest, greatest);
        return next with { Gain = Math.Pow(10, decibels / 20) };
    }

    /// <summary>With the gain that the window began with. Who is heard for the first time does not come from a gain of 1.</summary>
    public MixLevel Behind(MixLevel before) => From > 0 ? this : this with { From = before.Blocks > 0 ? before.Gain : Gain };

    // Of a quiet minute and a loud one only the loud one counts, as in a measurement of the whole. What lies under the gate for long
    // brings the gate down, and counts then.
    private MixLevel Joined(double power, int count)
    {
        double before = Math.Min(Blocks, MostBlocks);
        double all = (((All > 0 ? All : Power) * before) + (power * count)) / (before + count), gate = all * RelativeGate;
        if (before > 0 && power < gate) return Carry() with { All = all };
        if (Power < gate) return new MixLevel(power, count, Gain, All: power);
        return new MixLevel(((Power * before) + (power * count)) / (before + count), before + count, Gain, All: all);
    }
}

/// <summary>How loud the whole mix is.</summary>
internal static class MixLoudness
{
    /// <returns>LUFS of the windows that are rendered; null where nothing passes the gate.</returns>
    public static async Task<double?> ReadAsync(RenderTable table, RecordingId recording, CancellationToken cancellation)
    {
        List<double> energies = [];
        foreach (RenderRow row in (await table.ReadWindowsAsync(recording, RenderTable.Mix, withSound: true, cancellation)).Values)
        {
            foreach (float energy in MemoryMarshal.Cast<byte, float>(row.Energies)) energies.Add(energy);
        }
        return IntegratedLoudness.Of(energies);
    }
}
