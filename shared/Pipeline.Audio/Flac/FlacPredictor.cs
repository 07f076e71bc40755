using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pipeline.Audio.Flac;

/// <summary>
/// Finds a linear predictor for a block (RFC 9639 §9.2.6): autocorrelation under a Tukey window, Levinson-Durbin recursion, coefficients
/// rounded to so few bits that 32-bit arithmetic predicts exactly. All sums run in one order on every processor.
/// </summary>
internal sealed class FlacPredictor
{
    public const int MaximumOrder = 10;

    /// <summary>
    /// Bits of a coefficient of a block of 16-bit samples; one fewer for 17 bits: ten products of 2^15 and 2^12 stay under 2^31.
    /// </summary>
    private const int Precision16 = 13;

    private readonly double[] windowed = new double[FlacEncoder.BlockSize];
    private readonly double[] window = new double[FlacEncoder.BlockSize];
    private readonly double[] correlation = new double[MaximumOrder + 1];
    private readonly double[] filter = new double[MaximumOrder];
    private readonly double[][] filters = [.. Enumerable.Range(1, MaximumOrder).Select(order => new double[order])];
    private readonly double[] errors = new double[MaximumOrder];
    private int windowLength;

    /// <summary>The rounded coefficients of the last <see cref="TryFind"/>, nearest sample first.</summary>
    public int[] Coefficients { get; } = new int[MaximumOrder];

    public int Order { get; private set; }

    /// <summary>Bits of one coefficient.</summary>
    public int Precision { get; private set; }

    /// <summary>The prediction is shifted right by so many bits, 0 to 15.</summary>
    public int Shift { get; private set; }

    /// <summary>False: no predictor is worth writing.</summary>
    public bool TryFind(ReadOnlySpan<int> samples, int bitsPerSample)
    {
        if (samples.Length <= 2 * MaximumOrder) return false;
        Correlate(samples);
        if (correlation[0] <= 0) return false;
        int found = Recurse();
        if (found == 0) return false;
        Precision = Precision16 - (bitsPerSample - FlacEncoder.BitsPerSample);
        Order = BestOrder(found, samples.Length, bitsPerSample);
        return Quantize();
    }

    /// <summary>What the prediction misses, from sample <see cref="Order"/> on.</summary>
    public void Residual(ReadOnlySpan<int> samples, Span<int> residual)
    {
        ref int source = ref MemoryMarshal.GetReference(samples);
        ref int target = ref MemoryMarshal.GetReference(residual);
        int i = Order;
        for (; i + 8 <= samples.Length; i += 8)
        {
            Vector256<int> sum = Vector256<int>.Zero;
            for (int k = 0; k < Order; k++) sum += Vector256.LoadUnsafe(ref source, (nuint)(i - 1 - k)) * Coefficients[k];
            (Vector256.LoadUnsafe(ref source, (nuint)i) - (sum >> Shift)).StoreUnsafe(ref target, (nuint)(i - Order));
        }
        for (; i < samples.Length; i++)
        {
            int sum = 0;
            for (int k = 0; k < Order; k++) sum += Coefficients[k] * samples[i - 1 - k];
            residual[i - Order] = samples[i] - (sum >> Shift);
        }
    }

    private void Correlate(ReadOnlySpan<int> samples)
    {
        PrepareWindow(samples.Length);
        for (int i = 0; i < samples.Length; i++) windowed[i] = samples[i] * window[i];
        ref double data = ref MemoryMarshal.GetArrayDataReference(windowed);
        for (int lag = 0; lag <= MaximumOrder; lag++)
        {
            Vector256<double> sums = Vector256<double>.Zero;
            int i = lag;
            for (; i + 4 <= samples.Length; i += 4)
                sums += Vector256.LoadUnsafe(ref data, (nuint)i) * Vector256.LoadUnsafe(ref data, (nuint)(i - lag));
            double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
            for (; i < samples.Length; i++) sum += windowed[i] * windowed[i - lag];
            correlation[lag] = sum;
        }
    }

    // A quarter of the block fades in, a quarter fades out.
    private void PrepareWindow(int length)
    {
        if (windowLength == length) return;
        windowLength = length;
        int fade = Math.Max(1, length / 4);
        for (int i = 0; i < length; i++)
        {
            int edge = Math.Min(i, length - 1 - i);
            window[i] = edge >= fade ? 1 : 0.5 - (0.5 * Math.Cos(Math.PI * edge / fade));
        }
    }

    // Levinson-Durbin: the best filter of every order up to the highest, and what each leaves.
    private int Recurse()
    {
        double error = correlation[0];
        for (int order = 0; order < MaximumOrder; order++)
        {
            double reflection = -correlation[order + 1];
            for (int k = 0; k < order; k++) reflection -= filter[k] * correlation[order - k];
            reflection /= error;
            filter[order] = reflection;
            for (int k = 0; k < order / 2; k++)
            {
                (double a, double b) = (filter[k], filter[order - 1 - k]);
                (filter[k], filter[order - 1 - k]) = (a + (reflection * b), b + (reflection * a));
            }
            if (order % 2 != 0) filter[order / 2] += filter[order / 2] * reflection;
            error *= 1 - (reflection * reflection);
            for (int k = 0; k <= order; k++) filters[order][k] = -filter[k];
            errors[order] = error;
            if (error <= 0) return order;
        }
        return MaximumOrder;
    }

    // A Laplace residual of variance v takes about log2(v)/2 bits and a constant; a higher order costs its coefficients.
    private int BestOrder(int found, int length, int bitsPerSample)
    {
        (int best, double least) = (1, double.MaxValue);
        for (int order = 1; order <= found; order++)
        {
            double perSample = Math.Max(0, 0.5 * Math.Log2(0.5 * Math.Log(2) * Math.Log(2) * errors[order - 1] / length));
            double bits = (perSample * (length - order)) + (order * (bitsPerSample + Precision));
            if (bits < least) (best, least) = (order, bits);
        }
        return best;
    }

    private bool Quantize()
    {
        double[] wanted = filters[Order - 1];
        double greatest = wanted.Max(Math.Abs);
        if (greatest <= 0) return false;
        Shift = Math.Min(15, Precision - 2 - Math.ILogB(greatest));
        if (Shift < 0) return false;
        int limit = 1 << (Precision - 1);
        double carried = 0; // the rounding error of one coefficient goes into the next
        for (int k = 0; k < Order; k++)
        {
            carried += wanted[k] * (1 << Shift);
            int rounded = Math.Clamp((int)Math.Round(carried), -limit, limit - 1);
            carried -= rounded;
            Coefficients[k] = rounded;
        }
        return true;
    }
}
