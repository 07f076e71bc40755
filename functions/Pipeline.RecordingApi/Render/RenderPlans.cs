using System.Globalization;
using Microsoft.Extensions.Caching.Memory;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.RecordingApi.Catalogue;
using Pipeline.Storage;

namespace Pipeline.RecordingApi.Render;

/// <summary>
/// Reads what there is to render: of a finished recording the catalogue's segments, of a live one those that were moved. A page asks for
/// each track's waveform and for the files: the list of a finished recording is read once for all of them.
/// </summary>
public sealed class RenderPlans(CatalogueTable catalogue, LiveSegments moved, ErasedPeople erased, TempContainer temp, TimeProvider time)
    : IDisposable
{
    private const int MostSegments = 250_000; // of all finished recordings together, about 100 MB
    private static readonly TimeSpan Unused = TimeSpan.FromMinutes(5);

    private readonly MemoryCache finished = new(new MemoryCacheOptions { SizeLimit = MostSegments });

    /// <summary>A window of a live recording can be over when something was heard so much later.</summary>
    private const long Settled = 20 * SampleClock.SamplesPerSecond;

    /// <summary>So much later it is rendered with what there is; so much more of a call that is played faster than it was spoken.</summary>
    private const long Overdue = 120 * SampleClock.SamplesPerSecond;

    // Four heartbeats of a manifest.
    private static readonly TimeSpan Silent = TimeSpan.FromMinutes(1);

    /// <summary>Null where there is no such recording, or one that was deleted.</summary>
    internal async Task<RenderPlan?> ReadAsync(RecordingId recording, CancellationToken cancellation)
    {
        if ((await catalogue.FindAsync(recording.ToString(), cancellation)).Recording is not { } found) return null;
        return found.Details.Status == RecordingStatus.Live
            ? await ReadLiveAsync(recording, found, cancellation)
            : await ReadFinishedAsync(recording, found, cancellation);
    }

    /// <summary>Only the version of it; null where there is no such recording, or one that was deleted.</summary>
    internal async Task<string?> VersionAsync(RecordingId recording, CancellationToken cancellation) =>
        (await catalogue.FindAsync(recording.ToString(), cancellation)).Recording?.Etag;

    private async Task<RenderPlan> ReadLiveAsync(RecordingId recording, CatalogueRecording found, CancellationToken cancellation)
    {
        // The account first: what it says is safe was on its way before the list of what has arrived is read.
        SessionManifest? manifest = await temp.ReadManifestAsync(recording, cancellation);
        IReadOnlyList<MovedSegment> segments = await moved.ReadAsync(recording, TimeSpan.Zero, cancellation);
        IReadOnlySet<ulong> gone = await erased.OfAsync(recording, cancellation);
        if (gone.Count > 0) segments = [.. segments.Where(segment => !gone.Contains(segment.UserId))];
        long total = segments.Select(segment => segment.StartSample + segment.SampleCount).DefaultIfEmpty(0).Max();
        // Once the call is over, nothing that was heard is still to be announced.
        long heard = manifest?.EndedAt is null ? Math.Max(0, total - Settled) : total;
        double pace = total / Math.Max(SampleClock.SamplesPerSecond,
            (time.GetUtcNow() - found.Details.RecordedAt).TotalSeconds * SampleClock.SamplesPerSecond);
        long overdue = total - (long)(Overdue * Math.Max(1, pace));
        long whole = manifest is null ? heard
            : Math.Clamp(ArrivedPosition.Of(manifest.Without([.. gone]), segments), Math.Max(0, overdue), heard);
        return new RenderPlan
        {
            Recording = recording,
            Details = found.Details,
            Version = found.Etag,
            Tracks = Tracks(segments.Select(segment => (segment.UserId, segment.Username, new RenderSegment(
                segment.Index, segment.StartSample, segment.SampleCount, segment.Channels, segment.FileSize, new Uri(segment.BlobUrl))))),
            TotalSamples = total,
            IsFinal = false,
            WindowCount = (int)(whole / RenderWindows.Samples),
            AwaitsMore = heard / RenderWindows.Samples > whole / RenderWindows.Samples && time.GetUtcNow() - manifest!.UpdatedAt < Silent,
        };
    }

    public void Dispose() => finished.Dispose();

    private async Task<RenderPlan> ReadFinishedAsync(RecordingId recording, CatalogueRecording found, CancellationToken cancellation)
    {
        if (finished.TryGetValue((recording, found.Etag), out RenderPlan? known)) return known!;
        RenderPlan plan = await ReadSegmentsAsync(recording, found, cancellation);
        return finished.Set((recording, found.Etag), plan, new MemoryCacheEntryOptions
        {
            Size = 1 + plan.Tracks.Sum(track => track.Segments.Count),
            SlidingExpiration = Unused,
        });
    }

    private async Task<RenderPlan> ReadSegmentsAsync(RecordingId recording, CatalogueRecording found, CancellationToken cancellation)
    {
        List<RecordingSegment> segments = found.SegmentSet is { } set
            ? await catalogue.ReadSegmentsAsync(recording.ToString(), set, cancellation) : [];
        IReadOnlyList<RenderTrack> tracks = Tracks(
            segments.Select(segment =>
            (ulong.Parse(segment.UserId, CultureInfo.InvariantCulture), segment.Username, Segment(segment, found.Details))));
        long end = tracks.SelectMany(track => track.Segments).Select(segment => segment.Start + segment.Count).DefaultIfEmpty(0).Max();
        long total = tracks.Count == 0 ? 0 : RenderPlan.LengthOf(end, found.Details);
        return new RenderPlan
        {
            Recording = recording,
            Details = found.Details,
            Version = found.Etag,
            Tracks = tracks,
            TotalSamples = total,
            IsFinal = true,
            WindowCount = RenderWindows.Count(total),
        };
    }

    private static RenderSegment Segment(RecordingSegment segment, RecordingDetails details)
    {
        (long count, int channels) = SegmentSound.Of(segment);
        return new RenderSegment(segment.SegmentIndex, SegmentSound.StartOf(segment, details.RecordedAt), count, channels,
            segment.FileSize, new Uri(segment.BlobUrl))
        { IsCounted = segment.SampleCount is not null };
    }

    private static IReadOnlyList<RenderTrack> Tracks(IEnumerable<(ulong UserId, string Username, RenderSegment Segment)> parts)
    {
        IEnumerable<(ulong UserId, string Username, RenderSegment[] Segments)> tracks = parts.Where(part => part.Segment.Count > 0)
            .GroupBy(part => part.UserId)
            .Select(own => (own.Key, own.MaxBy(part => part.Segment.Start).Username,
            own.Select(part => part.Segment).OrderBy(segment => segment.Start).ThenBy(segment => segment.Index).ToArray()));
        return [.. tracks.OrderBy(track => track.Segments[0].Start).ThenBy(track => track.UserId).Select((track, at) => new RenderTrack
        {
            UserId = track.UserId,
            Username = track.Username,
            Number = at + 1,
            Channels = track.Segments.Max(segment => segment.Channels),
            Segments = track.Segments,
        })];
    }
}
