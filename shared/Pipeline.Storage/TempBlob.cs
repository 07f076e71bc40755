using Pipeline.Contracts;

namespace Pipeline.Storage;

/// <summary>What a blob of the temp container says of itself.</summary>
/// <param name="ContentMd5">Base64; null for blobs that were put in blocks.</param>
/// <param name="Etag">Names this very version of the blob.</param>
/// <param name="IsLeased">Somebody holds a lease that has not run out.</param>
public sealed record TempBlob(string Name, long Length, string? ContentMd5, string Etag, DateTimeOffset LastModified, bool IsLeased,
    IDictionary<string, string> Metadata)
{
    /// <summary>The segment's message as the uploader wrote it beside the bytes.</summary>
    public bool TryReadMessage(out SegmentReady message)
    {
        message = null!;
        foreach ((string key, string value) in Metadata)
        {
            if (!key.Equals(SegmentMetadata.Key, StringComparison.OrdinalIgnoreCase)
                || !SegmentMetadata.TryRead(value, out SegmentReady? read)) continue;
            message = read;
            return true;
        }
        return false;
    }
}
