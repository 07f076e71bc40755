using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
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
    private readonly StorageAccount account;
    private readonly BlobClientOptions foreignOptions;

    /// <param name="time">Null for the system's.</param>
    public StorageClients(StorageOptions options, TimeProvider? time = null)
        : this(options, new StorageAccount(options), transport: null, time)
    {
    }

    /// <param name="credential">Used where <paramref name="options"/> has no connection string.</param>
    /// <param name="transport">Null for the SDK's own.</param>
    internal StorageClients(StorageOptions options, TokenCredential credential, HttpPipelineTransport? transport, TimeProvider? time = null)
        : this(options, new StorageAccount(options, credential), transport, time)
    {
    }

    private StorageClients(StorageOptions options, StorageAccount account, HttpPipelineTransport? transport, TimeProvider? time)
    {
        Clock = new StorageClock(time ?? TimeProvider.System);
        BlobClientOptions blobOptions = StorageAccount.NewBlobOptions();
        QueueClientOptions queueOptions = StorageAccount.NewQueueOptions();
        TableClientOptions tableOptions = new();
        if (transport is not null) blobOptions.Transport = queueOptions.Transport = tableOptions.Transport = transport;
        (this.options, this.account) = (options, account);
        // Without the clock's policy: what is elsewhere says nothing about our account.
        foreignOptions = StorageAccount.NewBlobOptions();
        if (transport is not null) foreignOptions.Transport = transport;
        foreach (ClientOptions watched in (ClientOptions[])[blobOptions, queueOptions, tableOptions])
            watched.AddPolicy(Clock.Policy, HttpPipelinePosition.PerRetry);
        Blobs = account.NewBlobs(blobOptions);
        Queues = account.NewQueues(queueOptions);
        Tables = options.ConnectionString is { } connection ? new TableServiceClient(connection, tableOptions)
            : new TableServiceClient(options.TableServiceUri, account.Credential, tableOptions);
    }

    /// <summary>The identity that opens the account; null where a connection string does.</summary>
    public TokenCredential? Credential => account.Credential;

    /// <summary>The account's own time.</summary>
    public StorageClock Clock { get; }

    public BlobServiceClient Blobs { get; }

    /// <summary>A link to one of the account's blobs as people outside reach it.</summary>
    public Uri ForPeople(Uri link) => options.PublicBlobUri is { } root
        ? new Uri(root.AbsoluteUri.TrimEnd('/') + link.AbsoluteUri[Blobs.Uri.AbsoluteUri.TrimEnd('/').Length..]) : link;

    /// <summary>A client that has no right but what the address itself carries.</summary>
    public BlobClient Foreign(Uri address) => new(address, foreignOptions);

    public QueueServiceClient Queues { get; }

    public TableServiceClient Tables { get; }

    public BlobContainerClient Temp => Blobs.GetBlobContainerClient(StorageNames.TempContainer);
    public BlobContainerClient Recordings => Blobs.GetBlobContainerClient(StorageNames.RecordingsContainer);

    /// <summary>Another client of the account's queues, with options of its own.</summary>
    public QueueServiceClient NewQueues(QueueClientOptions queueOptions) => account.NewQueues(queueOptions);
}
