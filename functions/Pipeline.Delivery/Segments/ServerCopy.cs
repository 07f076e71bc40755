using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Pipeline.Storage;

namespace Pipeline.Delivery.Segments;

/// <summary>
/// Moves bytes from the temp container to an upload URL inside the storage service (Copy Blob From URL, at most 256 MiB),
/// so that they do not pass through this process.
/// </summary>
public sealed class ServerCopy(StorageClients clients, TempContainer temp, RecordingsContainer recordings)
{
    // The clouds of Azure, and the addresses of accounts with a DNS zone of their own.
    private static readonly string[] BlobHosts = [".blob.core.windows.net", ".blob.core.chinacloudapi.cn", ".blob.core.usgovcloudapi.net",
        ".blob.storage.azure.net"];

    private const long MaximumLength = 256L * 1024 * 1024;

    /// <summary>
    /// True when the service can do it and the result can be looked at afterwards: the upload URL is a SAS of Azure (or of the
    /// emulator that holds the source), and the blob is ours to read or the SAS says so. Without a look nothing may be deleted.
    /// </summary>
    public bool CanCopy(TempBlob source, Uri uploadUrl)
    {
        if (source.Length > MaximumLength || !IsBlobService(uploadUrl)) return false;
        if (Parts(uploadUrl) is not { Sas: not null, BlobName.Length: > 0 } target) return false;
        return recordings.IsOurs(uploadUrl) || target.Sas.Permissions?.Contains('r', StringComparison.Ordinal) == true;
    }

    /// <summary>Copies unless something is there already, which is no fault here: the caller compares what is there.</summary>
    /// <returns>False when the service will not do it and the bytes must be sent.</returns>
    public async Task<bool> TryCopyAsync(TempBlob source, Uri uploadUrl, CancellationToken cancellation)
    {
        Uri link = await temp.ReadLinkAsync(source, cancellation);
        BlobCopyFromUriOptions options = new()
        {
            SourceConditions = new BlobRequestConditions { IfMatch = new ETag(source.Etag) },
            DestinationConditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            // In place of the source's own, which hold the whole message: those who have a link to the copy would read it.
            Metadata = new Dictionary<string, string> { ["by"] = "pipeline" },
        };
        try
        {
            await clients.Foreign(uploadUrl).SyncCopyFromUriAsync(link, options, cancellation);
            return true;
        }
        catch (RequestFailedException there) when (IsAlreadyThere(there))
        {
            return true;
        }
        catch (RequestFailedException refused) when (refused.Status is 501 or (>= 400 and < 500 and not 408 and not 429))
        {
            return false;
        }
    }

    /// <summary>
    /// Call it when the copy is known to be right. A copy names its source, with the signature that read it, to everybody who reads the
    /// copy; the service forgets that when the properties are written (Get Blob, x-ms-copy-source).
    /// </summary>
    public Task SettleAsync(Uri uploadUrl, string contentMd5, CancellationToken cancellation) =>
        recordings.IsOurs(uploadUrl) ? recordings.SettleAsync(uploadUrl, contentMd5, cancellation) : Task.CompletedTask;

    /// <summary>What lies at the upload URL, by our own right or the URL's; null where nothing can be seen.</summary>
    public async Task<BlobFingerprint?> DescribeAsync(Uri uploadUrl, CancellationToken cancellation) =>
        recordings.IsOurs(uploadUrl) ? await recordings.DescribeAsync(uploadUrl, cancellation)
            : await BlobFingerprint.ReadAsync(clients.Foreign(uploadUrl), cancellation);

    /// <summary>True when the SAS of an upload URL gives the right to create a blob.</summary>
    public bool MayCreate(Uri uploadUrl) =>
        IsBlobService(uploadUrl) && Parts(uploadUrl)?.Sas?.Permissions?.Contains('c', StringComparison.Ordinal) == true;

    // Null for a query that is no signature as we know it: such an address gets the bytes.
    private static BlobUriBuilder? Parts(Uri uploadUrl)
    {
        try
        {
            return new BlobUriBuilder(uploadUrl);
        }
        catch (Exception odd) when (odd is ArgumentException or FormatException)
        {
            return null;
        }
    }

    // A create-only SAS answers a second copy with a permission fault instead of the conflict.
    private static bool IsAlreadyThere(RequestFailedException fault) =>
        fault.Status == 409 || fault.ErrorCode is "AuthorizationPermissionMismatch" or "UnauthorizedBlobOverwrite";

    /// <summary>
    /// True for addresses of Azure Blob Storage, or of the service that holds our own account. Only they get our links to read from.
    /// </summary>
    public bool IsBlobService(Uri uploadUrl) =>
        (uploadUrl.Authority == clients.Blobs.Uri.Authority && uploadUrl.Scheme == clients.Blobs.Uri.Scheme) || IsAzureBlobHost(uploadUrl);

    internal static bool IsAzureBlobHost(Uri url) =>
        url.Scheme == Uri.UriSchemeHttps && BlobHosts.Any(suffix => url.IdnHost.EndsWith(suffix, StringComparison.OrdinalIgnoreCase));
}
