using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace Pipeline.Storage;

/// <summary>
/// Opens an account's blobs and queues by connection string or by identity. It knows no tables: their client does not compile ahead of time
/// without warnings, and the bot, which is compiled so, has no use for them.
/// </summary>
public sealed class StorageAccount
{
    private readonly StorageOptions options;

    public StorageAccount(StorageOptions options)
        : this(options, options.ConnectionString is null ? NewCredential(options) : null)
    {
    }

    /// <param name="credential">Used where <paramref name="options"/> has no connection string.</param>
    internal StorageAccount(StorageOptions options, TokenCredential? credential)
    {
        this.options = options;
        Credential = options.ConnectionString is null ? credential : null;
    }

    /// <summary>The identity that opens the account; null where a connection string does.</summary>
    public TokenCredential? Credential { get; }

    /// <summary>Pinned, so that an emulator of the same year understands what a newer SDK sends.</summary>
    public static BlobClientOptions NewBlobOptions() => new(BlobClientOptions.ServiceVersion.V2025_11_05);

    /// <summary>Texts go in and come out as they are, without base64, as host.json tells the host.</summary>
    public static QueueClientOptions NewQueueOptions() =>
        new(QueueClientOptions.ServiceVersion.V2025_11_05) { MessageEncoding = QueueMessageEncoding.None };

    /// <exception cref="ArgumentException">There is neither a connection string nor an address.</exception>
    public BlobServiceClient NewBlobs(BlobClientOptions blobOptions) => options.ConnectionString is { } connection
        ? new BlobServiceClient(connection, blobOptions)
        : new BlobServiceClient(Demand(options.BlobServiceUri, "blobServiceUri"), Credential, blobOptions);

    /// <inheritdoc cref="NewBlobs"/>
    public QueueServiceClient NewQueues(QueueClientOptions queueOptions) => options.ConnectionString is { } connection
        ? new QueueServiceClient(connection, queueOptions)
        : new QueueServiceClient(Demand(options.QueueServiceUri, "queueServiceUri"), Credential, queueOptions);

    /// <summary>True when the SDK understands the text; says nothing about whether somebody answers there.</summary>
    public static bool IsConnectionString(string text)
    {
        try
        {
            return new BlobServiceClient(text).Uri is not null && new QueueServiceClient(text).Uri is not null;
        }
        catch (Exception refused) when (refused is FormatException or ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    private static Uri Demand(Uri? address, string name) =>
        address ?? throw new ArgumentException($"a connection string, or {name}", nameof(address));

    private static TokenCredential NewCredential(StorageOptions options) =>
        string.Equals(options.Credential, "managedidentity", StringComparison.OrdinalIgnoreCase)
            ? new ManagedIdentityCredential(options.ClientId is { Length: > 0 } id ? ManagedIdentityId.FromUserAssignedClientId(id)
                : ManagedIdentityId.SystemAssigned)
            : new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = options.ClientId });
}
