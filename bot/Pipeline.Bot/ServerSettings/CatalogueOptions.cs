using System.Text;

namespace Pipeline.Bot.ServerSettings;

/// <summary>Where the recording API is, for commands about finished recordings and settings.</summary>
internal sealed record CatalogueOptions
{
    /// <summary>RecordingApi__BaseUrl: with <c>/api</c> behind or without; null when there is none.</summary>
    public Uri? BaseUrl { get; init; }

    /// <summary>RecordingApi__ApiKey: a secret, sent as x-functions-key.</summary>
    public string? ApiKey { get; init; }

    /// <summary>RecordingApi__PageUrl: what people open, <c>{id}</c> is the recording; left out, links that the API makes.</summary>
    public string? PageUrl { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    private bool PrintMembers(StringBuilder text)
    {
        text.Append("BaseUrl = ").Append(BaseUrl);
        return true;
    }
}
