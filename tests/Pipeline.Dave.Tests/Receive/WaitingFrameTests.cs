using System.Collections.Frozen;
using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;
using static Pipeline.Dave.Tests.Receive.ReceiverRig;

namespace Pipeline.Dave.Tests.Receive;

/// <summary>Frames that wait, windows and gaps, to the tick.</summary>
public sealed class WaitingFrameTests : IDisposable
{
    private readonly ReceiverRig rig = new();

    public void Dispose() => rig.Dispose();

    [Theory]
    [InlineData(1_900, 99, 1)]
    [InlineData(1_950, 60, 40)]
    public void Waiting_frame_is_given_up_by_the_look_of_every_tenth_of_a_second(int first, int second, int third)
    {
        rig.Rekey(1, Alice);
        rig.Open(Alice, Seal(9, Alice, 1));
        foreach (int after in (int[])[first, second])
        {
            Poll(after);
            Assert.Empty(rig.Released);
        }
        Poll(third);
        Assert.Equal(DaveOpenResult.Undecryptable, Assert.Single(rig.Released).Result);
    }

    [Fact]
    public void Frame_that_waits_twice_is_opened_once_and_counted_as_a_replay()
    {
        rig.Rekey(1, Alice);
        byte[] frame = Seal(2, Alice, 7);
        for (int i = 0; i < 2; i++) Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, frame));
        rig.Rekey(2, Alice);
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal([(DaveOpenResult.Opened, 0), (DaveOpenResult.Replayed, 1)],
            rig.Released.Select(one => (one.Result, (int)one.Origin.SequenceNumber)));
        Assert.Equal([Plain(7), []], rig.Released.Select(one => one.Frame));
        DaveCounters counters = rig.Receiver.CountersOf(Alice);
        Assert.Equal((2, 1, 1), (counters.Held, counters.Recovered, counters.Replayed));
        for (uint nonce = 1; nonce <= 800; nonce++) Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(3, Alice, nonce)));
        Assert.Equal(2, rig.Released.Count); // none of the places is taken by what has gone
    }

    /// <summary>Peers switch keys up to 1.5 s early, whatever the length of their frames.</summary>
    [Theory]
    [InlineData(2.5, 760)]
    [InlineData(5, 380)]
    [InlineData(10, 190)]
    [InlineData(60, 31)]
    public void Frames_of_any_length_wait_for_as_long(double milliseconds, int count)
    {
        rig.Rekey(1, Alice);
        for (uint nonce = 1; nonce <= count; nonce++)
        {
            Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(2, Alice, nonce)));
            rig.Time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            rig.Receiver.Poll(rig.Snapshot);
        }
        rig.Rekey(2, Alice);
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal((count, 0L), (rig.Receiver.CountersOf(Alice).Recovered, rig.Receiver.CountersOf(Alice).Undecryptable));
    }

    [Fact]
    public void Frames_that_wait_are_bounded_in_bytes_and_what_they_took_is_given_back()
    {
        HeldFrames held = new();
        DaveFrameOrigin origin = new(1, 1, 1, 1);
        byte[] large = new byte[1275];
        Fill(large);
        Assert.Equal(HeldFrames.MaxBytes / large.Length, held.Count);
        held.RemoveAt(0);
        Assert.False(held.IsFullFor(DaveOpenResult.Held, large.Length));
        Empty(first: true);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) held.Add(in origin, large, DaveOpenResult.Held);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000); // the buffers are there still
        Fill([]);
        Assert.Equal(HeldFrames.Capacity, held.Count);
        Assert.False(held.IsFullFor(DaveOpenResult.NoAudio, 0));
        Empty(first: false);
        held.Add(in origin, large, DaveOpenResult.Held);
        Assert.Equal(1, held.Count);

        void Fill(byte[] frame)
        {
            for (int turn = 0; !held.IsFullFor(DaveOpenResult.Held, frame.Length); turn++)
            {
                Assert.True(turn < HeldFrames.Capacity, "they are never full");
                held.Add(in origin, frame, DaveOpenResult.Held);
            }
        }

        void Empty(bool first)
        {
            for (int turn = 0; held.Count > 0; turn++)
            {
                Assert.True(turn < HeldFrames.Capacity, "they are never empty");
                held.RemoveAt(first ? 0 : held.Count - 1);
            }
        }
    }

    [Fact]
    public void Waiting_frame_that_opens_ends_a_run_of_failures()
    {
        rig.Rekey(1, Alice);
        rig.Open(Alice, Seal(9, Alice, 1));
        Poll(2_000);
        Assert.Equal((1, 1), (rig.Receiver.Health.FailedSinceOpened, rig.Receiver.Health.WorstRun));
        rig.Open(Alice, Seal(2, Alice, 1));
        EpochKeys next = new(2, 2, rig.Now, new Dictionary<ulong, byte[]> { [Alice] = SecretOf(2, Alice) }.ToFrozenDictionary());
        rig.Snapshot = rig.Snapshot with { Keys = [next, .. rig.Snapshot.Keys] }; // the revision stays: nothing else ends the run
        Poll(100);
        Assert.Equal((0, 0, 1L),
            (rig.Receiver.Health.FailedSinceOpened, rig.Receiver.Health.WorstRun, rig.Receiver.Health.Opened));
    }

    [Fact]
    public void Run_of_failures_ends_with_the_keys_it_was_counted_against()
    {
        rig.Rekey(1, Alice);
        rig.Open(Alice, Seal(9, Alice, 1));
        Poll(2_000);
        Assert.Equal(1, rig.Receiver.Health.WorstRun);
        rig.Rekey(2, Alice);
        Poll(100);
        Poll(100);
        Assert.Equal(0, rig.Receiver.Health.WorstRun);
    }

    [Fact]
    public void Unencrypted_frames_end_with_the_window_to_the_tick()
    {
        rig.Rekey(1, Alice);
        rig.Snapshot = rig.Snapshot with { PassthroughUntil = rig.In(10), PassthroughForMembers = true };
        Assert.Equal(DaveOpenResult.Held, rig.Open(Bob, Plain(4)));
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        rig.Snapshot = rig.Snapshot with { PassthroughUntil = rig.Now, PassthroughForMembers = false };
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Empty(rig.Released);
        Assert.Equal(DaveOpenResult.PlaintextRejected, rig.Open(Alice, Plain(3)));
        rig.Snapshot = rig.Snapshot with { PassthroughUntil = rig.Now + 1 };
        Assert.Equal(DaveOpenResult.Passthrough, rig.Open(Alice, Plain(3)));
        Assert.Equal(Plain(4), Assert.Single(rig.Released).Frame);
        DaveCounters counters = rig.Receiver.CountersOf(Bob);
        Assert.Equal((1, 1, 1), (counters.Held, counters.Recovered, counters.Passthrough));
    }

    [Fact]
    public void Keys_of_the_epoch_before_open_until_their_time_is_up_to_the_tick()
    {
        rig.Rekey(1, Alice);
        rig.Rekey(2, Alice);
        rig.Time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(1, Alice, 1)));
        rig.Time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(1, Alice, 2)));
    }

    [Fact]
    public void Join_gap_that_has_ended_begins_again_with_another_group_alone()
    {
        rig.Rekey(5, Alice);
        rig.Snapshot = rig.Snapshot with { JoinGapUntil = rig.In(60), JoinedSerial = 5 };
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(5, Alice, 1)));
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        rig.Snapshot = rig.Snapshot with { TransitionPending = true };
        rig.Open(Alice, Seal(9, Alice, 2));
        rig.Advance(2.2);
        rig.Rekey(6, Alice);
        rig.Snapshot = rig.Snapshot with { JoinedSerial = 6 };
        rig.Open(Alice, Seal(9, Alice, 3));
        rig.Advance(2.2);
        Assert.Equal([DaveOpenResult.Undecryptable, DaveOpenResult.RejoinGap], rig.Released.Select(frame => frame.Result));
    }

    [Fact]
    public void Join_gap_of_somebody_who_is_heard_for_the_first_time_is_no_second_one_when_a_snapshot_comes()
    {
        rig.Rekey(5, Alice);
        rig.Snapshot = rig.Snapshot with { JoinGapUntil = rig.In(10), JoinedSerial = 5 };
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(5, Alice, 1)));
        rig.Snapshot = rig.Snapshot with { TransitionPending = true };
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(9, Alice, 2)));
        rig.Advance(3);
        Assert.Equal(DaveOpenResult.JoinGap, Assert.Single(rig.Released).Result);
    }

    [Fact]
    public void Counters_are_kept_of_4096_users_and_frames_are_taken_of_more()
    {
        for (ulong round = 0; round < 5; round++)
        {
            for (ulong user = 1; user <= 1_024; user++)
                Assert.Equal(DaveOpenResult.Silence, rig.Open((1_024 * round) + user, [0xF8, 0xFF, 0xFE]));
            Poll(60_000); // and all of them are let go
        }
        Assert.Equal(4_096, rig.Receiver.Counters.Count());
        Assert.Equal((1L, 0L), (rig.Receiver.CountersOf(4_096).Silence, rig.Receiver.CountersOf(4_097).Silence));
    }

    [Theory]
    [InlineData(0, DaveOpenResult.Opened)]
    [InlineData(1, DaveOpenResult.PlaintextRejected)]
    public void Longest_frame_is_that_of_a_datagram(int more, DaveOpenResult expected)
    {
        rig.Rekey(1, Alice);
        byte[] sealedFrame = Vectors.FrameSealer.Seal(Vectors.FrameSealer.KeyOf(SecretOf(1, Alice), 0), 1, new byte[65_495 + more]);
        Assert.Equal(65_507 + more, sealedFrame.Length);
        Assert.Equal(expected, rig.Open(Alice, sealedFrame));
    }

    [Fact]
    public void Frame_of_a_living_epoch_is_not_opened_again_however_long_its_sender_was_silent()
    {
        rig.Rekey(1, Alice);
        byte[] frame = Seal(1, Alice, 1);
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, frame));
        rig.Advance(3_600);
        Assert.Equal(DaveOpenResult.Replayed, rig.Open(Alice, frame));
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(1, Alice, 2)));
    }

    [Fact]
    public void Frame_heard_before_its_sender_left_and_came_back_in_the_same_epoch_is_not_opened_again()
    {
        rig.Rekey(1, Alice);
        byte[] frame = Seal(1, Alice, 1);
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, frame));
        rig.Snapshot = rig.Snapshot with { Departures = new Dictionary<ulong, long> { [Alice] = rig.In(10) }.ToFrozenDictionary() };
        rig.Advance(100);
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, frame));
        rig.Advance(2.2);
        Assert.Equal(DaveOpenResult.NoKey, Assert.Single(rig.Released).Result);
        rig.Snapshot = rig.Snapshot with { Departures = FrozenDictionary<ulong, long>.Empty };
        Assert.Equal(DaveOpenResult.Replayed, rig.Open(Alice, frame));
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(1, Alice, 2)));
    }

    [Fact]
    public void Run_of_failures_of_a_sender_who_fell_silent_counts_no_longer_than_a_minute()
    {
        rig.Rekey(1, Alice);
        for (uint nonce = 1; nonce <= 40; nonce++) rig.Open(Alice, Seal(9, Alice, nonce));
        rig.Advance(59);
        Assert.Equal(40, rig.Receiver.Health.WorstRun);
        rig.Advance(2);
        Assert.Equal(0, rig.Receiver.Health.WorstRun);
    }

    [Fact]
    public void Receiver_that_ended_holds_no_keys()
    {
        rig.Rekey(1, Alice);
        rig.Open(Alice, Seal(1, Alice, 1));
        Assert.Equal(1, rig.Receiver.TrialsOf(Alice));
        rig.Receiver.Dispose();
        Assert.Equal(0, rig.Receiver.TrialsOf(Alice));
    }

    private void Poll(int afterMilliseconds)
    {
        rig.Time.Advance(TimeSpan.FromMilliseconds(afterMilliseconds));
        rig.Receiver.Poll(rig.Snapshot);
    }
}
