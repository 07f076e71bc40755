using Pipeline.Dave.Frames;
using Pipeline.Dave.Receive;
using static Pipeline.Dave.Tests.Receive.ReceiverRig;

namespace Pipeline.Dave.Tests.Receive;

/// <summary>In which order a sender's packets come out when some of them have to wait for a key.</summary>
public sealed class WaitingOrderTests : IDisposable
{
    private static readonly byte[] Marker = OpusSilence.Frame.ToArray();

    private readonly ReceiverRig rig = new();

    public void Dispose() => rig.Dispose();

    private IEnumerable<(int Number, DaveOpenResult Result)> Out =>
        rig.Released.Select(one => ((int)one.Origin.SequenceNumber, one.Result));

    [Fact]
    public void What_needs_no_key_waits_behind_the_frames_that_do()
    {
        rig.Rekey(1, Alice);
        Assert.Equal(DaveOpenResult.Silence, rig.Open(Alice, Marker));
        Assert.False(rig.Queue(Alice));
        Assert.False(rig.Queue(Bob)); // never heard
        for (uint nonce = 1; nonce <= 2; nonce++) Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(2, Alice, nonce)));
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Marker));
        Assert.Empty(rig.LastPlain);
        Assert.True(rig.Queue(Alice));
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(2, Alice, 3)));
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Marker));
        Assert.Empty(rig.Released);

        rig.Rekey(2, Alice);
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal([(3, DaveOpenResult.Opened), (4, DaveOpenResult.Opened), (5, DaveOpenResult.Silence), (6, DaveOpenResult.NoAudio),
            (7, DaveOpenResult.Opened), (8, DaveOpenResult.Silence)], Out);
        Assert.Equal([Plain(1), Plain(2), Marker, [], Plain(3), Marker], rig.Released.Select(one => one.Frame));
        DaveCounters counters = rig.Receiver.CountersOf(Alice);
        Assert.Equal((3, 3, 3), (counters.Held, counters.Recovered, counters.Silence));
        Assert.False(rig.Queue(Alice));
    }

    [Fact]
    public void What_waits_behind_a_frame_that_never_opens_goes_out_with_it()
    {
        rig.Rekey(1, Alice);
        rig.Open(Alice, Seal(9, Alice, 1));
        rig.Open(Alice, Marker);
        rig.Queue(Alice);
        rig.Advance(1);
        rig.Open(Alice, Seal(9, Alice, 2));
        rig.Open(Alice, Marker);
        rig.Advance(1.2);
        Assert.Equal([(0, DaveOpenResult.Undecryptable), (1, DaveOpenResult.Silence), (2, DaveOpenResult.NoAudio)], Out);
        rig.Advance(1);
        Assert.Equal([(3, DaveOpenResult.Undecryptable), (4, DaveOpenResult.Silence)], Out.Skip(3));
    }

    /// <summary>One broken frame must not hold up a talk, and no number comes out behind a later one.</summary>
    [Fact]
    public void Frame_that_opens_ends_the_wait_of_those_that_its_sender_sent_before()
    {
        rig.Rekey(1, Alice);
        rig.Open(Alice, Seal(9, Alice, 1));
        rig.Open(Alice, Marker);
        rig.Queue(Alice);
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(1, Alice, 1)));
        Assert.Equal([(0, DaveOpenResult.Undecryptable), (1, DaveOpenResult.Silence), (2, DaveOpenResult.NoAudio)], Out);
        Assert.Equal(Plain(1), rig.LastPlain);
        rig.Advance(0.2);
        Assert.Equal((0, 0), (rig.Receiver.Health.WorstRun, rig.Receiver.Health.FailedSinceOpened));
        Assert.Equal(1, rig.Receiver.CountersOf(Alice).Undecryptable);
    }

    [Fact]
    public void Marker_that_overtook_a_frame_that_opens_goes_out_with_what_it_waited_for()
    {
        rig.Rekey(1, Alice);
        rig.Open(Alice, Seal(9, Alice, 1), number: 5);
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Marker, number: 7));
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(1, Alice, 1), number: 6));
        Assert.Equal([(5, DaveOpenResult.Undecryptable), (7, DaveOpenResult.Silence)], Out);
    }

    [Fact]
    public void Waiting_frame_that_opens_takes_along_what_was_sent_before_it()
    {
        rig.Rekey(1, Alice);
        rig.Open(Alice, Seal(9, Alice, 1));
        rig.Open(Alice, Marker);
        rig.Open(Alice, Seal(2, Alice, 1));
        rig.Queue(Alice);
        rig.Open(Alice, Seal(3, Alice, 1));
        rig.Rekey(2, Alice);
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal([(0, DaveOpenResult.Undecryptable), (1, DaveOpenResult.Silence), (2, DaveOpenResult.Opened),
            (3, DaveOpenResult.NoAudio)], Out);
        rig.Rekey(3, Alice);
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal((4, DaveOpenResult.Opened), Out.Last());
    }

    /// <summary>What comes late under the old key says nothing of what waits for the new one.</summary>
    [Theory]
    [InlineData(65_535, null)] // its number is lower, around the wrap
    [InlineData(5, 77u)] // of the source that the sender had before
    public void Late_frame_of_the_key_before_gives_nothing_up(int number, uint? ssrc)
    {
        rig.Rekey(1, Alice);
        for (uint nonce = 1; nonce <= 3; nonce++) rig.Open(Alice, Seal(2, Alice, nonce));
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(1, Alice, 1), (ushort)number, ssrc));
        Assert.Empty(rig.Released);
        rig.Rekey(2, Alice);
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal([(0, DaveOpenResult.Opened), (1, DaveOpenResult.Opened), (2, DaveOpenResult.Opened)], Out);
    }

    [Fact]
    public void Frames_from_before_joining_come_out_before_the_first_that_opens()
    {
        rig.Snapshot = rig.Snapshot with { JoinGapUntil = rig.In(10) };
        for (uint nonce = 1; nonce <= 3; nonce++) rig.Open(Alice, Seal(4, Alice, nonce));
        rig.Rekey(5, Alice);
        rig.Snapshot = rig.Snapshot with { JoinedSerial = 5 };
        Assert.Equal(DaveOpenResult.Opened, rig.Open(Alice, Seal(5, Alice, 1)));
        Assert.Equal([(0, DaveOpenResult.JoinGap), (1, DaveOpenResult.JoinGap), (2, DaveOpenResult.JoinGap)], Out);
        Assert.Equal(0, rig.Receiver.Health.FailedSinceOpened);
    }

    [Fact]
    public void Padding_pushes_out_no_frame_that_may_still_open()
    {
        rig.Rekey(1, Alice);
        for (uint nonce = 1; nonce <= 800; nonce++)
        {
            Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Seal(2, Alice, nonce)));
            Assert.True(rig.Queue(Alice));
        }
        rig.Rekey(2, Alice);
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal(Enumerable.Range(0, 1600), Out.Select(one => one.Number));
        Assert.Equal(800, rig.Receiver.CountersOf(Alice).Recovered);
    }

    [Fact]
    public void Flood_of_padding_ends_the_wait_of_the_frame_before_it()
    {
        rig.Rekey(1, Alice);
        rig.Open(Alice, Seal(2, Alice, 1));
        for (int i = 1; i < 1600; i++) Assert.True(rig.Queue(Alice));
        Assert.Empty(rig.Released);
        Assert.False(rig.Queue(Alice));
        Assert.Equal(Enumerable.Range(0, 1600), Out.Select(one => one.Number));
        Assert.Equal(DaveOpenResult.Undecryptable, rig.Released[0].Result);
    }

    [Fact]
    public void Unencrypted_frames_that_are_accepted_stay_behind_what_may_still_open()
    {
        rig.Rekey(1, Alice);
        rig.Snapshot = rig.Snapshot with { PassthroughUntil = rig.In(10) };
        rig.Open(Alice, Seal(2, Alice, 1));
        Assert.Equal(DaveOpenResult.Held, rig.Open(Alice, Plain(3)));
        Assert.Empty(rig.LastPlain);
        rig.Rekey(2, Alice);
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal([(0, DaveOpenResult.Opened), (1, DaveOpenResult.Passthrough)], Out);
        Assert.Equal(Plain(3), rig.Released[1].Frame);
        Assert.Equal(1, rig.Receiver.CountersOf(Alice).Passthrough);
    }

    [Fact]
    public void Unencrypted_frames_that_waited_keep_their_place_behind_a_sealed_one()
    {
        rig.Snapshot = rig.Snapshot with { PassthroughUntil = rig.In(10), PassthroughForMembers = true };
        rig.Rekey(1, Alice);
        Assert.Equal(DaveOpenResult.Held, rig.Open(Bob, Seal(9, Bob, 1)));
        Assert.Equal(DaveOpenResult.Held, rig.Open(Bob, Plain(5)));
        rig.Snapshot = rig.Snapshot with { PassthroughForMembers = false };
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Empty(rig.Released);
        rig.Rekey(9, Bob);
        rig.Receiver.Poll(rig.Snapshot);
        Assert.Equal([(0, DaveOpenResult.Opened), (1, DaveOpenResult.Passthrough)], Out);
        Assert.Equal(Plain(5), rig.Released[1].Frame);
    }

    [Fact]
    public void At_the_end_whatever_waits_goes_out_as_it_stands()
    {
        rig.Rekey(1, Alice);
        rig.Open(Alice, Seal(2, Alice, 1));
        rig.Open(Alice, Marker);
        rig.Open(Bob, Seal(2, Bob, 1));
        rig.Receiver.GiveUp();
        Assert.Equal([(Alice, 0, DaveOpenResult.Undecryptable), (Alice, 1, DaveOpenResult.Silence), (Bob, 2, DaveOpenResult.NoKey)],
            rig.Released.Select(one => (one.UserId, (int)one.Origin.SequenceNumber, one.Result)));
        rig.Receiver.GiveUp();
        Assert.Equal(3, rig.Released.Count);
    }
}
