using Microsoft.Extensions.Configuration;
using Pipeline.Storage;

namespace Pipeline.Delivery;

/// <summary>What the delivery may be told, read once by <see cref="Read"/> and valid from then on.</summary>
public sealed record DeliveryOptions
{
    /// <summary><c>RecordingApi__BaseUrl</c> of somebody else's service; null for our own, in this process.</summary>
    public Uri? RecordingApiBaseUrl { get; init; }

    /// <summary><c>RecordingApi__ApiKey</c>; a secret.</summary>
    public string? RecordingApiKey { get; init; }

    /// <summary><c>RecordingApi__ApiKeyHeader</c>.</summary>
    public string RecordingApiKeyHeader { get; init; } = "x-functions-key";

    /// <summary><c>RECORDING_ABANDON_AFTER</c>: a manifest that was not refreshed for so long has lost its bot.</summary>
    public TimeSpan AbandonAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary><c>RECORDING_FINALIZE_DEADLINE</c>: how long a finalizer waits without any segment arriving.</summary>
    public TimeSpan FinalizeDeadline { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary><c>RECORDING_ADOPT_AFTER</c>: a temp blob without ledger row is an orphan after so long.</summary>
    public TimeSpan AdoptAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary><c>RECORDING_LIVE_LIMIT</c>: nothing stays live for longer.</summary>
    public TimeSpan LiveLimit { get; init; } = TimeSpan.FromHours(24);

    /// <summary><c>Functions__PoisonRedrives</c>: how often a message that failed too often gets another chance.</summary>
    public int PoisonRedrives { get; init; } = 3;

    /// <exception cref="InvalidSettingException">Names the first setting that is wrong, its value and what it may be.</exception>
    public static DeliveryOptions Read(IConfiguration configuration)
    {
        SettingReader settings = new(configuration);
        DeliveryOptions defaults = new();
        return defaults with
        {
            RecordingApiBaseUrl = ReadBaseUrl(settings),
            RecordingApiKey = settings.Text("RecordingApi__ApiKey"),
            RecordingApiKeyHeader = settings.HeaderName("RecordingApi__ApiKeyHeader") ?? defaults.RecordingApiKeyHeader,
            AbandonAfter = settings.Time("RECORDING_ABANDON_AFTER", TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)) ?? defaults.AbandonAfter,
            FinalizeDeadline = settings.Time("RECORDING_FINALIZE_DEADLINE", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1))
                ?? defaults.FinalizeDeadline,
            AdoptAfter = settings.Time("RECORDING_ADOPT_AFTER", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)) ?? defaults.AdoptAfter,
            LiveLimit = settings.Time("RECORDING_LIVE_LIMIT", TimeSpan.FromMinutes(1), TimeSpan.FromDays(1)) ?? defaults.LiveLimit,
            PoisonRedrives = settings.Number("Functions__PoisonRedrives", 0, 100) ?? defaults.PoisonRedrives,
        };
    }

    // The key goes with every call: in the open only where nobody else listens, or where the owner says so.
    private static Uri? ReadBaseUrl(SettingReader settings)
    {
        Uri? url = settings.Address("RecordingApi__BaseUrl");
        return url is null || url.Scheme == Uri.UriSchemeHttps || url.IsLoopback || settings.Flag("RecordingApi__AllowHttp") == true
            ? url
            : throw new InvalidSettingException("RecordingApi__BaseUrl", url.ToString(),
            "an https address: the key goes with every call. RecordingApi__AllowHttp=true allows http, for a network that is yours alone");
    }

    /// <summary>Where the storage account is: <c>PipelineStorage</c>, or its three addresses with a credential.</summary>
    /// <exception cref="InvalidSettingException">Names the first setting that is wrong, its value and what it may be.</exception>
    public static StorageOptions ReadStorage(IConfiguration configuration)
    {
        SettingReader settings = new(configuration);
        StorageOptions storage = new()
        {
            ConnectionString = settings.Text(StorageOptions.ConnectionName),
            BlobServiceUri = settings.Address("PipelineStorage__blobServiceUri"),
            QueueServiceUri = settings.Address("PipelineStorage__queueServiceUri"),
            TableServiceUri = settings.Address("PipelineStorage__tableServiceUri"),
            Credential = settings.Word("PipelineStorage__credential", "managedidentity", "default"),
            ClientId = settings.Text("PipelineStorage__clientId"),
        };
        if (storage.ConnectionString is not null) return storage;
        foreach ((string name, Uri? value) in new[] { ("blob", storage.BlobServiceUri), ("queue", storage.QueueServiceUri),
            ("table", storage.TableServiceUri) })
        {
            string setting = $"PipelineStorage__{name}ServiceUri";
            if (value is null)
                throw new InvalidSettingException(setting, null,
                "set it with its two companions and PipelineStorage__credential, or set PipelineStorage to a connection string");
            if (value.Scheme != Uri.UriSchemeHttps)
                throw new InvalidSettingException(setting, value.ToString(), "an https address: an identity's tokens go over nothing else");
        }
        return storage;
    }
}
