using Pipeline.Storage;

namespace Pipeline.RecordingApi.Http;

/// <summary>Sees to it that a page, which is of another origin than the storage, can read what links lead to.</summary>
public sealed class StorageCors(BlobCors cors, ApiOptions options, ILogger<StorageCors> log)
{
    private bool isTold;

    /// <summary>To be called before a link is given out; at once after the first time.</summary>
    /// <remarks>Where the rule cannot be set such a page cannot read: no fault of this request, and told once.</remarks>
    public async ValueTask AllowPageAsync(CancellationToken cancellation)
    {
        string origin = options.PublicBaseUrl?.GetLeftPart(UriPartial.Authority) ?? BlobCors.AnyOrigin;
        if (await cors.EnsureAsync(origin, cancellation) || !cors.IsFull || Interlocked.Exchange(ref isTold, true)) return;
        ApiLog.CorsRulesFull(log, origin);
    }
}
