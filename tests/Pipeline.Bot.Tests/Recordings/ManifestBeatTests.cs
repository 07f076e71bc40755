using Microsoft.Extensions.Time.Testing;
using Pipeline.Bot.Recordings;

namespace Pipeline.Bot.Tests.Recordings;

public sealed class ManifestBeatTests
{
    private readonly FakeTimeProvider time = new();
    private readonly FakeTimeProvider call = new();

    [Fact]
    public async Task Beat_is_due_after_its_interval_and_whenever_somebody_wants_it()
    {
        ManifestBeat beats = new(time, call);
        Task due = beats.WaitAsync(TestContext.Current.CancellationToken);
        time.Advance(ManifestBeat.Interval - TimeSpan.FromMilliseconds(1));
        Assert.False(due.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await due;
        beats.Want();
        await beats.WaitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A replay faster than real time: its account is as fresh in the call's time, and at most one a second is written.</summary>
    [Fact]
    public async Task Beat_that_is_old_by_the_clock_of_the_audio_is_due_once_a_second_at_most()
    {
        ManifestBeat beats = new(time, call);
        Task due = beats.WaitAsync(TestContext.Current.CancellationToken);
        call.Advance(ManifestBeat.Interval - TimeSpan.FromMilliseconds(1));
        time.Advance(TimeSpan.FromSeconds(1));
        beats.WantWhenOld();
        Assert.False(due.IsCompleted);
        call.Advance(TimeSpan.FromMilliseconds(1));
        beats.WantWhenOld();
        await due;

        beats.Begin();
        due = beats.WaitAsync(TestContext.Current.CancellationToken);
        call.Advance(ManifestBeat.Interval);
        time.Advance(TimeSpan.FromMilliseconds(999));
        beats.WantWhenOld();
        Assert.False(due.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        beats.WantWhenOld();
        await due;
    }

    [Fact]
    public async Task Word_counts_as_stored_with_the_beat_that_begins_after_it()
    {
        ManifestBeat beats = new(time, call);
        TaskCompletionSource running = beats.Begin();
        Task<bool> stored = beats.TryStoreAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Task due = beats.WaitAsync(TestContext.Current.CancellationToken);
        await due; // it is wanted at once
        running.SetResult(); // composed before the word was said
        Assert.False(stored.IsCompleted);
        beats.Begin().SetResult();
        Assert.True(await stored);
    }

    [Fact]
    public async Task Storage_that_does_not_take_the_word_in_time_is_said()
    {
        ManifestBeat beats = new(time, call);
        Task<bool> stored = beats.TryStoreAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(await stored);
    }
}
