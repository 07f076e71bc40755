using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Media;
using Pipeline.Discord.Rtp;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Voice.Session;

/// <summary>What follows from the end of a voice session, what is told of it, and what is logged of lost datagrams.</summary>
public sealed class VoiceOutcomeTests
{
    private readonly FakeTimeProvider time = new();

    [Theory]
    [InlineData(VoiceSessionEndKind.Closed, 4006, VoiceCloseAction.Rejoin, VoiceEndReason.Refused)]
    [InlineData(VoiceSessionEndKind.Closed, 4017, VoiceCloseAction.GiveUp, VoiceEndReason.EncryptionRequired)]
    [InlineData(VoiceSessionEndKind.Closed, 4021, VoiceCloseAction.GiveUp, VoiceEndReason.RateLimited)]
    [InlineData(VoiceSessionEndKind.Closed, null, VoiceCloseAction.Resume, VoiceEndReason.Refused)]
    [InlineData(VoiceSessionEndKind.Unreachable, 4017, VoiceCloseAction.Rejoin, VoiceEndReason.Refused)]
    [InlineData(VoiceSessionEndKind.NoCommonMode, null, VoiceCloseAction.GiveUp, VoiceEndReason.NoCommonMode)]
    [InlineData(VoiceSessionEndKind.MediaUnreachable, null, VoiceCloseAction.RejoinThreeTimes, VoiceEndReason.MediaUnreachable)]
    [InlineData(VoiceSessionEndKind.MediaPathLost, null, VoiceCloseAction.Rejoin, VoiceEndReason.Refused)]
    [InlineData(VoiceSessionEndKind.EncryptionLost, null, VoiceCloseAction.Rejoin, VoiceEndReason.Refused)]
    public void Every_end_has_its_consequence(VoiceSessionEndKind kind, int? code, VoiceCloseAction action, VoiceEndReason reason)
    {
        VoiceSessionEnd end = new(kind, code, "detail");
        Assert.Equal((action, reason), (end.Action, end.FinalReason));
    }

    [Fact]
    public void Every_end_has_words_of_its_own()
    {
        string[] said = [.. Enum.GetValues<VoiceSessionEndKind>().Select(kind => new VoiceSessionEnd(kind, null, "detail").Summary)];
        Assert.Equal(said.Length - 1, said.Distinct().Count()); // stopped and failed share theirs
        Assert.Equal("the voice server closed the connection (4006)", new VoiceSessionEnd(VoiceSessionEndKind.Closed, 4006, "").Summary);
        Assert.Equal("no common transport encryption: detail",
            new VoiceSessionEnd(VoiceSessionEndKind.NoCommonMode, null, "detail").Summary);
    }

    [Fact]
    public void Drops_are_logged_once_in_ten_seconds_with_what_is_new()
    {
        LogSink log = new();
        MediaCounters counters = new();
        MediaReport report = new(time, log.CreateLogger("voice"), 5);
        counters.Count(DropReason.NotAuthentic, 1);
        counters.Count(DropReason.KeepaliveEcho, 1);
        time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        report.LogIfDue(counters, 0, 0);
        Assert.Empty(log.Lines);
        time.Advance(TimeSpan.FromTicks(1));
        report.LogIfDue(counters, kernelDrops: 2, ringDrops: 3);
        Assert.Equal(4, log.Lines.Count);
        Assert.Single(log.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("NotAuthentic", StringComparison.Ordinal));
        Assert.Single(log.Lines, line => line.Level == LogLevel.Trace && line.Text.Contains("KeepaliveEcho", StringComparison.Ordinal));
        time.Advance(TimeSpan.FromSeconds(10));
        report.LogIfDue(counters, 2, 3); // nothing new
        Assert.Equal(4, log.Lines.Count);
        counters.Count(DropReason.NotAuthentic, 1);
        report.LogIfDue(counters, 5, 3);
        Assert.Equal(4, log.Lines.Count); // too soon
        time.Advance(TimeSpan.FromSeconds(10));
        report.LogIfDue(counters, 5, 3);
        Assert.Equal(6, log.Lines.Count);
        Assert.Contains(log.Lines.Skip(4), line => line.Text.Contains('1', StringComparison.Ordinal)
            && line.Text.Contains('2', StringComparison.Ordinal) && line.Text.Contains("NotAuthentic", StringComparison.Ordinal));
        Assert.Contains(log.Lines.Skip(4), line => line.Text.Contains('3', StringComparison.Ordinal));
    }

    [Fact]
    public void Datagrams_that_came_too_early_wait_for_two_seconds_in_their_order()
    {
        EarlyDatagrams early = new(time);
        List<(byte First, long At)> taken = [];
        early.Release((datagram, at) => taken.Add((datagram[0], at)));
        Assert.Empty(taken);
        long start = time.GetTimestamp();
        early.Hold([1, 2, 3], start);
        early.Hold([2], start + 1);
        early.Hold([3], start + 2);
        time.Advance(UnknownSsrcHold.MaxAge + TimeSpan.FromTicks(1));
        early.Release((datagram, at) => taken.Add((datagram[0], at)));
        Assert.Equal([(2, start + 1), (3, start + 2)], taken);
        taken.Clear();
        early.Release((datagram, at) => taken.Add((datagram[0], at)));
        Assert.Empty(taken); // handed over once
        for (int i = 0; i < 2000; i++) early.Hold([(byte)i, .. new byte[999]], time.GetTimestamp());
        early.Release((datagram, at) => taken.Add((datagram[0], at)));
        Assert.InRange(taken.Count, 950, 1050); // 1 MiB: the latest
        Assert.Equal(1999 % 256, taken[^1].First);
        Assert.Equal(Enumerable.Range(2000 - taken.Count, taken.Count).Select(i => (byte)i), taken.Select(one => one.First));
    }

    [Theory]
    [InlineData(0x7FFF_FFFF_0000_0005UL, true)]
    [InlineData(0x7FFF_FFFE_0000_0005UL, false)]
    [InlineData(0xFFFF_FFFF_0000_0005UL, false)]
    [InlineData(ulong.MaxValue, false)]
    [InlineData(5UL, false)]
    public void Number_of_a_source_is_told_from_a_person(ulong id, bool isUnnamed)
    {
        Assert.Equal(isUnnamed, UnnamedSource.Is(id));
        Assert.Equal(0x7FFF_FFFF_0000_0005UL, UnnamedSource.IdOf(5));
    }
}
