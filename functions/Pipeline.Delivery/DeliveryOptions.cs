using Pipeline.Settings;
using Pipeline.Settings.Known;
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

    /// <summary>What is wrong becomes a problem of the reader.</summary>
    public static DeliveryOptions Read(SettingReader setting) => new()
    {
        RecordingApiBaseUrl = ClearText.ReadAddress(setting, ApiSettings.BaseUrl, ApiSettings.AllowHttp),
        RecordingApiKey = setting.Read(ApiSettings.ApiKey),
        RecordingApiKeyHeader = setting.Read(ApiSettings.ApiKeyHeader),
        AbandonAfter = setting.Read(FunctionsSettings.AbandonAfter),
        FinalizeDeadline = setting.Read(FunctionsSettings.FinalizeDeadline),
        AdoptAfter = setting.Read(FunctionsSettings.AdoptAfter),
        LiveLimit = setting.Read(FunctionsSettings.LiveLimit),
        PoisonRedrives = setting.Read(FunctionsSettings.PoisonRedrives),
    };

    /// <summary>Where the storage account is: <c>PipelineStorage</c>, or its three addresses with a credential.</summary>
    public static StorageOptions ReadStorage(SettingReader setting)
    {
        StorageOptions storage = new()
        {
            ConnectionString = setting.Read(StorageSettings.Connection),
            BlobServiceUri = setting.Read(StorageSettings.Blobs),
            QueueServiceUri = setting.Read(StorageSettings.Queues),
            TableServiceUri = setting.Read(StorageSettings.Tables),
            Credential = setting.Read(StorageSettings.Credential),
            ClientId = setting.Read(StorageSettings.ClientId),
        };
        Setting[] addresses = [StorageSettings.Blobs, StorageSettings.Queues, StorageSettings.Tables];
        if (storage.ConnectionString is not null) return storage;
        if (!addresses.Any(setting.IsSet))
        {
            setting.Demand(StorageSettings.Connection,
                $"a storage connection string, or {string.Join(", ", addresses.Select(address => address.Name))}");
            return storage;
        }

        foreach (Setting address in addresses) setting.Demand(address);
        return storage;
    }

    /// <summary>The connection string is none; found when the storage is opened.</summary>
    public static InvalidSettingsException NoStorage() => new(SettingProblem.NotAllowed(StorageSettings.Connection, "",
        "a connection string of Azure Storage with blob, queue and table endpoints"));
}
