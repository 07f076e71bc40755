using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Delivery.ApiClient;
using Pipeline.Delivery.Ledger;

namespace Pipeline.Delivery.Finalize;

/// <summary>Says a recording's end in the recording API's words, but for its segments.</summary>
internal static class FinalizeRequestBuilder
{
    public static FinalizeRequest Build(LedgerRecording recording, SessionManifest manifest, Completeness found)
    {
        long samples = Math.Max(manifest.SampleCount, found.Present.EndSample);
        Dictionary<string, IReadOnlyDictionary<string, long>> health = manifest.Tracks
            .Where(track => track.Health.Count > 0).ToDictionary(track => WireMapping.Text(track.UserId), track => track.Health);
        IReadOnlyList<RecordingGap> gaps = TakeoverGaps.Narrow(manifest, found.Present.Ordered);
        return new FinalizeRequest
        {
            SessionEndTime = (manifest.EndedAt ?? manifest.UpdatedAt).ToUnixTimeMilliseconds(),
            Duration = WireMapping.Duration(samples),
            TotalSize = found.Present.FileSize,
            ParticipantCount = found.Present.Users.Union(manifest.Tracks.Select(track => track.UserId)).Count(),
            FurtherChannelIds = manifest.FurtherChannels is { Count: > 0 } channels ? [.. channels.Select(WireMapping.Text)] : null,
            MissingSegments = found.Missing.Count > 0 ? found.Missing : null,
            MissingSegmentCount = found.MissingCount > found.Missing.Count ? found.MissingCount : null,
            EndReason = Word(manifest.EndReason ?? EndReason.Interrupted),
            Health = health.Count > 0 ? health : null,
            Gaps = gaps.Count > 0 ? gaps : null,
            Notes = manifest.Notes.Count > 0 ? manifest.Notes : null,
            Consent = manifest.Consent,
            UnverifiedUserIds = found.Unverified.Count > 0 ? [.. found.Unverified.Select(WireMapping.Text)] : null,
            Amends = recording.FinalizedAt is not null ? true : null,
        };
    }

    private static string Word(EndReason reason) => reason switch
    {
        EndReason.Stopped => "stopped",
        EndReason.Disconnected => "disconnected",
        EndReason.Limit => "limit",
        _ => "interrupted",
    };
}
