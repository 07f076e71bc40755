using Pipeline.Bot.Capture;
using Pipeline.Contracts;

namespace Pipeline.Bot.Tests.Capture;

public sealed class GapLogTests
{
    private const ulong Noisy = 1;
    private const ulong Quiet = 2;

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
}
