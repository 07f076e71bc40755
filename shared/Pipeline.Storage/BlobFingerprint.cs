using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Pipeline.Storage;

/// <summary>
/// Length and MD5 (base64) of a blob: what the service keeps, or the bytes themselves where it keeps none (blobs put in blocks).
/// </summary>
public readonly record struct BlobFingerprint(long Length, string ContentMd5)
{
    /// <summary>Null where nothing is there or nothing may be seen.</summary>
    public static async Task<BlobFingerprint?> ReadAsync(BlobClient blob, CancellationToken cancellation)
    {
        try
        {
            BlobProperties found = await blob.GetPropertiesAsync(cancellationToken: cancellation);
            string md5 = found.ContentHash is { Length: 16 } kept
                ? Convert.ToBase64String(kept)
                : await HashAsync(blob, new BlobRequestConditions { IfMatch = found.ETag }, cancellation);
            return new BlobFingerprint(found.ContentLength, md5);
        }
        catch (RequestFailedException hidden) when (hidden.Status is 401 or 403 or 404)
        {
            return null;
        }
    }

    /// <summary>MD5 of the bytes of one version of a blob, streamed.</summary>
    public static async Task<string> HashAsync(BlobClient blob, BlobRequestConditions version, CancellationToken cancellation)
    {
        BlobDownloadStreamingResult download = await blob.DownloadStreamingAsync(new BlobDownloadOptions { Conditions = version },
            cancellation);
        await using Stream content = download.Content;
        // RFC 1321, because Content-MD5 is what the storage service keeps; no secret hangs on it.
#pragma warning disable CA5351
        return Convert.ToBase64String(await MD5.HashDataAsync(content, cancellation));
#pragma warning restore CA5351
    }
}
