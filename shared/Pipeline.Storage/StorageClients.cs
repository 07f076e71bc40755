using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>
/// The account's three services, opened by connection string or by identity. Safe on all threads; lives as long as the process.
/// </summary>
public sealed class StorageClients
{
    private readonly StorageOptions options;
    private readonly BlobClientOptions foreignOptions;

    /// <param name="time">Null for the system's.</param>
    public StorageClients(StorageOptions options, TimeProvider? time = null)
        : this(options, CredentialFor(options), transport: null, time)
    {
    }

    /// <param name="credential">Used where <paramref name="options"/> has no connection string.</param>
    /// <param name="transport">Null for the SDK's own.</param>
    internal StorageClients(StorageOptions options, TokenCredential credential, HttpPipelineTransport? transport, TimeProvider? time = null)
    {
        Clock = new StorageClock(time ?? TimeProvider.System);
        // Pinned, so that an emulator of the same year understands what a newer SDK sends.
        BlobClientOptions blobOptions = new(BlobClientOptions.ServiceVersion.V2025_11_05);
        QueueClientOptions queueOptions = NewQueueOptions();
        TableClientOptions tableOptions = new();
        if (transport is not null) blobOptions.Transport = queueOptions.Transport = tableOptions.Transport = transport;
        this.options = options;
        // Without the clock's policy: what is elsewhere says nothing about our account.
        foreignOptions = new(BlobClientOptions.ServiceVersion.V2025_11_05);
        if (transport is not null) foreignOptions.Transport = transport;
        foreach (ClientOptions watched in (ClientOptions[])[blobOptions, queueOptions, tableOptions])
            watched.AddPolicy(Clock.Policy, HttpPipelinePosition.PerRetry);
        Credential = options.ConnectionString is null ? credential : null;
        if (options.ConnectionString is { } connection)
        {
            Blobs = new BlobServiceClient(connection, blobOptions);
            Tables = new TableServiceClient(connection, tableOptions);
        }
        else
        {
            Blobs = new BlobServiceClient(options.BlobServiceUri, credential, blobOptions);
            Tables = new TableServiceClient(options.TableServiceUri, credential, tableOptions);
        }
        Queues = NewQueues(queueOptions);
    }

    /// <summary>The identity that opens the account; null where a connection string does.</summary>
    public TokenCredential? Credential { get; }

    /// <summary>The account's own time.</summary>
    public StorageClock Clock { get; }

    public BlobServiceClient Blobs { get; }

    /// <summary>A link to one of the account's blobs as people outside reach it.</summary>
    public Uri ForPeople(Uri link) => options.PublicBlobUri is { } root
        ? new Uri(root.AbsoluteUri.TrimEnd('/') + link.AbsoluteUri[Blobs.Uri.AbsoluteUri.TrimEnd('/').Length..]) : link;

    /// <summary>A client that has no right but what the address itself carries.</summary>
    public BlobClient Foreign(Uri address) => new(address, foreignOptions);

    /// <summary>Texts go in and come out as they are, without base64, as host.json tells the host.</summary>
    public QueueServiceClient Queues { get; }

    public TableServiceClient Tables { get; }

    public BlobContainerClient Temp => Blobs.GetBlobContainerClient(StorageNames.TempContainer);
    public BlobContainerClient Recordings => Blobs.GetBlobContainerClient(StorageNames.RecordingsContainer);

    /// <summary>Another client of the account's queues, with options of its own.</summary>
    public QueueServiceClient NewQueues(QueueClientOptions queueOptions) => options.ConnectionString is { } connection
        ? new QueueServiceClient(connection, queueOptions)
        : new QueueServiceClient(options.QueueServiceUri, Credential, queueOptions);

    /// <summary>Options of a queue client that speaks as <see cref="Queues"/> does.</summary>
    public static QueueClientOptions NewQueueOptions() =>
        new(QueueClientOptions.ServiceVersion.V2025_11_05) { MessageEncoding = QueueMessageEncoding.None };

    private static TokenCredential CredentialFor(StorageOptions options) =>
        string.Equals(options.Credential, "managedidentity", StringComparison.OrdinalIgnoreCase)
            ? new ManagedIdentityCredential(options.ClientId is { Length: > 0 } id ? ManagedIdentityId.FromUserAssignedClientId(id)
            : ManagedIdentityId.SystemAssigned)
            : new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = options.ClientId });
}
