using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pipeline.Audio.Flac;

/// <summary>The fixed predictors of orders 0 to 4: differences of differences (RFC 9639 §9.2.5).</summary>
internal static class FlacFixed
{
    public const int MaximumOrder = 4;

    // What a sample and those before it are multiplied with; whole numbers, so that every processor finds the same sums.
    private static readonly int[][] Differences = [[1], [1, -1], [1, -2, 1], [1, -3, 3, -1], [1, -4, 6, -4, 1]];

    /// <summary>Sum of the absolute second differences: what a channel will cost, compared with another one.</summary>
    public static long Roughness(ReadOnlySpan<int> samples) =>
        samples.IsEmpty ? 0 : Math.Abs(samples[0]) + SumOfResidual(samples, 2, 2);

    /// <summary>The order whose residual is smallest.</summary>
    public static int BestOrder(ReadOnlySpan<int> samples)
    {
        if (samples.Length <= MaximumOrder) return 0;
        (int best, long least) = (0, long.MaxValue);
        for (int order = 0; order <= MaximumOrder; order++)
        {
            long sum = SumOfResidual(samples, order, MaximumOrder);
            if (sum < least) (best, least) = (order, sum);
        }
        return best;
    }

    /// <summary>What the prediction misses, from sample <paramref name="order"/> on.</summary>
    public static void Residual(ReadOnlySpan<int> x, int order, Span<int> residual)
    {
        int[] factors = Differences[order];
        int i = order;
        for (; i + Vector256<int>.Count <= x.Length; i += Vector256<int>.Count) Residual8(x, i, factors).CopyTo(residual[(i - order)..]);
        for (; i < x.Length; i++) residual[i - order] = Residual1(x, i, factors);
    }

    // Of samples of 17 bits an order of 4 leaves 21 bits, and 576 of these are under 2^31: a whole block is added up in 32 bits.
    private static long SumOfResidual(ReadOnlySpan<int> x, int order, int from)
    {
        int[] factors = Differences[order];
        Vector256<int> sums = Vector256<int>.Zero;
        int i = from;
        for (; i + Vector256<int>.Count <= x.Length; i += Vector256<int>.Count) sums += Vector256.Abs(Residual8(x, i, factors));
        long sum = Vector256.Sum(Vector256.WidenLower(sums)) + Vector256.Sum(Vector256.WidenUpper(sums));
        for (; i < x.Length; i++) sum += Math.Abs(Residual1(x, i, factors));
        return sum;
    }

    private static Vector256<int> Residual8(ReadOnlySpan<int> x, int at, int[] factors)
    {
        ref int source = ref MemoryMarshal.GetReference(x);
        Vector256<int> sum = Vector256.LoadUnsafe(ref source, (nuint)at);
        for (int k = 1; k < factors.Length; k++) sum += Vector256.LoadUnsafe(ref source, (nuint)(at - k)) * factors[k];
        return sum;
    }

    private static int Residual1(ReadOnlySpan<int> x, int at, int[] factors)
    {
        int sum = 0;
        for (int k = 0; k < factors.Length; k++) sum += factors[k] * x[at - k];
        return sum;
    }
}
