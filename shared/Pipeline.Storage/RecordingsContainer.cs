using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>The container where segments live in the end.</summary>
public sealed class RecordingsContainer(StorageClients clients, SasIssuer links)
{
    private static readonly TimeSpan UploadLifetime = TimeSpan.FromMinutes(10);

    /// <summary>How long a read link lives.</summary>
    public static TimeSpan ReadLifetime { get; } = TimeSpan.FromHours(1);

    /// <summary>An address that takes one PUT of this blob within ten minutes and can neither read nor overwrite; a secret.</summary>
    public ValueTask<Uri> UploadUrlAsync(string blobName, CancellationToken cancellation) =>
        links.IssueAsync(clients.Recordings.GetBlobClient(blobName), BlobSasPermissions.Create, UploadLifetime, cancellation);

    /// <summary>A link that reads the blob for an hour, or null where the address is not in this container.</summary>
    public ValueTask<Uri?> ReadLinkAsync(Uri blobUrl, CancellationToken cancellation) => ReadLinkAsync(blobUrl, ReadLifetime, cancellation);

    /// <summary>A link that reads the blob for a while, or null where the address is not in this container.</summary>
    public async ValueTask<Uri?> ReadLinkAsync(Uri blobUrl, TimeSpan lifetime, CancellationToken cancellation) =>
        TryName(blobUrl, out string name) ? await links.IssueAsync(clients.Recordings.GetBlobClient(name), BlobSasPermissions.Read, lifetime, cancellation) : null;

    /// <summary>What lies at an address of this container; null where the address is elsewhere or nothing is there.</summary>
    public async Task<BlobFingerprint?> DescribeAsync(Uri blobUrl, CancellationToken cancellation) =>
        TryName(blobUrl, out string name) ? await BlobFingerprint.ReadAsync(clients.Recordings.GetBlobClient(name), cancellation) : null;

    /// <summary>True when we can read what lies at this address with our own right.</summary>
    public bool IsOurs(Uri blobUrl) => TryName(blobUrl, out _);

    /// <summary>Deletes all blobs of a recording; repeating it is no fault.</summary>
    public async Task DeleteAllAsync(RecordingId recording, CancellationToken cancellation)
    {
        GetBlobsOptions below = new() { Prefix = $"{recording}/" };
        List<string> names = [];
        await foreach (BlobItem item in clients.Recordings.GetBlobsAsync(below, cancellation)) names.Add(item.Name);
        ParallelOptions width = new() { MaxDegreeOfParallelism = 8, CancellationToken = cancellation };
        await Parallel.ForEachAsync(names, width, async (name, stop) => await clients.Recordings.GetBlobClient(name).DeleteIfExistsAsync(cancellationToken: stop));
    }

    private bool TryName(Uri blobUrl, out string name)
    {
        name = "";
        Uri container = clients.Recordings.Uri;
        if (!blobUrl.IsAbsoluteUri || blobUrl.Authority != container.Authority || blobUrl.Scheme != container.Scheme) return false;
        BlobUriBuilder parts = new(blobUrl);
        if (parts.AccountName != clients.Blobs.AccountName || parts.BlobContainerName != StorageNames.RecordingsContainer) return false;
        name = parts.BlobName;
        return name.Length > 0;
    }
}
