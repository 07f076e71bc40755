using Pipeline.Bot.Capture;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Capture;

public sealed class GapLogTests
{
    private const ulong Noisy = 1;
    private const ulong Quiet = 2;
    private const long Apart = 48_000_000; // more than any gap here, so that none joins the next

    [Fact]
    public void Thousand_gaps_of_one_person_push_out_nobody_elses()
    {
        GapLog log = new();
        for (int i = 0; i < 2 * GapLog.MostGaps; i++) log.Add(Noisy, i * 1000, 100 + i, GapLog.Loss);
        log.Add(Quiet, 5, 7, GapLog.Undecryptable);
        log.Add(null, 6, 8, GapLog.Paused);
        log.Add(Noisy, 9, 50, GapLog.Loss);
        Assert.Equal(GapLog.MostGaps, log.Gaps.Length);
        Assert.Contains(log.Gaps, gap => gap is { UserId: Quiet, SampleCount: 7 });
        Assert.Contains(log.Gaps, gap => gap is { UserId: null, SampleCount: 8 });
        Assert.DoesNotContain(log.Gaps, gap => gap.SampleCount == 50); // their own shortest goes
        Assert.Equal(GapLog.MostGaps + 3, log.Unlisted);
    }

    [Fact]
    public void Gap_of_everybody_is_never_given_up()
    {
        GapLog log = new();
        for (int i = 0; i < GapLog.MostGaps; i++) log.Add(null, i * 1000, 1, GapLog.Paused);
        log.Add(Quiet, 5, 7, GapLog.Loss);
        Assert.All(log.Gaps, gap => Assert.Null(gap.UserId));
        Assert.Equal(1, log.Unlisted);
    }

    /// <summary>Another owner may have listed as much as there is room for: the limits are those of the recording.</summary>
    [Fact]
    public void What_the_owners_before_have_listed_counts_and_gaps_of_everybody_stay()
    {
        GapLog log = new();
        RecordingGap gap = new() { UserId = Noisy, StartSample = 1, SampleCount = 9, Reason = GapLog.Loss };
        RecordingNote[] notes = [.. Enumerable.Range(0, GapLog.MostNotesOfOne - 1)
            .Select(i => new RecordingNote { Sample = i, UserId = Noisy, Text = "before" })];
        log.Continue([.. Enumerable.Repeat(gap, GapLog.MostGaps - 1)], notes);
        log.Add(Quiet, 5, 7, GapLog.Loss);
        log.Add(Quiet, 50, 6, GapLog.Loss); // shorter than the only one that could make room
        Assert.Equal(7, Assert.Single(log.Gaps).SampleCount);
        log.Add(null, 60, 1, GapLog.Paused);
        log.Add(null, 70, 2, GapLog.Paused);
        Assert.Equal([(null, 1L), (null, 2)], log.Gaps.Select(one => (one.UserId, one.SampleCount)));
        Assert.Equal(2, log.Unlisted);

        Assert.Equal([NoteOutcome.Taken, NoteOutcome.TooManyOfOne], [log.AddNote(1, Noisy, "x"), log.AddNote(2, Noisy, "x")]);
        log.Continue([], [.. Enumerable.Range(0, GapLog.MostNotes - 2)
            .Select(i => new RecordingNote { Sample = i, UserId = 100 + (ulong)i, Text = "before" })]);
        Assert.Equal([NoteOutcome.Taken, NoteOutcome.TooMany], [log.AddNote(1, Quiet, "x"), log.AddNote(2, Quiet, "x")]);
    }

    [Fact]
    public void Gap_that_was_there_after_all_is_shortened_from_its_start_and_no_other()
    {
        GapLog log = new();
        foreach ((ulong user, long start, string reason) in
            ((ulong, long, string)[])[(Quiet, 100, "spool"), (Noisy, 100, "spool"), (Quiet, 100, "loss"), (Quiet, 200, "spool")])
            log.Add(user, start, 10, reason);
        log.Shorten(Quiet, 100, 4, "paused"); // there is none
        log.Shorten(Quiet, 101, 4, "spool");
        Assert.All(log.Gaps, gap => Assert.Equal(10, gap.SampleCount));
        log.Shorten(Quiet, 100, 4, "spool");
        Assert.Equal([(Quiet, 104L, 6L, "spool"), (Noisy, 100, 10, "spool"), (Quiet, 100, 10, "loss"), (Quiet, 200, 10, "spool")],
            log.Gaps.Select(gap => (gap.UserId!.Value, gap.StartSample, gap.SampleCount, gap.Reason)));
        log.Shorten(Quiet, 104, 6, "spool");
        log.Shorten(Noisy, 100, 20, "spool");
        Assert.Equal([(100L, "loss"), (200, "spool")], log.Gaps.Select(gap => (gap.StartSample, gap.Reason)));
    }

    [Fact]
    public void Notes_of_one_person_leave_room_for_others_and_none_that_was_taken_goes()
    {
        GapLog log = new();
        NoteOutcome[] outcomes = [.. Enumerable.Range(0, 1000).Select(i => log.AddNote(i, Noisy, "x"))];
        Assert.Equal(GapLog.MostNotesOfOne, outcomes.Count(outcome => outcome == NoteOutcome.Taken));
        Assert.Equal(NoteOutcome.TooManyOfOne, outcomes[^1]);
        Assert.Equal(NoteOutcome.Taken, log.AddNote(5, Quiet, "mine"));
        Assert.Contains(log.Notes, note => note is { UserId: Quiet, Text: "mine" });
        ulong other = 3;
        while (log.AddNote(6, other++, "y") == NoteOutcome.Taken) Assert.True(other < 2 * GapLog.MostNotes);
        Assert.Equal(GapLog.MostNotes, log.Notes.Length);
        Assert.Equal(NoteOutcome.TooMany, log.AddNote(7, Quiet, "too late"));
        Assert.Equal(GapLog.MostNotesOfOne, log.Notes.Count(note => note.UserId == Noisy));
    }

    [Fact]
    public void Notes_from_many_threads_are_all_there()
    {
        GapLog log = new();
        Parallel.For(0, 500, i => Assert.Equal(NoteOutcome.Taken, log.AddNote(i, (ulong)i, "z")));
        Assert.Equal(500, log.Notes.Select(note => note.Sample).Distinct().Count());
    }

    /// <summary>The n-th gap grows by n samples at a time: who reads a mix of two gaps reads another figure.</summary>
    [Fact]
    public async Task Gap_that_still_grows_is_one_whole_gap_for_every_reader()
    {
        TrackGaps gaps = new(new GapLog(), Noisy);
        using CancellationTokenSource written = new();
        Task<int>[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() => Read(gaps, written.Token)))];
        for (int gap = 1; gap <= GapLog.MostGaps; gap++)
        {
            for (int part = 0; part < 200; part++)
                gaps.Add(gap * Apart + part * gap, gap, gap % 2 == 0 ? GapLog.Loss : GapLog.Undecryptable);
        }
        await written.CancelAsync();
        foreach (int seen in await Task.WhenAll(readers)) Assert.True(seen > 0, "a reader saw no gap at all");
    }

    private static int Read(TrackGaps gaps, CancellationToken written)
    {
        int seen = 0;
        LoopLimit limit = new("a gap is seen");
        while (!written.IsCancellationRequested || seen == 0)
        {
            limit.Turn();
            if (gaps.Pending is not { } gap) continue;
            (long number, long rest) = Math.DivRem(gap.StartSample, Apart);
            Assert.Equal((0, 0, Noisy), (rest, gap.SampleCount % number, gap.UserId));
            Assert.InRange(gap.SampleCount, number, 200 * number);
            Assert.Equal(number % 2 == 0 ? GapLog.Loss : GapLog.Undecryptable, gap.Reason);
            seen++;
        }
        return seen;
    }
}
