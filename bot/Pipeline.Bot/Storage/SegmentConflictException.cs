using Pipeline.Contracts;

namespace Pipeline.Bot.Storage;

/// <summary>The temp container already holds other bytes under this segment's name. Both stay where they are.</summary>
internal sealed class SegmentConflictException(string blobName, string ours, string? theirs)
    : Exception($"{StorageNames.TempContainer}/{blobName} exists with MD5 {theirs ?? "(none)"}, ours is {ours}")
{
    public string BlobName { get; } = blobName;
}
