namespace Pipeline.TestKit.Stage;

/// <summary>Where something that was said stands in a track, by cross-correlation.</summary>
/// <param name="Position">Where the first sample of the spoken clip lies in the track.</param>
/// <param name="Correlation">Normalized correlation of the two-second windows, each at its own best place, weighted by energy; 1 for
/// equal.</param>
/// <param name="WorstWindow">Largest distance of any two-second window of the clip from where <paramref name="Position"/> puts it.</param>
public sealed record SpeechAlignment(TimeSpan Position, double Correlation, TimeSpan WorstWindow)
{
    private const int EnvelopeStep = 240; // 5 ms
    private const int Decimation = 8; // fine search at 6 kHz, 0.17 ms
    private const int WindowSeconds = 2;

    /// <summary>Finds the clip anywhere in the track; up to half of it may stand before the track's start or behind its end.</summary>
    public static SpeechAlignment Find(ReadOnlySpan<float> clip, ReadOnlySpan<float> track)
    {
        int coarse = BestLag(Envelope(clip), Envelope(track), int.MinValue, int.MaxValue) * EnvelopeStep;
        return Refine(clip, track, coarse, 3 * EnvelopeStep);
    }

    /// <summary>Finds the clip within 100 ms of a place: among other voices, whose loudness would lead away from it.</summary>
    public static SpeechAlignment FindNear(ReadOnlySpan<float> clip, ReadOnlySpan<float> track, TimeSpan place) =>
        Refine(clip, track, (int)(place.TotalSeconds * Pcm.SamplesPerSecond), Pcm.SamplesPerSecond / 10);

    private static SpeechAlignment Refine(ReadOnlySpan<float> clip, ReadOnlySpan<float> track, int around, int within)
    {
        float[] fineClip = Decimate(clip), fineTrack = Decimate(track);
        int fine = BestLag(fineClip, fineTrack, (around - within) / Decimation, (around + within) / Decimation);
        double worst = 0, weighted = 0, weight = 0;
        int window = Math.Min(WindowSeconds * Pcm.SamplesPerSecond / Decimation, fineClip.Length); // what is shorter is one window
        for (int start = 0; window > 0 && start + window <= fineClip.Length; start += window)
        {
            ReadOnlySpan<float> part = fineClip.AsSpan(start, window);
            if (Energy(part) < 1) continue; // a pause has no place of its own
            int reach = Pcm.SamplesPerSecond / Decimation / 10; // 100 ms
            int lag = BestLag(part, fineTrack, fine + start - reach, fine + start + reach);
            worst = Math.Max(worst, Math.Abs(lag - fine - start));
            weighted += Energy(part) * BestBetween(part, track, lag);
            weight += Energy(part);
        }
        double seconds = (double)Decimation / Pcm.SamplesPerSecond;
        return new SpeechAlignment(TimeSpan.FromSeconds(fine * seconds), weight > 0 ? weighted / weight : 0,
            TimeSpan.FromSeconds(worst * seconds));
    }

    private static int BestLag(ReadOnlySpan<float> part, ReadOnlySpan<float> whole, int from, int to)
    {
        (int best, double bestValue) = (0, double.NegativeInfinity);
        int last = (int)Math.Min(to, (long)whole.Length - part.Length / 2);
        for (int lag = Math.Max(from, -part.Length / 2); lag <= last; lag++)
        {
            double value = CorrelationAt(part, whole, lag);
            if (value > bestValue) (best, bestValue) = (lag, value);
        }
        return best;
    }

    /// <summary>
    /// Correlation at the best of the fifteen samples around a lag of the coarser rate. A clip that lies half a coarse step beside the
    /// track's raster would otherwise lose its upper octave, and the same voice would be judged better or worse by chance.
    /// </summary>
    private static double BestBetween(ReadOnlySpan<float> part, ReadOnlySpan<float> track, int lag)
    {
        double best = double.NegativeInfinity;
        for (int between = 1 - Decimation; between < Decimation; between++)
        {
            int from = lag * Decimation + between, skipped = Math.Max(0, -from), start = from + skipped;
            int length = Math.Min(part.Length * Decimation - skipped, track.Length - start);
            if (length < Decimation) continue;
            best = Math.Max(best, CorrelationAt(part[(skipped / Decimation)..], Decimate(track.Slice(start, length)), 0));
        }
        return best > double.NegativeInfinity ? best : CorrelationAt(part, Decimate(track), lag);
    }

    private static double CorrelationAt(ReadOnlySpan<float> part, ReadOnlySpan<float> whole, int lag)
    {
        int start = Math.Max(0, -lag);
        int count = Math.Min(part.Length, whole.Length - lag) - start;
        if (count <= 0) return 0;
        ReadOnlySpan<float> a = part.Slice(start, count), b = whole.Slice(lag + start, count);
        double scale = Math.Sqrt(Energy(part) * Energy(b));
        return scale < 1e-9 ? 0 : System.Numerics.Tensors.TensorPrimitives.Dot(a, b) / scale;
    }

    private static double Energy(ReadOnlySpan<float> samples) => System.Numerics.Tensors.TensorPrimitives.SumOfSquares(samples);

    private static float[] Envelope(ReadOnlySpan<float> samples)
    {
        float[] envelope = new float[samples.Length / EnvelopeStep];
        for (int i = 0; i < envelope.Length; i++)
            envelope[i] = (float)Math.Sqrt(Energy(samples.Slice(i * EnvelopeStep, EnvelopeStep)) / EnvelopeStep);
        float mean = envelope.Length == 0 ? 0 : envelope.Average();
        for (int i = 0; i < envelope.Length; i++) envelope[i] -= mean;
        return envelope;
    }

    private static float[] Decimate(ReadOnlySpan<float> samples)
    {
        float[] fewer = new float[samples.Length / Decimation];
        for (int i = 0; i < fewer.Length; i++) fewer[i] = Sum(samples.Slice(i * Decimation, Decimation)) / Decimation;
        return fewer;
    }

    private static float Sum(ReadOnlySpan<float> samples) => System.Numerics.Tensors.TensorPrimitives.Sum(samples);
}
