using Pipeline.Contracts.Api;

namespace Pipeline.Delivery.ApiClient;

/// <summary>Where the recording API is: somebody else's service, or our own in this process over loopback.</summary>
public sealed class RecordingApiAddress(DeliveryOptions options, OwnApi own)
{
    /// <summary>The address of <c>/api/…</c> on the service in use.</summary>
    /// <param name="path">Without a leading slash: <c>recordings/init-live</c>.</param>
    public Uri Resolve(string path) => ApiAddress.Of(options.RecordingApiBaseUrl ?? own.Address, path);

    /// <summary>The header that opens the service, and its value; null where it asks for none.</summary>
    public (string Header, string Key)? Key => options.RecordingApiBaseUrl is null
        ? own.Key is { } ours ? (OwnApi.KeyHeader, ours) : null
        : options.RecordingApiKey is { } theirs ? (options.RecordingApiKeyHeader, theirs) : null;
}

/// <summary>The recording API in this process: the executable knows where it listens on loopback, and which key it asks for.</summary>
/// <param name="address">Asked before the first call; throws InvalidOperationException while nothing listens yet.</param>
public sealed class OwnApi(Func<Uri> address, string? key)
{
    /// <summary>As the Functions host names it.</summary>
    public const string KeyHeader = "x-functions-key";

    private Uri? known;

    /// <exception cref="InvalidOperationException">The server does not listen yet.</exception>
    public Uri Address => known ??= address();

    /// <summary>A secret; null where none is asked for.</summary>
    public string? Key => key;
}
