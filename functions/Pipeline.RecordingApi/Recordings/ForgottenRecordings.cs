using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>
/// Ends recordings that somebody began here and never finished, after a day. Those that the pipeline looks after are left to it.
/// </summary>
public sealed class ForgottenRecordings(CatalogueTable catalogue, RecordingEnds ends, LedgerPartitions ledger, ApiOptions options,
    TimeProvider time, ILogger<ForgottenRecordings> log)
{
    /// <summary>One look at all that is live; two at once do no harm.</summary>
    public async Task EndAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        List<(RecordingId Id, DateTimeOffset RecordedAt)> old = [];
        await foreach ((string id, DateTimeOffset recordedAt) in catalogue.ListLiveAsync(cancellation))
        {
            if (now - recordedAt >= options.LiveLimit) old.Add((RecordingId.Parse(id), recordedAt));
        }
        foreach ((RecordingId id, DateTimeOffset recordedAt) in old)
        {
            if (await ledger.HoldsAsync(id, cancellation)) continue;
            await EndAsync(id, recordedAt, cancellation);
        }
    }

    // Nobody will send a stop, and there is nothing to wait for.
    private async Task EndAsync(RecordingId id, DateTimeOffset recordedAt, CancellationToken cancellation)
    {
        FinalizeRequest end = new()
        {
            SessionEndTime = recordedAt.ToUnixTimeMilliseconds(),
            Duration = 0,
            TotalSize = 0,
            ParticipantCount = 0,
            Segments = [],
            EndReason = "interrupted",
        };
        if (!await ends.TryFinishAsync(id, end, cancellation)) await catalogue.UnlistAsync(id.ToString(), cancellation);
        ApiLog.RecordingOverdue(log, id);
    }
}
