namespace Pipeline.RecordingApi.Webhooks;

/// <summary>
/// When a delivery that failed is tried again: the schedule that Standard Webhooks 1.0 gives as its example, over three days.
/// </summary>
internal static class WebhookRetries
{
    private static readonly TimeSpan[] Delays =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    /// <summary>The pause before the next try; null after the last one.</summary>
    /// <param name="attempt">How many tries there were before the one that has just failed.</param>
    /// <param name="retryAfter">What the receiver asked for; a longer pause than ours is kept, up to a day.</param>
    public static TimeSpan? After(int attempt, TimeSpan? retryAfter)
    {
        if (attempt < 0 || attempt >= Delays.Length) return null;
        TimeSpan longest = Delays[^1];
        TimeSpan asked = retryAfter is { } wait ? (wait < longest ? wait : longest) : TimeSpan.Zero;
        return asked > Delays[attempt] ? asked : Delays[attempt];
    }
}
