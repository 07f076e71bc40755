using Microsoft.Extensions.Caching.Memory;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Ledger;

namespace Pipeline.Delivery.ApiClient;

/// <summary>
/// Knows every recording by the recording API's own id, and creates it there when any message is the first to speak of it.
/// </summary>
public sealed class RecordingRegistry(LedgerTable ledger, RecordingApiClient api, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(10);

    private const int MostRecordings = 1_000;

    // Every segment asks; one answer per recording is enough. The ledger stays the truth.
    private readonly MemoryCache cache = new(new MemoryCacheOptions { SizeLimit = MostRecordings });

    /// <summary>The recording's row, from the cache, the ledger or a new init-live.</summary>
    public async Task<LedgerRecording> EnsureAsync(SessionInfo session, CancellationToken cancellation)
    {
        if (cache.TryGetValue(session.RecordingId, out LedgerRecording? known) && known is not null) return known;
        LedgerRecording? found = await ledger.FindRecordingAsync(session.RecordingId, cancellation);
        return Remember(found ?? await CreateAsync(session, cancellation));
    }

    /// <summary>Asks the API once more: it does not know the recording that we know.</summary>
    public async Task<LedgerRecording> RecreateAsync(SessionInfo session, CancellationToken cancellation)
    {
        cache.Remove(session.RecordingId);
        LedgerRecording fresh = await AskAsync(session, cancellation);
        await ledger.AddRecordingAsync(fresh, cancellation);
        LedgerRecording? stored = await ledger.UpdateRecordingAsync(
            session.RecordingId,
            row => fresh.State == RecordingState.Deleted
                ? row with
                {
                    ApiRecordingId = fresh.ApiRecordingId,
                    Flow = fresh.Flow,
                    State = RecordingState.Deleted,
                    Session = fresh.Session
                }
                : row with { ApiRecordingId = fresh.ApiRecordingId, Flow = fresh.Flow },
            cancellation);
        return Remember(stored ?? fresh);
    }

    /// <summary>Forgets what the cache says; the next caller reads the ledger.</summary>
    public void Forget(RecordingId recording) => cache.Remove(recording);

    public void Dispose() => cache.Dispose();

    private async Task<LedgerRecording> CreateAsync(SessionInfo session, CancellationToken cancellation) =>
        await ledger.AddRecordingAsync(await AskAsync(session, cancellation), cancellation);

    private async Task<LedgerRecording> AskAsync(SessionInfo session, CancellationToken cancellation)
    {
        (InitLiveResponse? answer, FinishedAnswer? finished) = await api.InitLiveAsync(WireMapping.InitLive(session), cancellation);
        bool isDeleted = finished is { CurrentStatus: "deleted" };
        LedgerRecording recording = new()
        {
            // Of a deleted recording no name is kept.
            Session = isDeleted ? session with { GuildName = "deleted", ChannelName = null, Title = null } : session,
            State = isDeleted ? RecordingState.Deleted : RecordingState.Live,
            Flow = answer is null && finished is null ? UploadFlow.Batch : UploadFlow.Live,
            ApiRecordingId = answer?.RecordingId ?? finished?.RecordingId,
            CreatedAt = time.GetUtcNow(),
        };
        if (recording.Flow == UploadFlow.Batch || recording.State == RecordingState.Deleted
            || !string.IsNullOrEmpty(recording.ApiRecordingId)) return recording;
        throw new RecordingApiException(finished is not null ? "init-live says that the recording is finished and not which one it is"
            : "init-live answered no recordingId", isTransient: false, null, null);
    }

    private LedgerRecording Remember(LedgerRecording recording) =>
        cache.Set(recording.Session.RecordingId, recording,
            new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Remembered });
}
