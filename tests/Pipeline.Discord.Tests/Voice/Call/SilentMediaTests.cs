using System.Diagnostics;
using Pipeline.Discord.Rtp;
using Pipeline.Discord.Voice.Call;
using Pipeline.DiscordSimulator.Faults;

namespace Pipeline.Discord.Tests.Voice.Call;

/// <summary>Dead UDP in a whole call: audio is missing from the last datagram on, whatever notices it first.</summary>
public sealed class SilentMediaTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Gap_lasts_from_the_last_datagram_to_the_first_one_however_often_the_call_is_joined_meanwhile()
    {
        await using VoiceCallRig rig = await HeardAsync(pathTimeout: TimeSpan.FromSeconds(1));
        Stopwatch whole = Stopwatch.StartNew();
        FaultHandle silence = rig.Discord.Faults.Add(new SilentMedia());
        Stopwatch silent = Stopwatch.StartNew();
        VoiceCallEvent.Reconnecting lost = await rig.WaitForAsync<VoiceCallEvent.Reconnecting>();
        Assert.InRange(lost.SilentFor, TimeSpan.FromSeconds(1), whole.Elapsed + TimeSpan.FromSeconds(2));
        await rig.UntilAsync(() => silent.Elapsed > Silence && rig.Call.State == VoiceCallState.Connected, "live, and hears nothing");
        Assert.DoesNotContain(rig.Events, what => what is VoiceCallEvent.Reconnected);
        TimeSpan shortest = silent.Elapsed;
        silence.Dispose();
        VoiceCallEvent.Reconnected back = await rig.WaitForAsync<VoiceCallEvent.Reconnected>();
        Assert.InRange(back.Gap, shortest, whole.Elapsed + TimeSpan.FromSeconds(2)); // the last echo may have come before the silence
        await rig.UntilAsync(() => rig.Call.State == VoiceCallState.Connected, "connected");
        Assert.Single(rig.Events, what => what is VoiceCallEvent.Reconnected);
        Assert.False(rig.Call.IsLost);
    }

    [Theory]
    [InlineData("socket")]
    [InlineData("gateway")]
    public async Task Where_something_else_ends_first_the_gap_begins_with_the_last_datagram_too(string ends)
    {
        await using VoiceCallRig rig = await HeardAsync(pathTimeout: TimeSpan.FromMinutes(1));
        using FaultHandle silence = rig.Discord.Faults.Add(new SilentMedia());
        Stopwatch silent = Stopwatch.StartNew();
        await rig.UntilAsync(() => silent.Elapsed > Silence, "silent for long enough");
        TimeSpan shortest = silent.Elapsed;
        if (ends == "socket") rig.Discord.Faults.Add(new CloseVoice(4006));
        else rig.Call.OnGatewayRestarted();
        VoiceCallEvent.Reconnecting lost = await rig.WaitForAsync<VoiceCallEvent.Reconnecting>();
        Assert.True(lost.SilentFor >= shortest, $"{lost.SilentFor} < {shortest}");
        Assert.True(rig.Call.IsLost);
    }

    [Fact]
    public async Task Quiet_call_whose_echoes_are_not_overdue_has_lost_nothing_before_its_socket_closed()
    {
        await using VoiceCallRig rig = await HeardAsync(pathTimeout: TimeSpan.FromMinutes(10), keepalives: TimeSpan.FromMinutes(10));
        Stopwatch quiet = Stopwatch.StartNew();
        await rig.UntilAsync(() => quiet.Elapsed > TimeSpan.FromSeconds(1.5), "quiet");
        Stopwatch closing = Stopwatch.StartNew();
        rig.Discord.Faults.Add(new CloseVoice(4006));
        VoiceCallEvent.Reconnecting lost = await rig.WaitForAsync<VoiceCallEvent.Reconnecting>();
        Assert.InRange(lost.SilentFor, TimeSpan.Zero, closing.Elapsed);
    }

    /// <summary>A call whose server has echoed keepalives.</summary>
    private static async Task<VoiceCallRig> HeardAsync(TimeSpan pathTimeout, TimeSpan? keepalives = null)
    {
        VoiceCallOptions quick = VoiceCallRig.QuickOptions;
        VoiceCallRig rig = await VoiceCallRig.ConnectedAsync(options: quick with
        {
            Session = quick.Session with
            {
                MediaPathTimeout = pathTimeout,
                KeepaliveInterval = keepalives ?? TimeSpan.FromMilliseconds(100),
            },
        });
        await rig.UntilAsync(() => rig.Call.Health.Drops.ContainsKey(DropReason.KeepaliveEcho), "an echo");
        return rig;
    }
}
