using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>The account's three services, opened by connection string or by identity. Safe on all threads; lives as long as the process.</summary>
public sealed class StorageClients
{
    private readonly BlobClientOptions foreignOptions;

    public StorageClients(StorageOptions options)
        : this(options, CredentialFor(options), transport: null)
    {
    }

    /// <param name="credential">Used where <paramref name="options"/> has no connection string.</param>
    /// <param name="transport">Null for the SDK's own.</param>
    internal StorageClients(StorageOptions options, TokenCredential credential, HttpPipelineTransport? transport)
    {
        // Pinned, so that an emulator of the same year understands what a newer SDK sends.
        BlobClientOptions blobOptions = new(BlobClientOptions.ServiceVersion.V2025_11_05);
        QueueClientOptions queueOptions = new(QueueClientOptions.ServiceVersion.V2025_11_05) { MessageEncoding = QueueMessageEncoding.None };
        TableClientOptions tableOptions = new();
        if (transport is not null) blobOptions.Transport = queueOptions.Transport = tableOptions.Transport = transport;
        foreignOptions = blobOptions;
        if (options.ConnectionString is { } connection)
        {
            Blobs = new BlobServiceClient(connection, blobOptions);
            Queues = new QueueServiceClient(connection, queueOptions);
            Tables = new TableServiceClient(connection, tableOptions);
        }
        else
        {
            Blobs = new BlobServiceClient(options.BlobServiceUri, credential, blobOptions);
            Queues = new QueueServiceClient(options.QueueServiceUri, credential, queueOptions);
            Tables = new TableServiceClient(options.TableServiceUri, credential, tableOptions);
        }
    }

    public BlobServiceClient Blobs { get; }

    /// <summary>A client that has no right but what the address itself carries.</summary>
    public BlobClient Foreign(Uri address) => new(address, foreignOptions);

    /// <summary>Texts go in and come out as they are, without base64, as host.json tells the host.</summary>
    public QueueServiceClient Queues { get; }

    public TableServiceClient Tables { get; }

    public BlobContainerClient Temp => Blobs.GetBlobContainerClient(StorageNames.TempContainer);
    public BlobContainerClient Recordings => Blobs.GetBlobContainerClient(StorageNames.RecordingsContainer);

    private static TokenCredential CredentialFor(StorageOptions options) =>
        string.Equals(options.Credential, "managedidentity", StringComparison.OrdinalIgnoreCase)
            ? new ManagedIdentityCredential(options.ClientId is { Length: > 0 } id ? ManagedIdentityId.FromUserAssignedClientId(id) : ManagedIdentityId.SystemAssigned)
            : new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = options.ClientId });
}
