using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Pipeline.Contracts;

namespace Pipeline.Functions.Storage;

/// <summary>The account's three services, opened by connection string or by identity. Safe on all threads; lives as long as the process.</summary>
public sealed class StorageClients
{
    public StorageClients(StorageOptions options)
        : this(options, CredentialFor(options))
    {
    }

    /// <param name="credential">Used where <paramref name="options"/> has no connection string.</param>
    internal StorageClients(StorageOptions options, TokenCredential credential)
    {
        // Pinned, so that an emulator of the same year understands what a newer SDK sends.
        BlobClientOptions blobOptions = new(BlobClientOptions.ServiceVersion.V2025_11_05);
        QueueClientOptions queueOptions = new(QueueClientOptions.ServiceVersion.V2025_11_05) { MessageEncoding = QueueMessageEncoding.None };
        if (options.ConnectionString is { } connection)
        {
            Blobs = new BlobServiceClient(connection, blobOptions);
            Queues = new QueueServiceClient(connection, queueOptions);
            Tables = new TableServiceClient(connection);
        }
        else
        {
            Blobs = new BlobServiceClient(options.BlobServiceUri, credential, blobOptions);
            Queues = new QueueServiceClient(options.QueueServiceUri, credential, queueOptions);
            Tables = new TableServiceClient(options.TableServiceUri, credential);
        }
    }

    public BlobServiceClient Blobs { get; }

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
