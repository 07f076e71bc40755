using System.Collections.Frozen;
using Pipeline.Dave.Frames;
using Pipeline.Dave.Keys;
using Pipeline.Dave.Receive;
using Pipeline.Dave.Session;
using static Pipeline.Dave.Tests.Receive.ReceiverRig;

namespace Pipeline.Dave.Tests.Receive;

/// <summary>What the receiver counts and compares, each part by itself.</summary>
public sealed class ReceiverPartsTests
{
    [Theory]
    [InlineData(DaveOpenResult.Opened, true)]
    [InlineData(DaveOpenResult.Passthrough, true)]
    [InlineData(DaveOpenResult.Silence, false)]
    [InlineData(DaveOpenResult.Held, false)]
    [InlineData(DaveOpenResult.JoinGap, false)]
    public void Somebody_is_heard_by_a_frame_that_is_audio(DaveOpenResult result, bool expected)
    {
        UserCounters counters = new();
        Assert.False(counters.HasHeard);
        counters.Count(result);
        Assert.Equal(expected, counters.HasHeard);
    }

    [Fact]
    public void Somebody_is_heard_by_a_frame_that_waited_and_gaps_of_either_kind_are_one_count()
    {
        UserCounters counters = new();
        counters.CountRecovered();
        Assert.True(counters.HasHeard);
        counters.Count(DaveOpenResult.JoinGap);
        for (int i = 0; i < 2; i++) counters.Count(DaveOpenResult.RejoinGap);
        Assert.Equal((1L, 3L), (counters.Read().Recovered, counters.Read().JoinGap));
    }

    // RFC 3550 §5.1: sequence numbers wrap, and another source has its own.
    [Theory]
    [InlineData(5, 6, 1, true)]
    [InlineData(6, 6, 1, false)]
    [InlineData(7, 6, 1, false)]
    [InlineData(65_535, 0, 1, true)]
    [InlineData(0, 65_535, 1, false)]
    [InlineData(0, 32_767, 1, true)]
    [InlineData(5, 6, 2, false)]
    public void Packet_is_before_another_of_its_source_by_its_number(int number, int other, uint ssrc, bool expected)
    {
        DaveFrameOrigin origin = new(1, (ushort)number, 0, 0), next = new(ssrc, (ushort)other, 0, 0);
        Assert.Equal(expected, origin.IsBefore(in next));
    }

    [Fact]
    public void Decryptor_that_is_disposed_opens_nothing_any_more()
    {
        EpochKeys keys = new(1, 1, 0, new Dictionary<ulong, byte[]> { [Alice] = SecretOf(1, Alice) }.ToFrozenDictionary());
        UserDecryptor user = new(Alice, new UserCounters(), frequency: 1_000);
        user.Reconcile(new DaveSnapshot { Keys = [keys] }, now: 0);
        Assert.Equal(OpenOutcome.Opened, Open(1));
        user.Dispose();
        Assert.Equal(OpenOutcome.Refused, Open(2));

        OpenOutcome Open(uint nonce)
        {
            Assert.True(DaveFrame.TryParse(Seal(1, Alice, nonce), out DaveFrame frame));
            return user.TryOpen(in frame, new byte[200], new FrameScratch(), now: 0);
        }
    }

    [Fact]
    public void Health_tells_failures_since_the_last_frame_that_opened_under_the_present_keys()
    {
        HealthMeter meter = new();
        Assert.Equal(DaveHealth.Good(0), meter.Read());
        meter.CountFailed(5);
        meter.CountFailed(9);
        Assert.Equal(DaveHealth.Good(0), meter.Read()); // it is told by the next look
        meter.Publish(worstRun: 2);
        Assert.Equal(new DaveHealth(0, 2, 2, 5, 0), meter.Read());
        meter.CountOpened();
        meter.Publish(worstRun: 1);
        Assert.Equal(new DaveHealth(0, 1, 0, long.MaxValue, 1), meter.Read());
        meter.CountFailed(12);
        meter.Reset(newRevision: 3);
        Assert.Equal(DaveHealth.Good(3), meter.Read());
        Assert.Equal(new DaveHealth(3, 0, 0, long.MaxValue, 0), meter.Read());
    }
}
