using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NAudio.Effects;
using NAudio.Wave;

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
        Span<float> target = sum;
        int steady = Math.Min(samples, preRoll + RampSamples);
        for (int i = 0; i < steady; i++)
        {
            float factor = (float)(GainAt(i - preRoll, before, gain) / 32768);
            float left = pcm[i * channels] * factor, right = channels == 1 ? left : pcm[(i * channels) + 1] * factor;
            target[i * Channels] += left;
            target[(i * Channels) + 1] += right;
        }
        AddSteady(pcm[(steady * channels)..(samples * channels)], channels, target[(steady * Channels)..], (float)(gain / 32768));
    }

    // What the loop with the ramp does, eight values at a time.
    private static void AddSteady(ReadOnlySpan<short> pcm, int channels, Span<float> target, float factor)
    {
        int i = 0;
        if (channels == Channels)
        {
            ref short source = ref MemoryMarshal.GetReference(pcm);
            ref float added = ref MemoryMarshal.GetReference(target);
            for (; i + 8 <= pcm.Length; i += 8)
            {
                (Vector128<int> low, Vector128<int> high) = Vector128.Widen(Vector128.LoadUnsafe(ref source, (nuint)i));
                Vector256<float> values = Vector256.ConvertToSingle(Vector256.Create(low, high));
                (Vector256.LoadUnsafe(ref added, (nuint)i) + (values * factor)).StoreUnsafe(ref added, (nuint)i);
            }
        }
        for (; i < pcm.Length; i++)
        {
            float value = pcm[i] * factor;
            if (channels == Channels) target[i] += value;
            else
            {
                target[i * Channels] += value;
                target[(i * Channels) + 1] += value;
            }
        }
    }

    /// <summary>Limits the sum times a gain, which moves over like a track's.</summary>
    /// <returns>s16 <c>[samples, 2]</c>, those before the window included.</returns>
    public short[] Finish(double before, double gain)
    {
        Span<float> all = sum;
        for (int i = 0; i < samples; i++)
        {
            float factor = (float)GainAt(i - preRoll, before, gain);
            all[i * Channels] *= factor;
            all[(i * Channels) + 1] *= factor;
        }
        Limit(all);
        ReadOnlySpan<float> limited = all[(limiter.LatencySamples * Channels)..];
        short[] pcm = GC.AllocateUninitializedArray<short>(samples * Channels);
        for (int i = 0; i < pcm.Length; i++) pcm[i] = (short)Math.Clamp(MathF.Round(limited[i] * 32768), short.MinValue, short.MaxValue);
        return pcm;
    }

    // A peak between samples that are under half of the ceiling does not pass it: only near louder ones it is looked for.
    private void Limit(Span<float> all)
    {
        const int Length = 1024 * Channels;
        float half = MathF.Pow(10, CeilingDecibels / 20) / 2;
        bool before = false, here = IsLoud(all, 0);
        for (int at = 0; at < all.Length; at += Length)
        {
            bool next = IsLoud(all, at + Length);
            bool looks = before || here || next;
            if (limiter.TruePeak != looks) limiter.TruePeak = looks;
            limiter.Process(all.Slice(at, Math.Min(Length, all.Length - at)));
            (before, here) = (here, next);
        }

        bool IsLoud(ReadOnlySpan<float> values, int at) => at < values.Length
            && values.Slice(at, Math.Min(Length, values.Length - at)).ContainsAnyExceptInRange(-half, half);
    }

    private static double GainAt(int at, double before, double gain) =>
        at <= 0 ? before : at >= RampSamples ? gain : before + ((gain - before) * at / RampSamples);
}
