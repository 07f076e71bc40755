using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Pipeline.Audio.Loudness;

/// <summary>
/// Weighs samples as ITU-R BS.1770-4 (annex 1) does and keeps the energy of every 100 ms. What it keeps can be stored and merged:
/// <see cref="IntegratedLoudness"/> gates any run of such energies. One meter hears one signal from its start.
/// </summary>
public sealed class LoudnessMeter
{
    /// <summary>Samples per channel of one energy: 100 ms at 48 kHz.</summary>
    public const int BlockSamples = 4800;

    // BS.1770-4, tables 1 and 2: a shelf for the head, then a high-pass, at 48 kHz.
    private static readonly double[] Shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585];
    private static readonly double[] HighPass = [1, -2, 1, -1.99004745483398, 0.99007225036621];

    private readonly int channels;
    private double sum;
    private int filled;

    // The two delays of each filter, one lane a channel.
    private (Vector128<double> First, Vector128<double> Second) shelf;
    private (Vector128<double> First, Vector128<double> Second) highPass;

    /// <param name="channels">1 (heard from both sides of a stereo mix) or 2.</param>
    public LoudnessMeter(int channels) => this.channels = channels;

    /// <summary>Mean square of each finished 100 ms, channels added.</summary>
    public List<double> Energies { get; } = [];

    /// <param name="pcm"><c>[samples, channels]</c>, full scale at 1.</param>
    public void Add(ReadOnlySpan<float> pcm)
    {
        // What every sample depends on stays in registers; the sum is taken in the order of the samples, so that it is the same everywhere.
        (Vector128<double> first, Vector128<double> second) = shelf;
        (Vector128<double> third, Vector128<double> fourth) = highPass;
        for (int i = 0; i + channels <= pcm.Length; i += channels)
        {
            Vector128<double> heard = Vector128.Create(pcm[i], channels == 1 ? 0.0 : pcm[i + 1]);
            Vector128<double> weighted = Filter(Filter(heard, Shelf, ref first, ref second), HighPass, ref third, ref fourth);
            Vector128<double> squares = weighted * weighted;
            sum = sum + squares[0] + squares[1];
            if (++filled == BlockSamples) Finish();
        }
        (shelf, highPass) = ((first, second), (third, fourth));
    }

    /// <param name="pcm"><c>[samples, channels]</c>.</param>
    public void Add(ReadOnlySpan<short> pcm)
    {
        Span<float> part = stackalloc float[1024];
        while (!pcm.IsEmpty)
        {
            int count = Math.Min(part.Length, pcm.Length);
            for (int i = 0; i < count; i++) part[i] = pcm[i] * (1f / 32768);
            Add(part[..count]);
            pcm = pcm[count..];
        }
    }

    private void Finish()
    {
        Energies.Add(sum / BlockSamples);
        (sum, filled) = (0, 0);
    }

    // Transposed direct form II.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> Filter(Vector128<double> x, double[] c, ref Vector128<double> first, ref Vector128<double> second)
    {
        Vector128<double> y = (x * c[0]) + first;
        first = (x * c[1]) - (y * c[3]) + second;
        second = (x * c[2]) - (y * c[4]);
        return y;
    }
}
