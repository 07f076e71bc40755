using System.Numerics;

namespace Pipeline.Audio.Flac;

/// <summary>
/// The residual of a subframe as partitioned Rice code (RFC 9639 §9.2.7): <c>u2 method 0 | u4 partition order | per partition u4
/// parameter and its residuals</c>. A residual r is folded to 2r or -2r-1, its high bits are unary, the low ones plain.
/// </summary>
internal sealed class FlacRice
{
    private const int MaximumPartitionOrder = 6;
    private const int MaximumParameter = 14; // 15 is the escape, which is not used

    private readonly ulong[] sums = new ulong[1 << MaximumPartitionOrder];
    private readonly int[] tried = new int[1 << MaximumPartitionOrder];
    private int[] parameters = new int[1 << MaximumPartitionOrder];
    private int[] spare = new int[1 << MaximumPartitionOrder];
    private int partitionOrder;

    /// <summary>Chooses partitions and parameters.</summary>
    /// <param name="residual">Without the warm-up samples.</param>
    /// <param name="order">Of the predictor: the first partition is shorter by so much.</param>
    /// <returns>About how many bits <see cref="Write"/> will take.</returns>
    public long Plan(ReadOnlySpan<int> residual, int order)
    {
        int block = residual.Length + order;
        int highest = Math.Min(MaximumPartitionOrder, BitOperations.TrailingZeroCount(block));
        while (highest > 0 && block >> highest <= order) highest--;
        Sum(residual, order, highest);
        long least = long.MaxValue;
        for (int partitions = highest; partitions >= 0; partitions--)
        {
            long bits = Choose(block, order, partitions);
            if (bits < least)
            {
                (least, partitionOrder) = (bits, partitions);
                tried.AsSpan(0, 1 << partitions).CopyTo(spare);
                (parameters, spare) = (spare, parameters);
            }
            for (int i = 0; i < 1 << partitions >> 1; i++) sums[i] = sums[2 * i] + sums[(2 * i) + 1];
        }
        return least + 6;
    }

    /// <summary>Writes what was planned last.</summary>
    public void Write(FlacBitWriter bits, ReadOnlySpan<int> residual, int order)
    {
        bits.Write(0, 2);
        bits.Write((uint)partitionOrder, 4);
        int length = (residual.Length + order) >> partitionOrder;
        int start = 0;
        for (int partition = 0; partition < 1 << partitionOrder; partition++)
        {
            int end = ((partition + 1) * length) - order;
            int parameter = parameters[partition];
            bits.Write((uint)parameter, 4);
            WritePartition(bits, residual[start..end], parameter);
            start = end;
        }
    }

    private static void WritePartition(FlacBitWriter bits, ReadOnlySpan<int> residual, int parameter)
    {
        uint stop = 1u << parameter, low = stop - 1;
        foreach (int value in residual)
        {
            uint folded = ((uint)value << 1) ^ (uint)(value >> 31);
            uint high = folded >> parameter;
            if (high + parameter < 31)
            {
                bits.Write(stop | (folded & low), (int)high + 1 + parameter);
                continue;
            }
            bits.WriteUnary(high);
            bits.Write(folded & low, parameter);
        }
    }

    private void Sum(ReadOnlySpan<int> residual, int order, int highest)
    {
        int length = (residual.Length + order) >> highest;
        int start = 0;
        for (int partition = 0; partition < 1 << highest; partition++)
        {
            int end = ((partition + 1) * length) - order;
            ulong sum = 0;
            foreach (int value in residual[start..end]) sum += ((uint)value << 1) ^ (uint)(value >> 31);
            sums[partition] = sum;
            start = end;
        }
    }

    private long Choose(int block, int order, int partitions)
    {
        long total = 0;
        for (int partition = 0; partition < 1 << partitions; partition++)
        {
            long count = (block >> partitions) - (partition == 0 ? order : 0);
            (tried[partition], long bits) = BestParameter(sums[partition], count);
            total += bits + 4;
        }
        return total;
    }

    // Low bits are spread evenly: of the sum of all high parts half a unit each is lost by rounding down.
    private static (int Parameter, long Bits) BestParameter(ulong sum, long count)
    {
        if (sum == 0) return (0, count);
        int guess = Math.Clamp(BitOperations.Log2(Math.Max(1, sum / (ulong)Math.Max(1, count))), 0, MaximumParameter);
        (int best, long least) = (guess, long.MaxValue);
        for (int parameter = Math.Max(0, guess - 2); parameter <= Math.Min(MaximumParameter, guess + 1); parameter++)
        {
            long high = parameter == 0 ? (long)sum : Math.Max(0, (long)(sum >> parameter) - (count >> 1));
            long bits = (count * (parameter + 1)) + high;
            if (bits < least) (best, least) = (parameter, bits);
        }
        return (best, least);
    }
}
