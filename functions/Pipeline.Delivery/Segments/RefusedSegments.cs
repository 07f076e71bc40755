using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Storage;

namespace Pipeline.Delivery.Segments;

/// <summary>
/// Segments of people who do not want to be recorded that lie in the temp container although nobody may have them: their bot was on the way
/// to delete them when it crashed. The manifest tells which these are; they are deleted, never adopted.
/// </summary>
public sealed class RefusedSegments(TempContainer temp, LedgerTable ledger, ILogger<RefusedSegments> log)
{
    /// <returns>True: the segment was one of them, and is gone or goes with the next sweep.</returns>
    public async Task<bool> TryDeleteAsync(SessionManifest? manifest, TempBlob blob, SegmentKey key, CancellationToken cancellation)
    {
        if (manifest?.Refuses(key.UserId, key.Index) != true) return false;
        if (await temp.DeleteAsync(blob, cancellation)) Log.RefusedSegmentDeleted(log, key);
        return true;
    }

    /// <summary>All of a recording, before the manifest that tells of them goes.</summary>
    public async Task DeleteAllAsync(SessionManifest manifest, CancellationToken cancellation)
    {
        if (manifest.OptedOut is not { Count: > 0 }) return;
        LedgerContent? content = null;
        await foreach (TempBlob blob in temp.ListAsync($"{manifest.Session.RecordingId}/", cancellation))
        {
            if (!BlobPaths.TryParseSegment(blob.Name, out SegmentKey key) || !manifest.Refuses(key.UserId, key.Index)) continue;
            content ??= await ledger.ReadAsync(manifest.Session.RecordingId, cancellation);
            if (!content.Segments.ContainsKey(key)) await TryDeleteAsync(manifest, blob, key, cancellation);
        }
    }
}
