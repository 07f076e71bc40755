using System.Globalization;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Live;

/// <summary>
/// What is known of a recording while it runs: from the bot's own account in the temp container, and from what was moved so far.
/// </summary>
public sealed class LiveFacts(TempContainer temp, LiveSegments segments, ErasedPeople erased)
{
    /// <summary>The catalogue's row with everything that the row cannot know yet.</summary>
    /// <returns>And whether the bot's account was there: it goes when a recording is over.</returns>
    public async Task<(RecordingDetails Details, bool HasAccount)> FillAsync(RecordingDetails details, RecordingId recording,
        CancellationToken cancellation)
    {
        Task<SessionManifest?> reading = temp.ReadManifestAsync(recording, cancellation);
        IReadOnlyList<MovedSegment> moved = await segments.ReadAsync(recording, LiveSegments.Fresh, cancellation);
        SessionManifest? manifest = Without(await reading, await erased.OfAsync(recording, cancellation));
        long last = moved.Select(segment => segment.StartSample + segment.SampleCount).DefaultIfEmpty(0).Max();
        IReadOnlyList<RecordingTrack> tracks = Tracks(manifest, moved);
        RecordingDetails filled = details with
        {
            DurationSamples = Math.Max(manifest?.SampleCount ?? 0, last),
            SafeSamples = manifest is null ? 0 : ArrivedPosition.Of(manifest, moved),
            PrivacyCode = manifest?.PrivacyCode,
            FurtherChannelIds = ChannelsOf(manifest),
            Tracks = tracks,
            Gaps = manifest?.Gaps ?? [],
            Notes = RecordingTracks.WithNames(manifest?.Notes ?? [], tracks),
            Consent = manifest?.Consent ?? details.Consent,
            SegmentCount = moved.Count,
            ParticipantCount = tracks.Count,
            TotalSize = moved.Sum(segment => segment.FileSize),
        };
        return (filled, manifest is not null);
    }

    /// <summary>The row with where it went on after moves; null: there is no account that says it.</summary>
    public async Task<RecordingDetails?> WithChannelsAsync(RecordingDetails details, CancellationToken cancellation) =>
        await temp.ReadManifestAsync(RecordingId.Parse(details.Id), cancellation) is { } manifest
            ? details with { FurtherChannelIds = ChannelsOf(manifest) } : null;

    private static string[]? ChannelsOf(SessionManifest? manifest) =>
        manifest?.FurtherChannels?.Select(channel => channel.ToString(CultureInfo.InvariantCulture)).ToArray();

    private static SessionManifest? Without(SessionManifest? manifest, IReadOnlySet<ulong> people) =>
        manifest is null || people.Count == 0 ? manifest : manifest.Without(people) with
        {
            Consent = manifest.Consent is not { } ledger ? null : ledger with
            {
                Entries = [.. ledger.Entries.Select(entry => people.Contains(entry.UserId) ? entry with { Username = null } : entry)],
            },
        };

    private static IReadOnlyList<RecordingTrack> Tracks(SessionManifest? manifest, IReadOnlyList<MovedSegment> moved)
    {
        Dictionary<ulong, TrackSummary> announced = manifest?.Tracks.ToDictionary(track => track.UserId) ?? [];
        IEnumerable<RecordingTracks.Part> parts = moved.Select(segment =>
            // A voice may have got its name after its last segment.
            new RecordingTracks.Part(segment.UserId, announced.GetValueOrDefault(segment.UserId)?.KnownName ?? segment.Username,
                segment.StartSample, segment.SampleCount));
        return RecordingTracks.Of(parts, announced.Values.Select(track => (track.UserId, track.Username)), userId =>
            announced.GetValueOrDefault(ulong.Parse(userId, CultureInfo.InvariantCulture))?.Health);
    }
}
