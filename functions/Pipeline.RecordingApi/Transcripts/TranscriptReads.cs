using System.Collections.Concurrent;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Transcripts;

/// <summary>Says how far the text of a recording is. Kept until it changes: a page asks every three seconds.</summary>
public sealed class TranscriptReads(TranscriptTable table, TranscriptionOptions options)
{
    private const int MostRecordings = 1_000;

    private readonly ConcurrentDictionary<RecordingId, (string Stamp, TranscriptState State)> known = new();

    /// <summary>Null where transcripts are off, or nothing of this recording was sent yet.</summary>
    public async Task<TranscriptState?> FindAsync(RecordingId recording, CancellationToken cancellation)
    {
        if (!options.IsOn || await table.FindHeadAsync(recording, cancellation) is not { } head) return null;
        if (known.TryGetValue(recording, out (string Stamp, TranscriptState State) last) && last.Stamp == head.Stamp) return last.State;
        TranscriptState state = Of(await table.ReadAsync(recording, withText: false, cancellation), head);
        if (known.Count >= MostRecordings) known.Clear();
        known[recording] = (head.Stamp, state);
        return state;
    }

    internal static string StatusOf(IReadOnlyList<StretchRow> rows, TranscriptHead head) => !head.IsComplete ? TranscriptState.Running
        : head.IsOverBudget || rows.Any(row => row.State == StretchState.Failed) ? TranscriptState.Partial : TranscriptState.Ready;

    internal static string? ProblemOf(IReadOnlyList<StretchRow> rows, TranscriptHead head)
    {
        StretchRow[] failed = [.. rows.Where(row => row.State == StretchState.Failed)];
        if (failed.Length > 0)
            return $"{failed.Length} stretches of talk have no text: of the service that transcribes, {failed[^1].Reason}";
        if (head.IsOverBudget) return "talk beyond Transcription__MaxMinutes was not transcribed";
        return rows.LastOrDefault(row => row is { State: StretchState.Waiting, Reason: not null }) is { } waiting
            ? $"the service that transcribes gives no text, it is asked again: {waiting.Reason}" : null;
    }

    private static TranscriptState Of(List<StretchRow> rows, TranscriptHead head)
    {
        StretchRow[] waiting = [.. rows.Where(row => row.State == StretchState.Waiting)];
        return new TranscriptState
        {
            Status = StatusOf(rows, head),
            UpToSample = waiting.Length > 0 ? waiting.Min(row => row.Stretch.Start)
                : rows.Select(row => row.Stretch.End).DefaultIfEmpty(0).Max(),
            TranscribedSamples = Sum(rows, StretchState.Done),
            WaitingSamples = Sum(rows, StretchState.Waiting),
            FailedSamples = Sum(rows, StretchState.Failed),
            Problem = ProblemOf(rows, head),
        };
    }

    private static long Sum(List<StretchRow> rows, StretchState state) =>
        rows.Where(row => row.State == state).Sum(row => row.Stretch.Samples);
}
