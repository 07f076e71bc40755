namespace Pipeline.Storage;

/// <summary>
/// Where the storage account is, under the names that the Functions host uses for a connection called <c>PipelineStorage</c>:
/// one connection string, or three service addresses with a credential.
/// </summary>
public sealed record StorageOptions
{
    public const string ConnectionName = "PipelineStorage";

    /// <summary><c>PipelineStorage</c>; a secret.</summary>
    public string? ConnectionString { get; init; }

    /// <summary><c>PipelineStorage__blobServiceUri</c>.</summary>
    public Uri? BlobServiceUri { get; init; }

    /// <summary><c>PipelineStorage__queueServiceUri</c>.</summary>
    public Uri? QueueServiceUri { get; init; }

    /// <summary><c>PipelineStorage__tableServiceUri</c>.</summary>
    public Uri? TableServiceUri { get; init; }

    /// <summary>
    /// <c>PipelineStorage__credential</c>: <c>managedidentity</c>, or <c>default</c> or nothing for whatever identity the environment
    /// offers.
    /// </summary>
    public string? Credential { get; init; }

    /// <summary>Where people reach the blobs when not at their own address: what passes them on, with the same path below it.</summary>
    public Uri? PublicBlobUri { get; init; }

    /// <summary><c>PipelineStorage__clientId</c> of a user-assigned identity.</summary>
    public string? ClientId { get; init; }
}
