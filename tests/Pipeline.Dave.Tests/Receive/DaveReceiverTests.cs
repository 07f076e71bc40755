using System.Collections.Frozen;
using CsCheck;
using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;
using static Pipeline.Dave.Tests.Receive.ReceiverRig;

namespace Pipeline.Dave.Tests.Receive;

public sealed class DaveReceiverTests : IDisposable
{
    private readonly ReceiverRig rig = new();

    public void Dispose() => rig.Dispose();

    [Fact]
    public void A_frame_of_the_current_epoch_opens()
    {
        rig.Rekey(1, Alice);
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(1, Alice, 1)));
        Assert.Equal(Plain(1), rig.LastPlain);
        Assert.Equal(1, rig.Receiver.CountersOf(Alice).Opened);
    }

    [Fact]
    public void However_many_snapshots_come_a_waiting_frame_is_tried_once_with_each_epoch()
    {
        rig.Rekey(1, Alice);
        for (uint nonce = 1; nonce <= 100; nonce++) Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(77, Alice, nonce)));
        long before = rig.Receiver.TrialsOf(Alice);
        for (int i = 0; i < 500; i++)
        {
            rig.Snapshot = rig.Snapshot with { TransitionPending = i % 2 == 0 };
            rig.Receiver.Poll(rig.Snapshot);
        }
        Assert.Equal(before, rig.Receiver.TrialsOf(Alice));
        for (int serial = 2; serial <= 11; serial++)
        {
            rig.Rekey(serial, Alice);
            rig.Receiver.Poll(rig.Snapshot);
        }
        Assert.Equal(before + 1_000, rig.Receiver.TrialsOf(Alice));
        rig.Rekey(77, Alice);
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal(100, rig.Released.Count(one => one.Result == DaveOpenResult.Opened));
    }

    [Fact]
    public void The_silence_frame_passes_at_any_time_and_is_the_only_plain_one_that_does()
    {
        rig.Rekey(1, Alice);
        Assert.Equal(DaveOpenResult.Silence, rig.Open(Alice, [0xF8, 0xFF, 0xFE]));
        Assert.Equal([0xF8, 0xFF, 0xFE], rig.LastPlain);
        Assert.Equal(DaveOpenResult.PlaintextRejected, rig.Open(Alice, [0xF8, 0xFF, 0xFF]));
        Assert.Equal(DaveOpenResult.PlaintextRejected, rig.Open(Alice, Plain(3)));
        Assert.Equal(DaveOpenResult.PlaintextRejected, rig.Open(Alice, []));
        Assert.Empty(rig.LastPlain);
        Assert.Equal(3, rig.Receiver.CountersOf(Alice).PlaintextRejected);
    }

    [Fact]
    public void Plain_frames_pass_until_the_window_ends_and_sealed_ones_open_meanwhile()
    {
        rig.Rekey(1, Alice);
        rig.Snapshot = rig.Snapshot with { PassthroughUntil = rig.In(10) };
        Assert.Equal(DaveOpenResult.Passthrough, rig.Open(Alice, Plain(3)));
        Assert.Equal(Plain(3), rig.LastPlain);
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(1, Alice, 1)));
        rig.Advance(9.9);
        Assert.Equal(DaveOpenResult.Passthrough, rig.Open(Alice, Plain(4)));
        rig.Advance(0.2);
        Assert.Equal(DaveOpenResult.PlaintextRejected, rig.Open(Alice, Plain(5)));
    }

    [Fact]
    public void An_announced_downgrade_lets_members_pass_and_others_wait_for_its_execution()
    {
        rig.Rekey(1, Alice);
        DaveSnapshot announced = rig.Snapshot = rig.Snapshot with { PassthroughUntil = rig.In(10), PassthroughForMembers = true };
        Assert.Equal(DaveOpenResult.Passthrough, rig.Open(Alice, Plain(3)));
        Assert.Equal(DaveOpenResult.Held, rig.Open(Bob, Plain(4)));
        Assert.Empty(rig.LastPlain);
        rig.Advance(2.2);
        Assert.Equal((Bob, DaveOpenResult.PlaintextRejected, 0),
            (rig.Released[0].UserId, rig.Released[0].Result, rig.Released[0].Frame.Length));
        Assert.Equal(0, rig.Receiver.Health.FailedSinceOpened);

        Assert.Equal(DaveOpenResult.Held, rig.Open(Bob, Plain(5)));
        Assert.Equal(DaveOpenResult.Held, rig.Open(Bob, Plain(6)));
        rig.Snapshot = announced with { ProtocolVersion = 0, PassthroughUntil = long.MaxValue, PassthroughForMembers = false };
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal([Plain(5), Plain(6)], rig.Released.Skip(1).Select(frame => frame.Frame));
        Assert.All(rig.Released.Skip(1), frame => Assert.Equal(DaveOpenResult.Passthrough, frame.Result));
        Assert.Equal(DaveOpenResult.Passthrough, rig.Open(Bob, Plain(7)));
    }

    [Fact]
    public void In_a_plain_call_even_a_frame_that_ends_like_a_sealed_one_is_audio()
    {
        byte[] lookalike = [.. Plain(1), .. new byte[8], 1, 12, 0xFA, 0xFA];
        rig.Snapshot = DaveSnapshot.Plain;
        Assert.Equal(DaveOpenResult.Passthrough, rig.Open(Alice, lookalike));
        Assert.Equal(lookalike, rig.LastPlain);
    }

    [Fact]
    public void Frames_ahead_of_their_key_are_given_out_in_order_when_it_comes()
    {
        rig.Rekey(1, Alice, Bob);
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(1, Alice, 1)));
        for (uint nonce = 1; nonce <= 75; nonce++)
        {
            Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(2, Alice, nonce)));
            rig.Advance(0.02);
        }
        Assert.Empty(rig.Released);

        rig.Rekey(2, Alice, Bob);
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Bob, Seal(2, Bob, 1)));
        Assert.Equal(Enumerable.Range(1, 75).Select(Plain), rig.Released.Select(held => held.Frame));
        Assert.Equal(Enumerable.Range(1, 75), rig.Released.Select(held => (int)held.Origin.SequenceNumber));
        DaveCounters counters = rig.Receiver.CountersOf(Alice);
        Assert.Equal((75, 75, 0), (counters.Held, counters.Recovered, counters.Undecryptable));
        Assert.Equal(0, rig.Receiver.Health.FailedSinceOpened);
    }

    [Fact]
    public void A_poll_alone_gives_held_frames_their_chance()
    {
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(1, Alice, 1)));
        rig.Rekey(1, Alice);
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal(DaveOpenResult.Opened, Assert.Single(rig.Released).Result);
    }

    [Fact]
    public void A_frame_whose_key_never_comes_is_given_up_after_two_seconds_with_its_place()
    {
        rig.Rekey(1, Alice);
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(9, Alice, 1)));
        Assert.Equal(DaveOpenResult.Held, rig.Open(Bob, Seal(9, Bob, 1)));
        rig.Advance(1.9);
        Assert.Empty(rig.Released);
        rig.Advance(0.3);
        Assert.Equal([(Alice, DaveOpenResult.Undecryptable), (Bob, DaveOpenResult.NoKey)],
            rig.Released.Select(held => (held.UserId, held.Result)));
        Assert.All(rig.Released, held => Assert.Empty(held.Frame));
        Assert.Equal(2, rig.Receiver.Health.FailedSinceOpened);
    }

    [Fact]
    public void Eight_hundred_frames_wait_and_the_oldest_makes_room()
    {
        rig.Rekey(1, Alice);
        for (uint nonce = 1; nonce <= 830; nonce++) rig.Open(Alice, Seal(2, Alice, nonce));
        Assert.Equal(Enumerable.Range(0, 30), rig.Released.Select(held => (int)held.Origin.SequenceNumber));
        rig.Rekey(2, Alice);
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal(800, rig.Receiver.CountersOf(Alice).Recovered);
        Assert.Equal(30, rig.Receiver.CountersOf(Alice).Undecryptable);
    }

    [Theory]
    [InlineData(9, DaveOpenResult.Opened)]
    [InlineData(11, DaveOpenResult.Held)]
    public void Frames_of_the_epoch_before_open_for_ten_seconds(double seconds, DaveOpenResult expected)
    {
        rig.Rekey(1, Alice);
        rig.Open(Alice, Seal(1, Alice, 1));
        rig.Rekey(2, Alice);
        rig.Open(Alice, Seal(2, Alice, 1));
        rig.Advance(seconds);
        Assert.Equal(expected, rig.Open(Alice, Seal(1, Alice, 2)));
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(2, Alice, 2)));
    }

    [Fact]
    public void A_duplicate_is_counted_and_its_bytes_are_not_given_out()
    {
        rig.Rekey(1, Alice);
        byte[] frame = Seal(1, Alice, 7);
        rig.Open(Alice, frame);
        Assert.Equal(DaveOpenResult.Replayed, rig.Open(Alice, frame));
        Assert.Empty(rig.LastPlain);
        rig.Rekey(2, Alice);
        Assert.Equal(DaveOpenResult.Replayed, rig.Open(Alice, frame));
        Assert.Equal(2, rig.Receiver.CountersOf(Alice).Replayed);
    }

    [Fact]
    public void Another_members_key_does_not_open_a_frame()
    {
        rig.Rekey(1, Alice, Bob);
        Assert.Equal(DaveOpenResult.Held, rig.Open(Bob, Seal(1, Alice, 1)));
    }

    [Fact]
    public void Frames_from_before_joining_are_a_gap_and_no_failure()
    {
        rig.Snapshot = rig.Snapshot with { State = DaveState.Pending, JoinGapUntil = rig.In(10) };
        rig.Open(Alice, Seal(4, Alice, 1));
        rig.Rekey(5, Alice);
        rig.Snapshot = rig.Snapshot with { State = DaveState.Active, JoinedSerial = 5 };
        rig.Open(Alice, Seal(4, Alice, 2));
        rig.Advance(3);
        Assert.Equal(2, rig.Receiver.CountersOf(Alice).JoinGap);
        Assert.Equal(DaveHealth.Good(rig.Snapshot.Revision), rig.Receiver.Health);

        rig.Open(Alice, Seal(5, Alice, 1));
        rig.Advance(1);
        rig.Open(Alice, Seal(9, Alice, 3));
        rig.Advance(3);
        Assert.Equal(1, rig.Receiver.CountersOf(Alice).Undecryptable);
    }

    [Theory]
    [InlineData(499, DaveOpenResult.JoinGap)]
    [InlineData(500, DaveOpenResult.Undecryptable)]
    public void Join_gap_of_a_speaker_ends_half_a_second_after_the_first_frame_that_opened(int milliseconds, DaveOpenResult expected)
    {
        rig.Rekey(5, Alice);
        rig.Snapshot = rig.Snapshot with { JoinGapUntil = rig.In(10), JoinedSerial = 5 };
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(5, Alice, 1)));
        rig.Time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(9, Alice, 2)));
        rig.Advance(3);
        Assert.Equal(expected, Assert.Single(rig.Released).Result);
    }

    [Theory]
    [InlineData(9_999, DaveOpenResult.JoinGap)]
    [InlineData(10_000, DaveOpenResult.Undecryptable)]
    public void Join_gap_of_a_speaker_of_whom_nothing_opens_ends_with_the_window(int milliseconds, DaveOpenResult expected)
    {
        rig.Rekey(5, Alice);
        rig.Snapshot = rig.Snapshot with { JoinGapUntil = rig.In(10), JoinedSerial = 5 };
        rig.Time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        rig.Open(Alice, Seal(9, Alice, 2));
        rig.Advance(3);
        Assert.Equal(expected, Assert.Single(rig.Released).Result);
    }

    [Fact]
    public void Thirty_two_epochs_live_at_once_and_the_oldest_are_let_go()
    {
        for (int serial = 1; serial <= 33; serial++) rig.Rekey(serial, Alice);
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(1, Alice, 1)));
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(2, Alice, 1)));
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(33, Alice, 1)));
    }

    [Fact]
    public void Frame_waits_two_seconds_to_the_tick_and_a_silent_speaker_without_keys_is_let_go_after_a_minute()
    {
        rig.Rekey(1, Alice);
        rig.Open(Alice, Seal(1, Alice, 1));
        rig.Open(Alice, Seal(9, Alice, 2));
        rig.Rekey(2, Bob);
        Poll(TimeSpan.FromMilliseconds(1_999));
        Assert.Empty(rig.Released);
        Poll(TimeSpan.FromMilliseconds(100));
        Assert.Single(rig.Released);
        Poll(TimeSpan.FromMilliseconds(57_800));
        Assert.Equal(2, rig.Receiver.TrialsOf(Alice));
        Poll(TimeSpan.FromMilliseconds(101));
        Assert.Equal(0, rig.Receiver.TrialsOf(Alice));
        Assert.Equal(1, rig.Receiver.CountersOf(Alice).Opened);

        void Poll(TimeSpan after)
        {
            rig.Time.Advance(after);
            rig.Receiver.Poll(rig.Snapshot);
        }
    }

    [Fact]
    public void Speaker_without_a_name_is_found_by_a_key_that_still_lives()
    {
        byte[] frame = Seal(1, Bob, 3), scratch = new byte[200];
        Assert.False(rig.Receiver.TryFindSender(rig.Snapshot, frame, scratch, out ulong found));
        Assert.Equal(0ul, found);
        rig.Rekey(1, Alice, Bob);
        Assert.True(rig.Receiver.TryFindSender(rig.Snapshot, frame, scratch, out found));
        Assert.Equal(Bob, found);
        Assert.False(rig.Receiver.TryFindSender(rig.Snapshot, Plain(3), scratch, out _));
        Assert.False(rig.Receiver.TryFindSender(rig.Snapshot, Seal(2, Bob, 3), scratch, out _));
        rig.Rekey(2, Alice);
        Assert.True(rig.Receiver.TryFindSender(rig.Snapshot, frame, scratch, out found));
        Assert.Equal(Bob, found);
        rig.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(rig.Receiver.TryFindSender(rig.Snapshot, frame, scratch, out _));
    }

    [Fact]
    public void Runs_of_failures_are_told_and_end_with_an_opened_frame_or_new_keys()
    {
        rig.Rekey(1, Alice, Bob);
        for (uint nonce = 1; nonce <= 40; nonce++) rig.Open(Alice, Seal(8, Alice, nonce));
        rig.Advance(2.2);
        Assert.Equal(40, rig.Receiver.Health.WorstRun);
        rig.Open(Bob, Seal(1, Bob, 1));
        rig.Advance(0.2);
        Assert.Equal((40, 0), (rig.Receiver.Health.WorstRun, rig.Receiver.Health.FailedSinceOpened));
        rig.Open(Alice, Seal(1, Alice, 1));
        rig.Advance(0.2);
        Assert.Equal(0, rig.Receiver.Health.WorstRun);

        for (uint nonce = 50; nonce <= 60; nonce++) rig.Open(Alice, Seal(8, Alice, nonce));
        rig.Advance(2.2);
        Assert.Equal(11, rig.Receiver.Health.WorstRun);
        rig.Rekey(2, Alice);
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal(DaveHealth.Good(rig.Snapshot.Revision), rig.Receiver.Health);
    }

    [Fact]
    public void A_user_who_left_loses_the_decryptor_when_the_time_is_up()
    {
        rig.Rekey(1, Alice);
        rig.Snapshot = rig.Snapshot with { Departures = new Dictionary<ulong, long> { [Alice] = rig.In(10) }.ToFrozenDictionary() };
        rig.Advance(9);
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(1, Alice, 1)));
        rig.Advance(2);
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(1, Alice, 2)));
    }

    [Fact]
    public void A_user_who_left_is_heard_until_the_time_is_up_to_the_tick()
    {
        rig.Rekey(1, Alice);
        rig.Snapshot = rig.Snapshot with { Departures = new Dictionary<ulong, long> { [Alice] = rig.In(10) }.ToFrozenDictionary() };
        rig.Time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(1, Alice, 1)));
        rig.Time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(1, Alice, 2)));
    }

    [Fact]
    public void A_destination_that_is_too_short_is_our_bug() => Assert.Throws<ArgumentException>(() =>
        rig.Receiver.Open(rig.Snapshot, Alice, default, new byte[10], new byte[9], out _));

    [Fact]
    public void Users_beyond_the_limit_are_refused_and_idle_ones_make_room()
    {
        for (ulong user = 1; user <= 1_034; user++) rig.Open(user, Seal(1, user, 1));
        Assert.Equal(1_024, rig.Receiver.Counters.Count());
        rig.Advance(70);
        Assert.Equal(DaveOpenResult.Held, rig.Open(5000, Seal(1, 5000, 1)));
    }

    [Fact]
    public void Counters_are_added_and_named_each_by_itself()
    {
        DaveCounters one = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), ten = new(10, 20, 30, 40, 50, 60, 70, 80, 90, 100);
        Assert.Equal(new DaveCounters(11, 22, 33, 44, 55, 66, 77, 88, 99, 110), one + ten);
        Assert.Equal(
            [("e2eHeld", 3), ("e2eJoinGap", 5), ("e2eNoKey", 8), ("e2eOpened", 1), ("e2ePassthrough", 9), ("e2ePlaintextRejected", 10),
                ("e2eRecovered", 4), ("e2eReplayed", 7), ("e2eSilence", 2), ("e2eUndecryptable", 6)],
            one.ToDictionary().Select(pair => (pair.Key, pair.Value)).Order());
        Assert.Equal(["e2eHeld"], new DaveCounters(0, 0, 3, 0, 0, 0, 0, 0, 0, 0).ToDictionary().Keys);
    }

    [Fact]
    public void Opening_does_not_allocate()
    {
        rig.Rekey(1, Alice);
        byte[][] frames = [.. Enumerable.Range(1, 2_000).Select(nonce => Seal(1, Alice, (uint)nonce))];
        byte[] destination = new byte[2048];
        DaveSnapshot snapshot = rig.Snapshot;
        for (int i = 0; i < 500; i++) rig.Receiver.Open(snapshot, Alice, default, frames[i], destination, out _);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 500; i < frames.Length; i++) rig.Receiver.Open(snapshot, Alice, default, frames[i], destination, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(frames.Length, rig.Receiver.CountersOf(Alice).Opened);
    }

    [Fact]
    public void Arbitrary_frames_neither_throw_nor_come_out_as_audio()
    {
        rig.Rekey(1, Alice);
        Gen<byte[]> nearly = Gen.Select(Gen.Byte.Array[0, 90], Gen.Byte, (bytes, size) => (byte[])[.. bytes, size, 0xFA, 0xFA]);
        Gen.OneOf(Gen.Byte.Array[0, 90], nearly).Sample(bytes =>
        {
            DaveOpenResult result = rig.Open(Alice, bytes);
            return result is DaveOpenResult.Held or DaveOpenResult.PlaintextRejected or DaveOpenResult.Silence
                && (result == DaveOpenResult.Silence || rig.LastPlain.Length == 0);
        }, iter: 3_000, threads: 1);
        Assert.True(rig.Receiver.CountersOf(Alice).Opened == 0);
    }
}
