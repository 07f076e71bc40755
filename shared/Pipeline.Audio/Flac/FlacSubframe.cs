namespace Pipeline.Audio.Flac;

/// <summary>
/// One channel of one frame (RFC 9639 §9.2): constant, verbatim, a fixed predictor or a linear one, whichever takes the fewest bits.
/// </summary>
/// <remarks>
/// <code>
/// 0 | u6 kind | 0 (no wasted bits) | then
///   000000 constant   one sample
///   000001 verbatim   all samples
///   001ooo fixed      o warm-up samples | residual
///   1ooooo linear     o + 1 warm-up samples | u4 precision - 1 | s5 shift | coefficients | residual
/// </code>
/// </remarks>
internal sealed class FlacSubframe
{
    private const uint Verbatim = 0b000001;
    private const uint Fixed = 0b001000;
    private const uint Linear = 0b100000;

    private readonly FlacPredictor predictor = new();
    private readonly FlacRice fixedRice = new();
    private readonly FlacRice linearRice = new();
    private readonly int[] fixedResidual = new int[FlacEncoder.BlockSize];
    private readonly int[] linearResidual = new int[FlacEncoder.BlockSize];

    public void Write(FlacBitWriter bits, ReadOnlySpan<int> samples, int bitsPerSample)
    {
        if (!samples.ContainsAnyExcept(samples[0]))
        {
            WriteConstant(bits, samples[0], bitsPerSample);
            return;
        }
        int order = FlacFixed.BestOrder(samples);
        Span<int> rest = fixedResidual.AsSpan(0, samples.Length - order);
        FlacFixed.Residual(samples, order, rest);
        long fixedCost = (order * bitsPerSample) + fixedRice.Plan(rest, order);
        long linearCost = PlanLinear(samples, bitsPerSample);
        if (Math.Min(fixedCost, linearCost) >= (long)samples.Length * bitsPerSample) WriteVerbatim(bits, samples, bitsPerSample);
        else if (linearCost < fixedCost) WriteLinear(bits, samples, bitsPerSample);
        else WriteFixed(bits, samples, bitsPerSample, order, rest);
    }

    /// <summary>Every sample is this one.</summary>
    public static void WriteConstant(FlacBitWriter bits, int sample, int bitsPerSample)
    {
        bits.Write(0, 8);
        bits.WriteSigned(sample, bitsPerSample);
    }

    private long PlanLinear(ReadOnlySpan<int> samples, int bitsPerSample)
    {
        if (!predictor.TryFind(samples, bitsPerSample)) return long.MaxValue;
        Span<int> rest = linearResidual.AsSpan(0, samples.Length - predictor.Order);
        predictor.Residual(samples, rest);
        return (predictor.Order * (bitsPerSample + predictor.Precision)) + 9 + linearRice.Plan(rest, predictor.Order);
    }

    private void WriteLinear(FlacBitWriter bits, ReadOnlySpan<int> samples, int bitsPerSample)
    {
        int order = predictor.Order;
        bits.Write((Linear | (uint)(order - 1)) << 1, 8);
        WriteSamples(bits, samples[..order], bitsPerSample);
        bits.Write((uint)(predictor.Precision - 1), 4);
        bits.WriteSigned(predictor.Shift, 5);
        foreach (int coefficient in predictor.Coefficients.AsSpan(0, order)) bits.WriteSigned(coefficient, predictor.Precision);
        linearRice.Write(bits, linearResidual.AsSpan(0, samples.Length - order), order);
    }

    private void WriteFixed(FlacBitWriter bits, ReadOnlySpan<int> samples, int bitsPerSample, int order, ReadOnlySpan<int> rest)
    {
        bits.Write((Fixed | (uint)order) << 1, 8);
        WriteSamples(bits, samples[..order], bitsPerSample);
        fixedRice.Write(bits, rest, order);
    }

    private static void WriteVerbatim(FlacBitWriter bits, ReadOnlySpan<int> samples, int bitsPerSample)
    {
        bits.Write(Verbatim << 1, 8);
        WriteSamples(bits, samples, bitsPerSample);
    }

    private static void WriteSamples(FlacBitWriter bits, ReadOnlySpan<int> samples, int bitsPerSample)
    {
        foreach (int sample in samples) bits.WriteSigned(sample, bitsPerSample);
    }
}
