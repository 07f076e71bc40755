namespace Pipeline.Bot.Storage;

/// <summary>
/// Where one storage account is and who we are to it: a connection string (local, Azurite), or the two service addresses
/// with a token credential. The same names as the Functions host uses (<c>PipelineStorage__blobServiceUri</c> and so on).
/// </summary>
internal sealed record TempStorageOptions
{
    public string? ConnectionString { get; init; }
    public Uri? BlobServiceUri { get; init; }
    public Uri? QueueServiceUri { get; init; }

    /// <summary>
    /// <c>managedidentity</c> for the platform's identity; null or <c>default</c> for the chain of developer and workload identities.
    /// </summary>
    public string? Credential { get; init; }

    /// <summary>Client id of a user-assigned identity, or null for the system's.</summary>
    public string? ClientId { get; init; }

    /// <summary>One call without an answer is given up after this; a segment's upload gets more by its size.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(20);
}
