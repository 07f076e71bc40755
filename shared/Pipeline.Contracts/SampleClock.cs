namespace Pipeline.Contracts;

/// <summary>Positions are counted in samples at 48 kHz per channel; this converts them to time and back.</summary>
public static class SampleClock
{
    /// <summary>Opus in Discord always runs its clock at 48 kHz (RFC 7587 §4.1).</summary>
    public const int SamplesPerSecond = 48_000;

    // 10 000 000 ticks / 48 000 samples = 625 / 3.
    public static TimeSpan ToTime(long samples) => new(checked(samples * 625 / 3));

    /// <summary>Nearest sample; ticks are 100 ns.</summary>
    public static long ToSamples(TimeSpan time) => (long)Math.Round(time.Ticks * 3.0 / 625.0, MidpointRounding.AwayFromZero);
}
