namespace Pipeline.Bot.Recordings;

/// <summary>
/// What the product promises: every sample that was heard before this position is durable in the temp container. In samples at 48 kHz
/// since the start of the recording. The panel, the manifest, a takeover and the stop text all say this one.
/// </summary>
/// <param name="Sample">The first sample of which that is not known.</param>
internal readonly record struct SafePosition(long Sample)
{
    /// <param name="heard">Position up to which the recording has come.</param>
    /// <param name="held">Where that starts which is not durable yet: segments that wait in the spool or are being written; null:
    /// none.</param>
    public static SafePosition Of(long heard, params IEnumerable<long?> held) =>
        new(held.Aggregate(heard, static (safe, start) => Math.Min(safe, start ?? safe)));
}
