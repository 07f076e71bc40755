using Pipeline.Contracts;

namespace Pipeline.Delivery.Finalize;

/// <summary>Makes one final account of a session out of what the stop message, the manifest and an earlier finalize say.</summary>
internal static class ManifestMerge
{
    /// <param name="inTemp">The manifest that lies in the temp container.</param>
    /// <param name="stored">What an earlier finalize has kept.</param>
    /// <param name="erased">Who is erased, as the ledger has it; the bot may not know.</param>
    public static SessionManifest Close(RecordingStopped message, SessionManifest? inTemp, SessionManifest? stored,
        IReadOnlyList<(ulong UserId, DateTimeOffset At)> erased)
    {
        SessionManifest? latest = inTemp is not null && (stored is null || inTemp.UpdatedAt >= stored.UpdatedAt) ? inTemp : stored;
        bool botSaidSo = latest is { State: ManifestState.Stopped, EndReason: not null };
        return WithoutErased(new SessionManifest
        {
            Session = latest?.Session ?? message.Session,
            State = ManifestState.Stopped,
            Incarnation = latest?.Incarnation ?? 1,
            UpdatedAt = latest?.UpdatedAt ?? message.EndedAt,
            SampleCount = Math.Max(message.SampleCount, latest?.SampleCount ?? 0),
            Tracks = Union(message.Tracks ?? [], latest?.Tracks ?? []),
            Gaps = latest?.Gaps ?? [],
            Notes = latest?.Notes ?? [],
            Consent = erased.Count == 0 ? latest?.Consent
                : erased.Aggregate(latest?.Consent ?? new ConsentLedger { Mode = ConsentLedger.Off },
                    (known, person) => known.WithErased(person.UserId, person.At)),
            Unencrypted = latest?.Unencrypted ?? [],
            FurtherChannels = latest?.FurtherChannels,
            OptedOut = latest?.OptedOut,
            EndedAt = botSaidSo && message.Tracks is null ? latest!.EndedAt ?? message.EndedAt : message.EndedAt,
            EndReason = botSaidSo && message.Tracks is null ? latest!.EndReason : message.EndReason,
        });
    }

    // Of people who are erased only their word in the ledger is kept.
    private static SessionManifest WithoutErased(SessionManifest manifest) => manifest.Without(manifest.Consent?.Erased() ?? []);

    // Both may be cut short (a message sent before the last refresh, or the reverse): the longer account of a track is the later one.
    private static List<TrackSummary> Union(IReadOnlyList<TrackSummary> first, IReadOnlyList<TrackSummary> second) =>
        [.. first.Concat(second).GroupBy(track => track.UserId)
            .Select(same => same.MaxBy(track => track.Segments.Sum(range => (long)range.Last - range.First + 1))!)
            .OrderBy(track => track.UserId)];
}
