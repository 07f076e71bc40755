using System.Numerics;
using System.Runtime.InteropServices;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Capture;

/// <summary>
/// Finds stretches of 250 ms of a recorded lane in what was said, by cross-correlation at 8 kHz, and says how far each
/// lies from where it belongs.
/// </summary>
internal sealed class LaneComparison
{
    private const int Decimation = 6;
    private const int Window = 2000; // 250 ms at 8 kHz
    private const int Part = Window / 4;
    private const int Search = 800; // 100 ms either way
    private const double Recognized = 0.6; // normalized correlation

    private LaneComparison(double[] errors, int[] notFound, int stretches) =>
        (Errors, NotFound, Stretches) = (errors, notFound, stretches);

    /// <summary>Samples at 48 kHz of one stretch.</summary>
    public static int StretchSamples => Window * Decimation;

    /// <summary>Milliseconds, late is positive, of every recognized stretch.</summary>
    public double[] Errors { get; }

    /// <summary>
    /// First sample, in what was said, of every stretch that is nowhere near its place, as a whole or in parts: within one the place may
    /// step by some ms.
    /// </summary>
    public int[] NotFound { get; }

    public int Unrecognized => NotFound.Length;
    public int Stretches { get; }
    public double Worst => Errors.Length == 0 ? double.NaN : Errors.Max(Math.Abs);

    /// <param name="lane">Recorded, mono, from position 0.</param>
    public static LaneComparison Of(short[] lane, SyntheticSender sender) =>
        Compare(Decimate(lane), Decimate(sender.Voice), from => sender.TruePosition(from * Decimation));

    /// <param name="lane">Recorded, mono, from position 0.</param>
    /// <param name="position">Where the first sample of the spurt belongs.</param>
    public static LaneComparison OfSpurt(short[] lane, SyntheticSender sender, Spurt spurt, double position)
    {
        int end = (int)Math.Min(spurt.End, sender.Voice.Length);
        return Compare(Decimate(lane), Decimate(sender.Voice[(int)spurt.Start..end]), from => position + (from * Decimation));
    }

    private static LaneComparison Compare(float[] recorded, float[] spoken, Func<int, double> positionOf)
    {
        List<double> errors = [];
        List<int> notFound = [];
        int stretches = 0;
        for (int from = 0; from + Window < spoken.Length; from += Window)
        {
            if (!IsVoiced(spoken.AsSpan(from, Window))) continue;
            stretches++;
            if (TryFind(from, Window)) continue;
            int parts = 0;
            for (int part = 0; part < Window; part += Part) parts += TryFind(from + part, Part) ? 1 : 0;
            if (parts < 2) notFound.Add(from * Decimation);
        }
        return new LaneComparison([.. errors], [.. notFound], stretches);

        bool TryFind(int from, int length)
        {
            double expected = (positionOf(from) + OpusEncoder.LookAhead) / Decimation;
            (double lag, double correlation) = BestLag(recorded, spoken.AsSpan(from, length), (int)Math.Round(expected));
            if (correlation < Recognized) return false;
            errors.Add((Math.Round(expected) + lag - expected) * Decimation / 48.0);
            return true;
        }
    }

    private static (double Lag, double Correlation) BestLag(float[] recorded, ReadOnlySpan<float> spoken, int expected)
    {
        double best = double.NegativeInfinity;
        int bestLag = 0;
        double power = Dot(spoken, spoken);
        for (int lag = -Search; lag <= Search; lag++)
        {
            int at = expected + lag;
            if (at < 0 || at + spoken.Length > recorded.Length) continue;
            ReadOnlySpan<float> part = recorded.AsSpan(at, spoken.Length);
            double energy = Dot(part, part);
            double correlation = energy == 0 ? 0 : Dot(part, spoken) / Math.Sqrt(energy * power);
            if (correlation > best) (best, bestLag) = (correlation, lag);
        }
        return (bestLag, best);
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        ReadOnlySpan<Vector<float>> left = MemoryMarshal.Cast<float, Vector<float>>(a), right = MemoryMarshal.Cast<float, Vector<float>>(b);
        Vector<float> sum = Vector<float>.Zero;
        for (int i = 0; i < left.Length; i++) sum += left[i] * right[i];
        double total = Vector.Sum(sum);
        for (int i = left.Length * Vector<float>.Count; i < a.Length; i++) total += a[i] * b[i];
        return total;
    }

    private static bool IsVoiced(ReadOnlySpan<float> part)
    {
        int silent = 0;
        foreach (float value in part) silent += value == 0 ? 1 : 0;
        return silent == 0;
    }

    private static float[] Decimate(short[] values)
    {
        float[] result = new float[values.Length / Decimation];
        for (int i = 0; i < result.Length; i++)
        {
            for (int k = 0; k < Decimation; k++) result[i] += values[(i * Decimation) + k];
        }
        return result;
    }
}
