using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Ledger;
using Pipeline.Delivery.Segments;
using Pipeline.Storage;

namespace Pipeline.Delivery.Finalize;

/// <summary>
/// Hands the recording API the list of segments when the ledger holds every one that the bot announced. Until then the
/// message goes back with a growing delay; when nothing has come for the length of the deadline, what there is gets
/// finalized and what is missing gets named. Whatever comes later amends the recording.
/// </summary>
public sealed class FinalizeRecording(
    LedgerTable ledger, TempContainer temp, MessageQueues queues, RecordingRegistry registry, HandOver handOver,
    RefusedSegments refused, Reports reports, DeliveryOptions options, Telemetry telemetry, TimeProvider time,
    ILogger<FinalizeRecording> log)
{
    private const int MostRounds = 3;
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestDelayWithProgress = TimeSpan.FromSeconds(2);

    public async Task RunAsync(RecordingStopped message, CancellationToken cancellation)
    {
        RecordingId id = message.Session.RecordingId;
        registry.Forget(id);
        LedgerRecording recording = await registry.EnsureAsync(message.Session, cancellation);
        if (recording.State == RecordingState.Deleted)
        {
            await DropAsync(id, cancellation);
            return;
        }
        SessionManifest manifest = ManifestMerge.Close(message, await temp.ReadManifestAsync(id, cancellation),
            await ledger.FindManifestAsync(id, cancellation), await ledger.ErasedAsync(id, cancellation));
        await ledger.PutManifestAsync(manifest, cancellation);
        Completeness found = await Completeness.ReadAsync(ledger, manifest, cancellation);
        recording = await NoteStopAsync(message, recording, found, cancellation);
        if (found.MissingCount > 0 && !IsPastDeadline(recording) && recording.State == RecordingState.Stopping)
        {
            await PutBackAsync(message, recording, found, cancellation);
            return;
        }
        // Another finalizer was quicker, so everything has come since the rows were read.
        if (found.MissingCount > 0 && recording.State is RecordingState.Finalized or RecordingState.Amending)
            found = await Completeness.ReadAsync(ledger, manifest, cancellation);
        await FinalizeAsync(recording, manifest, found, cancellation);
    }

    /// <summary>Marks the recording as stopping, and the time when its ledger last grew.</summary>
    private async Task<LedgerRecording> NoteStopAsync(RecordingStopped message, LedgerRecording recording, Completeness found,
        CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        return await ledger.UpdateRecordingAsync(
            message.Session.RecordingId,
            row => row switch
            {
                { State: RecordingState.Live } =>
                    row with { State = RecordingState.Stopping, StopSeenAt = now, ProgressAt = now, ProgressCount = found.Present.Count },
                // The bot was not gone after all: its own stop announces more than the interrupted finalize knew, and waits on its own
                // account.
                { State: RecordingState.Finalized or RecordingState.Amending } when message is { Tracks: not null, Attempt: 0 }
                    && found.MissingCount > 0 && row.FinalizedCount < found.Announced - found.MissingCount =>
                    row with
                    {
                        State = RecordingState.Stopping,
                        StopSeenAt = now,
                        ProgressAt = now,
                        ProgressCount = found.Present.Count,
                        Ticket = null
                    },
                { State: RecordingState.Stopping } when row.ProgressCount != found.Present.Count =>
                    row with { ProgressAt = now, ProgressCount = found.Present.Count },
                _ => null,
            },
            cancellation) ?? recording;
    }

    private bool IsPastDeadline(LedgerRecording recording)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset stop = recording.StopSeenAt ?? now;
        return now - (recording.ProgressAt ?? stop) >= options.FinalizeDeadline || now - stop >= options.LiveLimit;
    }

    private async Task PutBackAsync(RecordingStopped message, LedgerRecording recording, Completeness found, CancellationToken cancellation)
    {
        RecordingId id = message.Session.RecordingId;
        DateTimeOffset now = time.GetUtcNow();
        TimeSpan delay = Delay(message, recording, now);
        ReturnTicket ticket = ReturnTicket.Before(message.Attempt + 1, RecordingId.New(time).ToString(), now);
        LedgerRecording? marked = await ledger.UpdateRecordingAsync(id, row =>
            row.Ticket?.MakesCopyOf(message.Attempt, now) == true ? null : row with { Ticket = ticket }, cancellation);
        if (marked?.Ticket is { } other && other.Token != ticket.Token)
        {
            if (other.IsSent) Log.CopyDropped(log, id, message.Attempt);
            else await queues.SendAsync(message, ReturnTicket.SendGrace, cancellation);
            return;
        }
        await queues.SendAsync(message with { Attempt = message.Attempt + 1, Outages = 0 }, delay, cancellation);
        await ledger.UpdateRecordingAsync(id, row =>
            row.Ticket?.Token == ticket.Token ? row with { Ticket = ticket.Sent(now + delay) } : null, cancellation);
        Log.FinalizeWaits(log, id, found.MissingCount, found.Announced, delay);
    }

    private static TimeSpan Delay(RecordingStopped message, LedgerRecording recording, DateTimeOffset now)
    {
        bool moving = now - recording.ProgressAt < LongestDelayWithProgress * 4;
        TimeSpan grown = TimeSpan.FromSeconds(Math.Pow(1.5, Math.Min(message.Attempt, 20)));
        TimeSpan limit = moving ? LongestDelayWithProgress : LongestDelay;
        return grown < limit ? grown : limit;
    }

    private async Task FinalizeAsync(LedgerRecording recording, SessionManifest manifest, Completeness found,
        CancellationToken cancellation)
    {
        RecordingId id = recording.Session.RecordingId;
        for (int round = 1; ; round++)
        {
            await ReportAsync(id, found, cancellation);
            FinalizeRequest request = FinalizeRequestBuilder.Build(recording, manifest, found);
            recording = await handOver.RunAsync(recording, request, found, cancellation);
            if (recording.State == RecordingState.Deleted)
            {
                await DropAsync(id, cancellation);
                return;
            }
            recording = await ledger.UpdateRecordingAsync(
                id, row => row with
                {
                    State = RecordingState.Finalized,
                    FinalizedAt = time.GetUtcNow(),
                    FinalizedCount = found.Present.Count
                }, cancellation) ?? recording;
            registry.Forget(id);
            // State first, rows second (see LateSegments): a segment that came meanwhile goes into another round.
            Completeness again = await Completeness.ReadAsync(ledger, manifest, cancellation);
            if (again.Present.Count <= found.Present.Count || round == MostRounds) break;
            found = again;
        }
        await ledger.UnlistAsync(id, cancellation);
        await refused.DeleteAllAsync(manifest, cancellation);
        if (await temp.FindAsync(BlobPaths.Manifest(id), cancellation) is { IsLeased: false } file)
            await temp.DeleteAsync(file, cancellation);
        TimeSpan latency = time.GetUtcNow() - (manifest.EndedAt ?? time.GetUtcNow());
        telemetry.Finalized(latency, found.MissingCount);
        Log.Finalized(log, id, found.Present.Count, found.MissingCount, Math.Max(0, latency.TotalMilliseconds));
    }

    private async Task ReportAsync(RecordingId id, Completeness found, CancellationToken cancellation)
    {
        foreach (ulong user in found.Unverified)
        {
            await reports.WriteAsync(id, $"user {user}", "unverified: the segments do not add up to the announced chain", cancellation);
            Log.ChainMismatch(log, id, user);
        }
        if (found.MissingCount > 0)
            await reports.WriteAsync(id, "missing", "segments were announced and never arrived; the recording names them", cancellation);
    }

    private async Task DropAsync(RecordingId id, CancellationToken cancellation)
    {
        List<TempBlob> blobs = [];
        await foreach (TempBlob blob in temp.ListAsync($"{id}/", cancellation)) blobs.Add(blob);
        foreach (TempBlob blob in blobs) await temp.DeleteAsync(blob, cancellation);
        await ledger.UnlistAsync(id, cancellation);
        Log.RecordingDropped(log, id);
    }
}
