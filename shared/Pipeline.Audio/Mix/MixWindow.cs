using System.Numerics.Tensors;
using NAudio.Effects;
using NAudio.Wave;
using Pipeline.Audio.Opus;

namespace Pipeline.Audio.Mix;

/// <summary>
/// One window of a mix: tracks are added with a gain each, then a limiter that looks ahead keeps the true peak under
/// <see cref="CeilingDecibels"/>. What it heard before the window makes the seam: hand in samples from before it.
/// </summary>
public sealed class MixWindow
{
    /// <summary>dBTP that files of the mix keep to: 1 dB, and what encoders and other meters' filters add.</summary>
    public const float CeilingDecibels = -1.3f;

    private const int Channels = 2;
    private const int SampleRate = 48_000;

    /// <summary>A gain moves over to its new value in this time at the window's start.</summary>
    private const int RampSamples = SampleRate;

    private readonly int samples;
    private readonly int preRoll;
    private readonly float[] sum;
    private readonly LimiterEffect limiter = new() { CeilingDb = CeilingDecibels, TruePeak = true };

    /// <param name="samples">Per channel, those before the window included.</param>
    /// <param name="preRoll">Samples before the window.</param>
    public MixWindow(int samples, int preRoll)
    {
        limiter.Configure(WaveFormat.CreateIeeeFloatWaveFormat(SampleRate, Channels));
        (this.samples, this.preRoll) = (samples, preRoll);
        sum = new float[(samples + limiter.LatencySamples) * Channels];
    }

    /// <summary>The sum so far, <c>[samples, 2]</c>, before the limiter.</summary>
    public ReadOnlySpan<float> Sum => sum.AsSpan(0, samples * Channels);

    /// <param name="pcm"><c>[samples, channels]</c>; mono is heard from both sides.</param>
    /// <param name="before">Linear gain before the window.</param>
    /// <param name="gain">Linear gain in the window.</param>
    public void Add(ReadOnlySpan<short> pcm, int channels, double before, double gain)
    {
        // Behind the ramp a stereo track's values stand as the sum's do, times one factor.
        int single = channels == Channels ? Math.Min(samples, preRoll + RampSamples) : samples;
        for (int i = 0; i < single; i++)
        {
            float factor = (float)(GainAt(i - preRoll, before, gain) / 32768);
            float left = pcm[i * channels] * factor, right = channels == 1 ? left : pcm[(i * channels) + 1] * factor;
            sum[i * Channels] += left;
            sum[(i * Channels) + 1] += right;
        }
        Span<float> part = stackalloc float[1024];
        for (int at = single * Channels; at < samples * Channels; at += part.Length)
        {
            part = part[..Math.Min(part.Length, (samples * Channels) - at)];
            Span<float> target = sum.AsSpan(at, part.Length);
            TensorPrimitives.ConvertTruncating(pcm.Slice(at, part.Length), part);
            TensorPrimitives.MultiplyAdd(part, (float)(gain / 32768), target, target);
        }
    }

    /// <summary>Limits the sum times a gain, which moves over like a track's.</summary>
    /// <returns>s16 <c>[samples, 2]</c>, those before the window included.</returns>
    public short[] Finish(double before, double gain)
    {
        for (int i = 0; i < samples; i++)
        {
            float factor = (float)GainAt(i - preRoll, before, gain);
            sum[i * Channels] *= factor;
            sum[(i * Channels) + 1] *= factor;
        }
        Limit();
        ReadOnlySpan<float> limited = sum.AsSpan(limiter.LatencySamples * Channels);
        short[] pcm = GC.AllocateUninitializedArray<short>(samples * Channels);
        FloatSamples.ToInt16(limited[..pcm.Length], pcm);
        return pcm;
    }

    // A peak between samples that are under half of the ceiling does not pass it: only near louder ones it is looked for.
    private void Limit()
    {
        const int Length = 1024 * Channels;
        float half = MathF.Pow(10, CeilingDecibels / 20) / 2;
        bool before = false, here = IsLoud(0);
        for (int at = 0; at < sum.Length; at += Length)
        {
            bool next = IsLoud(at + Length);
            bool looks = before || here || next;
            if (limiter.TruePeak != looks) limiter.TruePeak = looks;
            limiter.Process(sum.AsSpan(at, Math.Min(Length, sum.Length - at)));
            (before, here) = (here, next);
        }

        bool IsLoud(int at) => at < sum.Length && sum.AsSpan(at, Math.Min(Length, sum.Length - at)) is var part
            && (part.ContainsAnyExceptInRange(-half, half));
    }

    private static double GainAt(int at, double before, double gain) =>
        at <= 0 ? before : at >= RampSamples ? gain : before + ((gain - before) * at / RampSamples);
}
