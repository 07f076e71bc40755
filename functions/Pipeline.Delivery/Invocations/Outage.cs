using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Finalize;
using Pipeline.Storage;

namespace Pipeline.Delivery.Invocations;

/// <summary>
/// Tells an outage of somebody else from a fault of a message. After an outage a message goes back into its queue with
/// a growing delay and burns no dequeue count, however long the outage lasts.
/// </summary>
internal static class Outage
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);

    // The service keeps messages hidden for at most 7 days; a service that asks for longer is asked again tomorrow.
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(1);

    public static bool Is(Exception fault) => StorageFault.IsTransient(fault)
        || fault is RecordingApiException { IsTransient: true } or LedgerChangedException;

    /// <summary>2, 4, 8, … up to 300 s, spread by up to a quarter so that a thousand segments do not come back at once.</summary>
    /// <param name="attempt">How often the message was put back before.</param>
    /// <param name="spread">Any number that differs between messages.</param>
    public static TimeSpan Delay(Exception fault, int attempt, int spread)
    {
        TimeSpan grown = TimeSpan.FromSeconds(Math.Min(2 << Math.Clamp(attempt, 0, 8), LongestDelay.TotalSeconds));
        TimeSpan asked = fault is RecordingApiException { RetryAfter: { } wait } ? wait : TimeSpan.Zero;
        if (asked > LongestRetryAfter) asked = LongestRetryAfter;
        TimeSpan longer = asked > grown ? asked : grown;
        return longer + (grown * ((uint)spread % 64 / 256.0));
    }
}
