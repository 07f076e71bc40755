using System.Net.Mime;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;
using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>The container where the bot puts segments and manifests. Everything read here is judged before it is believed.</summary>
public sealed class TempContainer(StorageClients clients, SasIssuer links)
{
    // No manifest of 100 tracks comes near; a larger one is not ours.
    private const long MaximumManifestLength = 16 * 1024 * 1024;
    private const int DeletionWidth = 16;
    private static readonly TimeSpan CopyLinkLifetime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan TakeoverLease = TimeSpan.FromSeconds(30);

    /// <summary>The blob's properties, or null where there is none.</summary>
    public async Task<TempBlob?> FindAsync(string name, CancellationToken cancellation)
    {
        try
        {
            BlobProperties found = await Blob(name).GetPropertiesAsync(cancellationToken: cancellation);
            return new TempBlob(name, found.ContentLength, Base64(found.ContentHash), found.ETag.ToString(), found.LastModified,
                found.LeaseState == LeaseState.Leased, found.Metadata);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>All blobs with their metadata, or those below <paramref name="prefix"/>.</summary>
    public async IAsyncEnumerable<TempBlob> ListAsync(string? prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        GetBlobsOptions options = new() { Traits = BlobTraits.Metadata, Prefix = prefix };
        await foreach (BlobItem item in clients.Temp.GetBlobsAsync(options, cancellation))
        {
            BlobItemProperties found = item.Properties;
            yield return new TempBlob(
                item.Name, found.ContentLength ?? 0, Base64(found.ContentHash), found.ETag?.ToString() ?? "", found.LastModified ?? default,
                found.LeaseState == LeaseState.Leased, item.Metadata ?? new Dictionary<string, string>());
        }
    }

    /// <summary>Opens this version of the blob as it comes off the network; the caller disposes the stream.</summary>
    /// <exception cref="RequestFailedException">412 when the blob has changed since, 404 when it is gone.</exception>
    public async Task<Stream> OpenAsync(TempBlob blob, CancellationToken cancellation)
    {
        BlobDownloadStreamingResult download = await Blob(blob.Name)
            .DownloadStreamingAsync(new BlobDownloadOptions { Conditions = Same(blob) }, cancellation);
        return download.Content;
    }

    /// <summary>MD5 of the bytes themselves, base64: for blobs that do not bring one.</summary>
    public Task<string> HashAsync(TempBlob blob, CancellationToken cancellation) =>
        BlobFingerprint.HashAsync(Blob(blob.Name), Same(blob), cancellation);

    /// <summary>A link that reads this one blob for ten minutes, for a copy from server to server.</summary>
    public ValueTask<Uri> ReadLinkAsync(TempBlob blob, CancellationToken cancellation) =>
        links.IssueAsync(Blob(blob.Name), BlobSasPermissions.Read, CopyLinkLifetime, cancellation);

    /// <summary>
    /// Deletes this version. True when it is gone, also when somebody else was quicker; false when the blob has changed or is leased.
    /// </summary>
    public async Task<bool> DeleteAsync(TempBlob blob, CancellationToken cancellation)
    {
        try
        {
            await Blob(blob.Name).DeleteIfExistsAsync(conditions: Same(blob), cancellationToken: cancellation);
            return true;
        }
        catch (RequestFailedException changed) when (changed.Status is 409 or 412)
        {
            return false;
        }
    }

    /// <summary>
    /// Deletes some of a recording's blobs; what somebody holds a lease of, such as the manifest of a bot at work, stays.
    /// </summary>
    /// <returns>How many are gone, and how many were kept back.</returns>
    public async Task<(int Deleted, int Held)> DeleteSomeAsync(RecordingId recording, int most, CancellationToken cancellation)
    {
        List<TempBlob> blobs = [];
        await foreach (TempBlob blob in ListAsync($"{recording}/", cancellation))
        {
            blobs.Add(blob);
            if (blobs.Count == most) break;
        }
        int deleted = 0;
        ParallelOptions width = new() { MaxDegreeOfParallelism = DeletionWidth, CancellationToken = cancellation };
        await Parallel.ForEachAsync(blobs, width, async (blob, stop) =>
        {
            if (await DeleteAsync(blob, stop)) Interlocked.Increment(ref deleted);
        });
        return (deleted, blobs.Count - deleted);
    }

    /// <summary>The manifest of a recording, or null where there is none or it cannot be read as one.</summary>
    public async Task<SessionManifest?> ReadManifestAsync(RecordingId recording, CancellationToken cancellation)
    {
        try
        {
            BlobDownloadStreamingResult download = await Blob(BlobPaths.Manifest(recording))
                .DownloadStreamingAsync(cancellationToken: cancellation);
            await using Stream content = download.Content;
            if (download.Details.ContentLength > MaximumManifestLength) return null;
            SessionManifest? manifest = await JsonSerializer.DeserializeAsync(content, ContractsJsonContext.Default.SessionManifest,
                cancellation);
            return manifest is { Version: SessionManifest.CurrentVersion } && manifest.Session.RecordingId == recording ? manifest : null;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>
    /// Marks the manifest of a bot that is gone as stopped. The lease is taken for it, so that no bot can take the recording over
    /// at the same moment. Null when somebody holds the lease or the manifest has changed or gone.
    /// </summary>
    public async Task<SessionManifest?> CloseManifestAsync(RecordingId recording, Func<SessionManifest, SessionManifest?> close,
        CancellationToken cancellation)
    {
        BlobClient blob = Blob(BlobPaths.Manifest(recording));
        BlobLeaseClient lease = blob.GetBlobLeaseClient();
        try
        {
            await lease.AcquireAsync(TakeoverLease, cancellationToken: cancellation);
        }
        catch (RequestFailedException taken) when (taken.Status is 404 or 409)
        {
            return null;
        }
        try
        {
            SessionManifest? closed = await ReadManifestAsync(recording, cancellation) is { } current ? close(current) : null;
            if (closed is null) return null;
            await WriteManifestAsync(blob, closed, lease.LeaseId, cancellation);
            return closed;
        }
        finally
        {
            await lease.ReleaseAsync(cancellationToken: CancellationToken.None);
        }
    }

    private static async Task WriteManifestAsync(BlobClient blob, SessionManifest manifest, string leaseId, CancellationToken cancellation)
    {
        BinaryData json = new(JsonSerializer.SerializeToUtf8Bytes(manifest, ContractsJsonContext.Default.SessionManifest));
        BlobUploadOptions options = new()
        {
            Conditions = new BlobRequestConditions { LeaseId = leaseId },
            HttpHeaders = new BlobHttpHeaders { ContentType = MediaTypeNames.Application.Json },
        };
        await blob.UploadAsync(json, options, cancellation);
    }

    private BlobClient Blob(string name) => clients.Temp.GetBlobClient(name);

    private static BlobRequestConditions Same(TempBlob blob) => new() { IfMatch = new ETag(blob.Etag) };

    private static string? Base64(byte[]? md5) => md5 is { Length: 16 } ? Convert.ToBase64String(md5) : null;
}
