using Pipeline.Contracts;
using Pipeline.RecordingApi.Render;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>
/// Cuts a track's talk into stretches: of at most a minute from first to last sample, at a pause where there is one, else where it is
/// quietest.
/// </summary>
/// <param name="quietest">The quietest position of a part of the track, from and to in samples.</param>
internal sealed class StretchPlanner(Func<long, long, Task<long>> quietest)
{
    public const long Longest = 60 * SampleClock.SamplesPerSecond;

    /// <summary>Talk that goes on is cut when there is so much of it, so that its text is not far behind.</summary>
    public const long Full = 45 * SampleClock.SamplesPerSecond;

    private const long EarliestCut = 30 * SampleClock.SamplesPerSecond;
    private const long Pause = SampleClock.SamplesPerSecond / 2;
    private const long Shortest = SampleClock.SamplesPerSecond / 10; // no word is shorter

    private readonly List<Stretch> made = [];
    private List<Span> current = [];

    /// <param name="covered">What has a stretch already.</param>
    /// <param name="isClosed">Nothing follows soon: what is left becomes a stretch too.</param>
    public async Task<IReadOnlyList<Stretch>> PlanAsync(RenderTrack track, IEnumerable<Stretch> covered, bool isClosed)
    {
        foreach (Span span in Uncovered(track, covered))
        {
            if (current.Count > 0 && span.End - current[0].Start > Longest && span.Start - current[^1].End >= Pause) Close(track);
            current.Add(span);
            while (current.Count > 0 && current[^1].End - current[0].Start > Longest) await CutAsync(track);
        }
        if (current.Count == 0) return made;
        if (isClosed) Close(track);
        else if (current[^1].End - current[0].Start >= Full) await CutAsync(track);
        return made;
    }

    /// <summary>True where some talk has no stretch.</summary>
    public static bool IsOpen(RenderTrack track, IEnumerable<Stretch> covered) => Uncovered(track, covered).Count > 0;

    private static List<Span> Uncovered(RenderTrack track, IEnumerable<Stretch> covered)
    {
        SampleStretch[] taken = [.. covered.SelectMany(stretch => stretch.Pieces).OrderBy(piece => piece.StartSample)];
        List<Span> spans = [];
        long cursor = 0;
        foreach (RenderSegment segment in track.Segments)
        {
            long start = Math.Max(segment.Start, cursor), end = segment.Start + segment.Count;
            cursor = Math.Max(cursor, end);
            foreach (SampleStretch piece in taken)
            {
                long pieceEnd = piece.StartSample + piece.SampleCount;
                if (pieceEnd <= start || piece.StartSample >= end) continue;
                if (piece.StartSample > start) spans.Add(new Span(start, piece.StartSample, segment));
                start = pieceEnd;
            }
            if (start < end) spans.Add(new Span(start, end, segment));
        }
        spans.RemoveAll(span => span.End - span.Start < Shortest);
        return spans;
    }

    // Talk without a pause: a word is not cut where a breath is near.
    private async Task CutAsync(RenderTrack track)
    {
        long first = current[0].Start;
        long cut = await quietest(first + EarliestCut, Math.Min(first + Longest, current[^1].End));
        List<Span> rest = [];
        foreach (Span span in current)
        {
            if (span.End > cut) rest.Add(span with { Start = Math.Max(span.Start, cut) });
        }
        current = [.. current.Where(span => span.Start < cut).Select(span => span with { End = Math.Min(span.End, cut) })];
        Close(track);
        current = rest;
    }

    private void Close(RenderTrack track)
    {
        made.Add(new Stretch
        {
            UserId = track.UserId,
            Username = track.Username,
            Pieces = Joined(current),
            Segments = [.. current.Select(span => span.Segment).Distinct()
                .Select(segment => new StretchSegment(segment.Index, segment.Start, segment.Count))],
        });
        current = [];
    }

    // Where one segment ends and the next begins is no pause.
    private static List<SampleStretch> Joined(List<Span> spans)
    {
        List<SampleStretch> pieces = [];
        foreach (Span span in spans)
        {
            if (pieces.Count > 0 && pieces[^1].StartSample + pieces[^1].SampleCount == span.Start)
                pieces[^1] = pieces[^1] with { SampleCount = span.End - pieces[^1].StartSample };
            else pieces.Add(new SampleStretch(span.Start, span.End - span.Start));
        }
        return pieces;
    }

    private readonly record struct Span(long Start, long End, RenderSegment Segment);
}
