using System.Collections.Concurrent;
using Pipeline.Contracts;
using Pipeline.Delivery.Ledger;
using Pipeline.Delivery.Segments;
using Pipeline.Storage;

namespace Pipeline.Delivery.Sweep;

/// <summary>
/// Looks after sessions by their manifests: one that was not refreshed for long and whose lease is free has lost its bot and is
/// finalized as interrupted; one that says it has stopped and whose stop message never came gets it sent; one that is finalized goes.
/// </summary>
public sealed class ManifestSweep(TempContainer temp, RefusedSegments refused, LedgerTable ledger, MessageQueues queues,
    DeliveryOptions options, TimeProvider time, ILogger<ManifestSweep> log)
{
    private static readonly TimeSpan StopMessageGrace = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan FinalizerGrace = TimeSpan.FromMinutes(10);
    private readonly ConcurrentDictionary<string, (string Etag, DateTimeOffset Since)> suspects = new();
    private readonly SweepMemory reminded = new();

    public async Task RunAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        List<(RecordingId Recording, TempBlob Blob)> quiet = [];
        TimeSpan shortest = options.AbandonAfter < StopMessageGrace ? options.AbandonAfter : StopMessageGrace;
        await foreach (TempBlob blob in temp.ListAsync(null, cancellation))
        {
            if (!blob.IsLeased && now - blob.LastModified >= shortest && BlobPaths.TryParseManifest(blob.Name, out RecordingId recording))
                quiet.Add((recording, blob));
        }
        foreach ((RecordingId recording, TempBlob blob) in quiet) await LookAsync(recording, blob, now, cancellation);
        foreach (string gone in suspects.Keys.Except(quiet.Select(entry => entry.Blob.Name))) suspects.TryRemove(gone, out _);
        reminded.Forget(now);
    }

    private async Task LookAsync(RecordingId recording, TempBlob blob, DateTimeOffset now, CancellationToken cancellation)
    {
        LedgerRecording? row = await ledger.FindRecordingAsync(recording, cancellation);
        SessionManifest? manifest = await temp.ReadManifestAsync(recording, cancellation);
        if (manifest is null) return;
        if (row is { State: RecordingState.Finalized or RecordingState.Deleted } && manifest.State == ManifestState.Stopped)
        {
            await refused.DeleteAllAsync(manifest, cancellation);
            await temp.DeleteAsync(blob, cancellation);
            return;
        }
        if (manifest.State == ManifestState.Stopped) await RemindAsync(recording, blob, manifest, row, now, cancellation);
        else if (now - blob.LastModified >= options.AbandonAfter && IsConfirmed(blob, now)) await CloseAsync(recording, cancellation);
    }

    // After an outage of the storage the bot needs a moment for its next refresh: only a second look, some time later, counts.
    private bool IsConfirmed(TempBlob blob, DateTimeOffset now)
    {
        (string etag, DateTimeOffset since) = suspects.GetOrAdd(blob.Name, (blob.Etag, now));
        if (etag != blob.Etag) suspects[blob.Name] = (blob.Etag, now);
        return etag == blob.Etag && now - since >= options.AbandonAfter / 12;
    }

    private async Task CloseAsync(RecordingId recording, CancellationToken cancellation)
    {
        SessionManifest? closed = await temp.CloseManifestAsync(
            recording,
            manifest => manifest.State == ManifestState.Recording && time.GetUtcNow() - manifest.UpdatedAt >= options.AbandonAfter
                ? manifest with { State = ManifestState.Stopped, EndReason = EndReason.Interrupted, EndedAt = manifest.UpdatedAt }
                : null,
            cancellation);
        if (closed is null) return;
        reminded.Note(BlobPaths.Manifest(recording), "", time.GetUtcNow());
        await SendAsync(closed, cancellation);
        Log.RecordingAbandoned(log, recording, closed.UpdatedAt);
    }

    // A finalizer that has seen the stop keeps itself going and notes when it will look again; an outage holds it up for some minutes.
    private async Task RemindAsync(RecordingId recording, TempBlob blob, SessionManifest manifest, LedgerRecording? row, DateTimeOffset now,
        CancellationToken cancellation)
    {
        bool atWork = row is { State: RecordingState.Stopping or RecordingState.Amending };
        if (atWork && now < ((row!.Ticket?.DueAt ?? row.StopSeenAt) + FinalizerGrace ?? now)) return;
        if (!reminded.IsDue(blob.Name, "", now, StopMessageGrace)) return;
        reminded.Note(blob.Name, "", now);
        await SendAsync(manifest, cancellation);
        Log.StopRepeated(log, recording);
    }

    private Task SendAsync(SessionManifest manifest, CancellationToken cancellation) => queues.SendAsync(
        new RecordingStopped
        {
            Session = manifest.Session,
            EndedAt = manifest.EndedAt ?? manifest.UpdatedAt,
            EndReason = manifest.EndReason ?? EndReason.Interrupted,
            SampleCount = manifest.SampleCount,
        },
        TimeSpan.Zero,
        cancellation);
}
