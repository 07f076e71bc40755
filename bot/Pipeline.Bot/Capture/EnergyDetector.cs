namespace Pipeline.Bot.Capture;

/// <summary>Voice activity by energy: a frame counts as speech when the root of its mean square reaches a threshold.</summary>
/// <param name="rmsThreshold">0-32767; 0 lets everything count.</param>
internal sealed class EnergyDetector(int rmsThreshold)
{
    private readonly long squareThreshold = (long)rmsThreshold * rmsThreshold;

    public bool IsAudible(ReadOnlySpan<short> pcm)
    {
        if (squareThreshold == 0) return true;
        long sum = 0;
        foreach (short value in pcm) sum += value * value;
        return sum >= squareThreshold * pcm.Length;
    }
}
