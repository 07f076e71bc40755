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
    private readonly double[] memory; // [channels, filter (2), delay (2)]
    private double sum;
    private int filled;

    /// <param name="channels">1 (heard from both sides of a stereo mix) or 2.</param>
    public LoudnessMeter(int channels)
    {
        this.channels = channels;
        memory = new double[channels * 4];
    }

    /// <summary>Mean square of each finished 100 ms, channels added.</summary>
    public List<double> Energies { get; } = [];

    /// <param name="pcm"><c>[samples, channels]</c>, full scale at 1.</param>
    public void Add(ReadOnlySpan<float> pcm)
    {
        for (int i = 0; i + channels <= pcm.Length; i += channels)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                double weighted = Filter(Filter(pcm[i + channel], Shelf, channel * 4), HighPass, (channel * 4) + 2);
                sum += weighted * weighted;
            }
            if (++filled == BlockSamples) Finish();
        }
    }

    /// <param name="pcm"><c>[samples, channels]</c>.</param>
    public void Add(ReadOnlySpan<short> pcm)
    {
        Span<float> part = stackalloc float[1024];
        while (!pcm.IsEmpty)
        {
            int count = Math.Min(part.Length, pcm.Length);
            for (int i = 0; i < count; i++) part[i] = pcm[i] / 32768f;
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
    private double Filter(double x, double[] c, int at)
    {
        double y = (c[0] * x) + memory[at];
        memory[at] = (c[1] * x) - (c[3] * y) + memory[at + 1];
        memory[at + 1] = (c[2] * x) - (c[4] * y);
        return y;
    }
}
