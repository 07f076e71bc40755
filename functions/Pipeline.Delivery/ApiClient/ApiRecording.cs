using System.Net;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.Ledger;

namespace Pipeline.Delivery.ApiClient;

/// <summary>
/// Asks the recording API about a recording that it ought to know: one that it does not know (404) is created there once more, and one that
/// it has finished (409) is asked for once more as an amendment, which our own API takes.
/// </summary>
public sealed class ApiRecording(RecordingRegistry registry, RecordingApiClient api)
{
    /// <summary>Where one of its segments is to be put, or why nowhere.</summary>
    public async Task<ApiAnswer<SegmentUploadResponse>> SegmentUploadUrlAsync(LedgerRecording recording, SegmentUploadRequest request,
        CancellationToken cancellation)
    {
        (_, ApiAnswer<SegmentUploadResponse> said) = await AskAsync(recording, amends: false, (row, amends) =>
            api.SegmentUploadUrlAsync(row.ApiRecordingId!, amends ? request with { Amends = true } : request, cancellation), cancellation);
        return said;
    }

    /// <param name="amends">The first question is an amendment already.</param>
    /// <param name="ask">Asks about the recording's row; true: as an amendment.</param>
    /// <returns>
    /// The row as it is by now, and the answer. There is none where the recording turned out to be deleted or to take the batch flow, and
    /// where the service insists.
    /// </returns>
    public async Task<(LedgerRecording Recording, ApiAnswer<T> Said)> AskAsync<T>(LedgerRecording recording, bool amends,
        Func<LedgerRecording, bool, Task<ApiAnswer<T>>> ask, CancellationToken cancellation) where T : class
    {
        ApiAnswer<T> said = await ask(recording, amends);
        if (said.IsUnknown)
        {
            recording = await registry.RecreateAsync(recording.Session, cancellation);
            if (recording.State == RecordingState.Deleted || recording.Flow == UploadFlow.Batch) return (recording, said);
            said = await ask(recording, amends);
        }
        if (said.IsFinished && !amends) said = await ask(recording, true);
        return (recording, said);
    }
}

/// <summary>What the recording API says of one recording.</summary>
/// <param name="Answer">Null with 404 or 410 (unknown recording), 409 (finished) or 451 (erased person) in
/// <paramref name="Status"/>.</param>
public readonly record struct ApiAnswer<T>(T? Answer, HttpStatusCode Status) where T : class
{
    public bool IsUnknown => Answer is null && Status is HttpStatusCode.NotFound or HttpStatusCode.Gone;

    public bool IsFinished => Answer is null && Status == HttpStatusCode.Conflict;

    /// <summary>The person that it is about is erased from the recording, for good.</summary>
    public bool IsErased => Answer is null && Status == HttpStatusCode.UnavailableForLegalReasons;
}
