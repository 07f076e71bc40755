using System.Collections.Immutable;
using Pipeline.Contracts;

namespace Pipeline.Bot.Capture;

/// <summary>
/// Gaps and notes of a recording: what the manifest can carry of them, shared out so that no person takes the place of others.
/// </summary>
internal sealed class GapLog
{
    public const string Loss = "loss";
    public const string Undecryptable = "undecryptable";
    public const string Spool = "spool";
    public const string Paused = "paused";
    public const string Capacity = "capacity";

    /// <summary>What the manifest can carry; further gaps are counted only (they are silence in the audio either way).</summary>
    public const int MostGaps = 1000;

    public const int MostNotes = 1000;
    public const int MostNotesOfOne = 100;

    private ImmutableArray<RecordingGap> gaps = [];
    private ImmutableArray<RecordingNote> notes = [];
    private long unlisted;
    private int gapsBefore;
    private IReadOnlyList<RecordingNote> notesBefore = [];

    /// <summary>What the owners before have listed of a recording that is continued: it counts, and stays as it is.</summary>
    public void Continue(IReadOnlyList<RecordingGap> gapsListed, IReadOnlyList<RecordingNote> notesListed) =>
        (gapsBefore, notesBefore) = (gapsListed.Count, notesListed);

    public ImmutableArray<RecordingGap> Gaps => gaps;
    public ImmutableArray<RecordingNote> Notes => notes;
    public long Unlisted => Volatile.Read(ref unlisted);

    /// <summary>
    /// Tick thread. In a full list the shortest gap of the person who has most of them makes room; a gap of everybody always stays, also
    /// where nothing is left to make room but what earlier owners have listed.
    /// </summary>
    /// <param name="userId">Null for all tracks.</param>
    public void Add(ulong? userId, long start, long samples, string reason)
    {
        if (samples <= 0) return;
        RecordingGap gap = new() { UserId = userId, StartSample = start, SampleCount = samples, Reason = reason };
        if (gaps.Length + gapsBefore < MostGaps
            || (userId is null && gaps.Length < MostGaps && gaps.All(one => one.UserId is null)))
        {
            gaps = gaps.Add(gap);
            return;
        }
        Volatile.Write(ref unlisted, unlisted + 1);
        if (ShortestOfTheMost(gap) is { } victim && victim != gap) gaps = gaps.Remove(victim).Add(gap);
    }

    /// <summary>Tick thread. So much of a gap from its start on was there after all.</summary>
    public void Shorten(ulong? userId, long start, long samples, string reason)
    {
        RecordingGap? gap = gaps.FirstOrDefault(one => one.UserId == userId && one.StartSample == start && one.Reason == reason);
        if (gap is null) return;
        gaps = gap.SampleCount <= samples ? gaps.Remove(gap)
            : gaps.Replace(gap, gap with { StartSample = start + samples, SampleCount = gap.SampleCount - samples });
    }

    /// <summary>Tick thread. What is listed as a gap of the one is one of the other.</summary>
    public void Hand(ulong from, ulong to) => gaps = [.. gaps.Select(gap => gap.UserId == from ? gap with { UserId = to } : gap)];

    /// <summary>Any thread. A note that was taken stays.</summary>
    public NoteOutcome AddNote(long sample, ulong userId, string text)
    {
        RecordingNote note = new() { Sample = sample, UserId = userId, Text = text };
        while (true)
        {
            ImmutableArray<RecordingNote> known = notes;
            if (notesBefore.Concat(known).Count(one => one.UserId == userId) >= MostNotesOfOne) return NoteOutcome.TooManyOfOne;
            if (notesBefore.Count + known.Length >= MostNotes) return NoteOutcome.TooMany;
            if (ImmutableInterlocked.InterlockedCompareExchange(ref notes, known.Add(note), known) == known) return NoteOutcome.Taken;
        }
    }

    private RecordingGap? ShortestOfTheMost(RecordingGap next) => gaps.Append(next)
        .Where(gap => gap.UserId is not null)
        .GroupBy(gap => gap.UserId)
        .MaxBy(ofOne => ofOne.Count())?
        .MinBy(gap => gap.SampleCount);
}

/// <summary>What became of a note.</summary>
internal enum NoteOutcome
{
    Taken,

    /// <summary>The person has set as many as one may.</summary>
    TooManyOfOne,

    /// <summary>The recording has as many as fit.</summary>
    TooMany,
}

/// <summary>Audio of one track that did not reach us. Neighbours of one reason become one gap before they are listed.</summary>
internal sealed class TrackGaps(GapLog log, ulong userId)
{
    private ulong owner = userId;
    private RecordingGap? pending;

    /// <summary>Missing audio that may still grow, or null. Any thread.</summary>
    public RecordingGap? Pending => Volatile.Read(ref pending);

    public void Add(long start, long samples, string reason)
    {
        if (samples <= 0) return;
        if (pending is { } same && same.Reason == reason && start == same.StartSample + same.SampleCount)
        {
            Volatile.Write(ref pending, same with { SampleCount = same.SampleCount + samples });
            return;
        }
        Flush();
        Volatile.Write(ref pending, new RecordingGap { UserId = owner, StartSample = start, SampleCount = samples, Reason = reason });
    }

    /// <summary>From now on they are gaps of somebody else's track, those too that are listed.</summary>
    public void Hand(ulong to)
    {
        Flush();
        log.Hand(owner, to);
        owner = to;
    }

    /// <inheritdoc cref="GapLog.Shorten"/>
    public void Shorten(long start, long samples, string reason)
    {
        Flush();
        log.Shorten(owner, start, samples, reason);
    }

    /// <summary>Forgets what is pending.</summary>
    public void Drop() => Volatile.Write(ref pending, null);

    /// <summary>Lists what is pending: nothing more of it comes.</summary>
    public void Flush()
    {
        if (pending is not { } gap) return;
        log.Add(gap.UserId, gap.StartSample, gap.SampleCount, gap.Reason);
        Volatile.Write(ref pending, null);
    }
}
