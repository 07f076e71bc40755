using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary>
/// Whether files can be written. The owner says so by command; a failed write says so for a second, then it is tried again.
/// </summary>
internal sealed class SpoolState
{
    private const long RetryAfter = SampleClock.SamplesPerSecond;

    private bool full;
    private string? failure;
    private double retryAt;

    /// <summary>Why nothing is written at present, or null. Any thread.</summary>
    public string? Problem => Volatile.Read(ref failure) ?? (Volatile.Read(ref full) ? "the spool is full" : null);

    public void SetFull(bool value) => Volatile.Write(ref full, value);

    /// <summary>A write failed.</summary>
    public void Fail(string reason, double position)
    {
        Volatile.Write(ref failure, reason);
        retryAt = position + RetryAfter;
    }

    public void Succeeded() => Volatile.Write(ref failure, null);

    public bool MayWrite(double position) => !full && (failure is null || position >= retryAt);
}
