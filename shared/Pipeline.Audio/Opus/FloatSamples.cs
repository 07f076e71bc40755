using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pipeline.Audio.Opus;

/// <summary>
/// libopus' own samples (float, full scale at 1) to s16, eight at a time: libopus does it one by one, which costs a tenth of its decoding.
/// </summary>
internal static class FloatSamples
{
    private const float FullScale = 32768;

    /// <summary>Rounds to the nearest s16 value, a half to the even one, and limits to the range, as libopus' FLOAT2INT16 does.</summary>
    /// <returns>The greatest absolute value of <paramref name="samples"/>; over 1 it was limited.</returns>
    public static float ToInt16(ReadOnlySpan<float> samples, Span<short> pcm)
    {
        pcm = pcm[..samples.Length];
        int whole = samples.Length & ~7;
        ref float source = ref MemoryMarshal.GetReference(samples);
        ref short target = ref MemoryMarshal.GetReference(pcm);
        Vector128<float> peaks = Vector128<float>.Zero;
        for (int i = 0; i < whole; i += 8)
        {
            Vector128<float> first = Vector128.LoadUnsafe(ref source, (nuint)i), second = Vector128.LoadUnsafe(ref source, (nuint)i + 4);
            peaks = Vector128.Max(peaks, Vector128.Max(Vector128.Abs(first), Vector128.Abs(second)));
            Vector128.Narrow(Round(first), Round(second)).StoreUnsafe(ref target, (nuint)i);
        }
        float peak = 0;
        for (int k = 0; k < 4; k++) peak = Math.Max(peak, peaks[k]);
        for (int i = whole; i < samples.Length; i++)
        {
            peak = Math.Max(peak, Math.Abs(samples[i]));
            pcm[i] = (short)Math.Clamp(MathF.Round(samples[i] * FullScale), short.MinValue, short.MaxValue);
        }
        return peak;
    }

    private static Vector128<int> Round(Vector128<float> samples)
    {
        Vector128<float> scaled = Vector128.Min(Vector128.Max(samples * FullScale, Vector128.Create((float)short.MinValue)),
            Vector128.Create((float)short.MaxValue));
        return Vector128.ConvertToInt32Native(Vector128.Round(scaled));
    }
}
