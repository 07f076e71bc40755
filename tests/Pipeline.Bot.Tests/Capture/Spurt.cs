namespace Pipeline.Bot.Tests.Capture;

/// <summary>
/// One talk of a <see cref="SyntheticSender"/>: samples [<paramref name="Start"/>, <paramref name="End"/>) of its media, markers included.
/// </summary>
internal sealed record Spurt(long Start, long End, double HeldUntil)
{
    /// <summary>
    /// Recording position, in samples, at which the talk began by the packet that the network delayed least; infinite when none came.
    /// </summary>
    public double Earliest { get; set; } = double.PositiveInfinity;
}
