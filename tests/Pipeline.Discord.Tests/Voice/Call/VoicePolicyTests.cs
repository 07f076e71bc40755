using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Tests.Voice.Call;

public sealed class VoicePolicyTests
{
    [Theory]
    [InlineData(null, VoiceCloseAction.Resume)]
    [InlineData(1000, VoiceCloseAction.Resume)]
    [InlineData(1001, VoiceCloseAction.Resume)]
    [InlineData(1006, VoiceCloseAction.Resume)]
    [InlineData(4015, VoiceCloseAction.Resume)]
    [InlineData(4006, VoiceCloseAction.Rejoin)]
    [InlineData(4009, VoiceCloseAction.Rejoin)]
    [InlineData(4004, VoiceCloseAction.RejoinThreeTimes)]
    [InlineData(4011, VoiceCloseAction.RejoinThreeTimes)]
    [InlineData(4014, VoiceCloseAction.AwaitGateway)]
    [InlineData(4022, VoiceCloseAction.AwaitServer)]
    [InlineData(4021, VoiceCloseAction.GiveUp)]
    [InlineData(4017, VoiceCloseAction.GiveUp)]
    [InlineData(4001, VoiceCloseAction.RejoinOnce)]
    [InlineData(4002, VoiceCloseAction.RejoinOnce)]
    [InlineData(4003, VoiceCloseAction.RejoinOnce)]
    [InlineData(4005, VoiceCloseAction.RejoinOnce)]
    [InlineData(4012, VoiceCloseAction.RejoinOnce)]
    [InlineData(4016, VoiceCloseAction.RejoinOnce)]
    [InlineData(4020, VoiceCloseAction.RejoinOnce)]
    [InlineData(4999, VoiceCloseAction.Resume)]
    public void Every_close_code_has_its_answer(int? code, VoiceCloseAction expected) => Assert.Equal(expected, VoiceClosePolicy.For(code));

    [Fact]
    public void Waits_double_up_to_the_longest_and_are_shortened_by_half_at_most()
    {
        RejoinPolicy policy = new(new VoiceCallOptions());
        Assert.Equal(TimeSpan.Zero, policy.NextDelay());
        foreach (int full in (int[])[1, 2, 4, 8, 16, 30, 30, 30, 30]) Assert.InRange(policy.NextDelay().TotalSeconds, full / 2.0, full);
        for (int i = 0; i < 10_000; i++) Assert.InRange(policy.NextDelay().TotalSeconds, 15, 30);
        policy.Forget();
        Assert.Equal(TimeSpan.Zero, policy.NextDelay());
    }

    [Fact]
    public void Third_strike_is_one_too_many_and_a_good_connection_forgives()
    {
        RejoinPolicy policy = new(new VoiceCallOptions());
        Assert.False(policy.Strike());
        Assert.False(policy.Strike());
        Assert.True(policy.Strike());
        policy.Forget();
        Assert.False(policy.Strike());
        Assert.False(policy.RepeatProtocolError());
        Assert.True(policy.RepeatProtocolError());
        policy.Forget();
        Assert.False(policy.RepeatProtocolError());
        Assert.False(policy.Strike());
    }
}
