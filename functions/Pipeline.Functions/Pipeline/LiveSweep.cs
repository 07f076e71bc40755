using System.Net;
using Pipeline.Contracts;
using Pipeline.Functions.Api.Wire;
using Pipeline.Functions.Storage;

namespace Pipeline.Functions.Pipeline;

/// <summary>
/// Sees to it that nothing stays live for more than a day: recordings without a manifest (nobody else would end them), and
/// recordings that somebody began at our API and never finished.
/// </summary>
public sealed class LiveSweep(
    Ledger ledger, Catalogue catalogue, TempContainer temp, MessageQueues queues, RecordingApiClient api, RecordingApiAddress address,
    FunctionsOptions options, TimeProvider time, ILogger<LiveSweep> log)
{
    private readonly SweepMemory memory = new();

    public async Task RunAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        HashSet<RecordingId> known = [];
        List<RecordingId> overdue = [];
        await foreach ((RecordingId recording, DateTimeOffset startedAt) in ledger.ListLiveAsync(cancellation))
        {
            known.Add(recording);
            if (now - startedAt >= options.LiveLimit && memory.IsDue(recording.ToString(), "", now, options.FinalizeDeadline)) overdue.Add(recording);
        }
        foreach (RecordingId recording in overdue) await EndAsync(recording, now, cancellation);
        if (address.IsOwn) await EndUnknownAsync(known, now, cancellation);
        memory.Forget(now);
    }

    private async Task EndAsync(RecordingId recording, DateTimeOffset now, CancellationToken cancellation)
    {
        memory.Note(recording.ToString(), "", now);
        LedgerContent content = await ledger.ReadAsync(recording, cancellation);
        if (content.Recording is not { State: not RecordingState.Finalized } row)
        {
            await ledger.UnlistAsync(recording, cancellation);
            return;
        }
        SessionManifest? manifest = await temp.ReadManifestAsync(recording, cancellation) ?? content.Manifest;
        long lastSample = content.Segments.Values.Select(segment => segment.StartSample + segment.SampleCount).DefaultIfEmpty().Max();
        RecordingStopped stop = new()
        {
            Session = row.Session,
            EndedAt = manifest?.EndedAt ?? manifest?.UpdatedAt ?? row.Session.StartedAt + SampleClock.ToTime(lastSample),
            EndReason = manifest?.EndReason ?? EndReason.Interrupted,
            SampleCount = Math.Max(manifest?.SampleCount ?? 0, lastSample),
        };
        await queues.SendAsync(stop, TimeSpan.Zero, cancellation);
        Log.RecordingOverdue(log, recording);
    }

    // Begun at our API by somebody else: nobody will send a stop, and there is nothing to wait for.
    private async Task EndUnknownAsync(HashSet<RecordingId> known, DateTimeOffset now, CancellationToken cancellation)
    {
        List<(string Id, DateTimeOffset RecordedAt)> forgotten = [];
        await foreach ((string id, DateTimeOffset recordedAt) in catalogue.ListLiveAsync(cancellation))
        {
            bool ours = RecordingId.TryParse(id, out RecordingId recording) && known.Contains(recording);
            if (!ours && now - recordedAt >= options.LiveLimit) forgotten.Add((id, recordedAt));
        }
        foreach ((string id, DateTimeOffset recordedAt) in forgotten)
        {
            RecordingId recording = RecordingId.Parse(id);
            if (await ledger.FindRecordingAsync(recording, cancellation) is not null) continue;
            FinalizeRequest end = new()
            {
                SessionEndTime = recordedAt.ToUnixTimeMilliseconds(),
                Duration = 0,
                TotalSize = 0,
                ParticipantCount = 0,
                Segments = [],
                EndReason = "interrupted",
            };
            (_, HttpStatusCode status) = await api.FinalizeAsync(id, end, cancellation);
            if (status == HttpStatusCode.NotFound) await catalogue.UnlistAsync(id, cancellation);
            Log.RecordingOverdue(log, recording);
        }
    }
}
