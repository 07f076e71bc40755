namespace Pipeline.Delivery.ApiClient;

/// <summary>The recording API, or the place where it sent us, did not do what was asked. The message holds no address.</summary>
/// <param name="isTransient">Another try later may succeed: it is away, overloaded, or a setting keeps us out.</param>
/// <param name="retryAfter">How long it asked us to wait.</param>
/// <param name="status">What it answered; null where it did not, or where the answer was not the fault.</param>
public sealed class RecordingApiException(string message, bool isTransient, TimeSpan? retryAfter, Exception? inner, int? status = null)
    : Exception(message, inner)
{
    public bool IsTransient { get; } = isTransient;
    public TimeSpan? RetryAfter { get; } = retryAfter;
    public int? Status { get; } = status;
}
