using System.Net;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Ledger;
using Pipeline.Storage;

namespace Pipeline.Delivery.Finalize;

/// <summary>
/// Hands the recording API the list of segments: in one request where it is short or the service takes no other, in parts where it is long
/// and the service says that it takes them. Of a list in parts only those are sent that the service does not have, so that a crash costs
/// no more than the part that was under way.
/// </summary>
public sealed class HandOver(LedgerTable ledger, RecordingApiClient api, ApiRecording apiRecording, BatchFlow batch, Reports reports,
    ILogger<HandOver> log)
{
    private const int MostRounds = 3;

    // A short list goes in one request, which every service takes.
    private const int ShortList = FinalizePartRequest.MostSegments;

    /// <param name="request">Without segments.</param>
    /// <returns>The recording's row; deleted where the service says so.</returns>
    internal async Task<LedgerRecording> RunAsync(LedgerRecording recording, FinalizeRequest request, Completeness found,
        CancellationToken cancellation)
    {
        if (recording.Flow == UploadFlow.Batch) return await CollectAsync(recording, request, found, cancellation);
        // Finished before with fewer segments: our own API takes the longer list when it is told that it amends.
        (recording, ApiAnswer<FinalizeResponse> said) = await apiRecording.AskAsync(recording, request.Amends == true, (row, amends) =>
            SendAsync(row, amends ? request with { Amends = true } : request, found, cancellation), cancellation);
        if (recording.State == RecordingState.Deleted) return recording;
        if (recording.Flow == UploadFlow.Batch) return await CollectAsync(recording, request, found, cancellation);
        if (said.Answer is null)
        {
            await reports.WriteAsync(recording.Session.RecordingId, "finalize",
                "refused: the service has the recording finished with other segments", cancellation);
            Log.AmendmentRefused(log, recording.Session.RecordingId);
        }
        return recording;
    }

    private async Task<LedgerRecording> CollectAsync(LedgerRecording recording, FinalizeRequest request, Completeness found,
        CancellationToken cancellation) =>
        await batch.RunAsync(recording, request, await found.Present.ReadAsync(ledger, .., cancellation), cancellation);

    private async Task<ApiAnswer<FinalizeResponse>> SendAsync(LedgerRecording recording, FinalizeRequest request, Completeness found,
        CancellationToken cancellation)
    {
        // Asked now, not remembered from the start: the service may have learnt it since.
        int? most = found.Present.Parts(ShortList).Count > 1
            ? await api.PartLengthAsync(WireMapping.InitLive(recording.Session), cancellation) : null;
        if (most is { } length) return await SendPartsAsync(recording, request, found, length, cancellation);
        IReadOnlyList<LedgerSegment> rows = await found.Present.ReadAsync(ledger, .., cancellation);
        FinalizeRequest whole = request with { Segments = [.. rows.Select(row => Named(recording, row, found))] };
        return (await api.FinalizeAsync(recording.ApiRecordingId!, whole, cancellation)).Said;
    }

    private async Task<ApiAnswer<FinalizeResponse>> SendPartsAsync(LedgerRecording recording, FinalizeRequest request,
        Completeness found, int most, CancellationToken cancellation)
    {
        PresentSegments present = found.Present;
        IReadOnlyList<Range> parts = present.Parts(most);
        FinalizeRequest end = request with { List = present.Fingerprint, Parts = parts.Count };
        for (int round = 1; ; round++)
        {
            FinalizeOutcome outcome = await api.FinalizeAsync(recording.ApiRecordingId!, end, cancellation);
            if (outcome.MissingParts is not { Count: > 0 } missing) return outcome.Said;
            if (round == MostRounds) throw new RecordingApiException("parts of the list do not arrive", isTransient: true, null, null);
            foreach (int number in missing.Where(number => number >= 0 && number < parts.Count))
            {
                IReadOnlyList<LedgerSegment> rows = await present.ReadAsync(ledger, parts[number], cancellation);
                FinalizePartRequest part = new()
                {
                    List = present.Fingerprint,
                    First = parts[number].Start.Value,
                    Segments = [.. rows.Select(row => Named(recording, row, found))],
                };
                HttpStatusCode status = await api.PutPartAsync(recording.ApiRecordingId!, number, part, cancellation);
                if (status is HttpStatusCode.NotFound or HttpStatusCode.Gone) return new(null, status);
            }
        }
    }

    private static FinalizeSegment Named(LedgerRecording recording, LedgerSegment row, Completeness found) =>
        WireMapping.Finalize(recording.Session, row, found.NameOf(row.Key.UserId));
}
