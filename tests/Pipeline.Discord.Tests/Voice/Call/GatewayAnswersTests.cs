using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Media;
using Pipeline.Discord.Model;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;
using Pipeline.DiscordSimulator;
using Pipeline.TestKit;

namespace Pipeline.Discord.Tests.Voice.Call;

/// <summary>What the main gateway tells a call and what the call asks it for, before there is any voice server.</summary>
public sealed class GatewayAnswersTests : IAsyncDisposable
{
    private const ulong Guild = 1, Channel = 2, Self = 3, Elsewhere = 9;
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider time = new();
    private readonly LogSink log = new();
    private readonly ConcurrentQueue<ulong?> asked = new();
    private readonly VoiceCall call;
    private Func<CancellationToken, Task> gateway = _ => Task.CompletedTask;

    public GatewayAnswersTests() => call = new VoiceCall(new VoiceCallOptions(), async (guild, channel, cancellation) =>
    {
        Assert.Equal(Guild, guild);
        asked.Enqueue(channel);
        await gateway(cancellation);
    }, time, log.CreateLogger("voice"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => call.DisposeAsync();

    [Fact]
    public async Task Join_without_an_answer_is_asked_for_once_more_after_leaving_and_then_given_up()
    {
        Task<VoiceCallState> joined = JoinAsync();
        await UntilAskedAsync(Channel);
        time.Advance(TimeSpan.FromSeconds(15) - Millisecond);
        Assert.Single(asked);
        time.Advance(Millisecond);
        await UntilAskedAsync(Channel, null);
        await Simulator.WaitUntilAsync(() => call.State == VoiceCallState.Leaving);
        time.Advance(TimeSpan.FromSeconds(1));
        await UntilAskedAsync(Channel, null, Channel);
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(VoiceCallState.Disconnected, await joined);
        await UntilAskedAsync(Channel, null, Channel, null);
        Assert.Equal((VoiceEndReason.NoAnswer, VoiceCallState.Disconnected), (call.EndReason, call.State));
        Assert.Equal([new VoiceCallEvent.Disconnected(VoiceEndReason.NoAnswer, "no answer to the join")], Told());
    }

    [Fact]
    public async Task Word_of_others_is_not_taken_for_ours()
    {
        Task<VoiceCallState> joined = JoinAsync();
        call.OnVoiceState(State(null) with { UserId = 99 });
        call.OnVoiceState(State(Elsewhere) with { GuildId = 7 });
        call.OnVoiceServer(new VoiceServerUpdate(7, "word", "127.0.0.1:1"));
        call.OnVoiceState(State(Channel));
        await TakenAsync();
        Assert.Equal((VoiceCallState.Joining, Channel, false), (call.State, call.ChannelId, joined.IsCompleted));
        Assert.Empty(Told());
        Assert.Equal([Channel], asked);
    }

    [Fact]
    public async Task Deafening_is_told_when_it_changes_and_a_move_is_followed()
    {
        Task<VoiceCallState> joined = JoinAsync();
        foreach (bool isDeaf in new[] { false, true, true, false }) call.OnVoiceState(State(Channel) with { Deaf = isDeaf });
        call.OnVoiceState(State(Elsewhere));
        await TakenAsync();
        Assert.Equal([new VoiceCallEvent.Deafened(true), new VoiceCallEvent.Deafened(false), new VoiceCallEvent.Moved(Elsewhere)], Told());
        Assert.Equal((VoiceCallState.Joining, Elsewhere, false), (call.State, call.ChannelId, joined.IsCompleted));
    }

    [Fact]
    public async Task Who_throws_us_out_is_not_asked_to_let_us_go()
    {
        Task<VoiceCallState> joined = JoinAsync();
        await SuspendAsync();
        call.OnVoiceState(State(null));
        Assert.Equal(VoiceCallState.Disconnected, await joined);
        Assert.Equal(VoiceEndReason.Kicked, call.EndReason);
        Assert.Equal([Channel], asked);
        Assert.Equal(VoiceEndReason.Kicked, Assert.IsType<VoiceCallEvent.Disconnected>(Assert.Single(Told())).Reason);
    }

    [Fact]
    public async Task Session_that_was_dropped_while_the_gateway_was_away_is_joined_again()
    {
        Task<VoiceCallState> joined = JoinAsync();
        await SuspendAsync();
        call.OnVoiceState(State(null), VoiceStateOrigin.Snapshot);
        await UntilAskedAsync(Channel, null);
        call.OnVoiceState(State(null)); // the answer to our own leaving
        await UntilAskedAsync(Channel, null, Channel);
        Assert.False(joined.IsCompleted);
    }

    [Fact]
    public async Task Server_that_is_being_allocated_is_waited_for_a_minute()
    {
        Task<VoiceCallState> joined = JoinAsync();
        await SuspendAsync();
        time.Advance(TimeSpan.FromSeconds(60) - Millisecond);
        await TakenAsync();
        Assert.Equal(VoiceCallState.Suspended, call.State);
        time.Advance(Millisecond);
        await UntilAskedAsync(Channel, null);
        Assert.False(joined.IsCompleted);
    }

    [Fact]
    public async Task Main_gateway_is_waited_for_ten_seconds()
    {
        gateway = cancellation => Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
        Task<VoiceCallState> joined = JoinAsync();
        await UntilAskedAsync(Channel);
        time.Advance(TimeSpan.FromSeconds(10) - Millisecond);
        Assert.DoesNotContain(log.Lines, line => line.EventId == 1121);
        gateway = _ => Task.CompletedTask;
        time.Advance(Millisecond);
        await Simulator.WaitUntilAsync(() => log.Lines.Any(line => line.EventId == 1121));
        Assert.False(joined.IsCompleted);
    }

    [Fact]
    public async Task Call_that_was_never_joined_is_left_without_a_word()
    {
        await call.LeaveAsync(Cancel);
        Assert.Equal((VoiceCallState.Idle, null, 0UL), (call.State, call.EndReason, call.ChannelId));
        await call.DisposeAsync();
        await call.LeaveAsync(Cancel);
        Assert.Empty(asked);
    }

    private Task<VoiceCallState> JoinAsync() => call.JoinAsync(Guild, Channel, Self, new AudioFrameRing(), Cancel);

    /// <summary>We are in the channel, and its server is not there yet.</summary>
    private async Task SuspendAsync()
    {
        call.OnVoiceState(State(Channel));
        call.OnVoiceServer(new VoiceServerUpdate(Guild, "word", null));
        await Simulator.WaitUntilAsync(() => call.State == VoiceCallState.Suspended);
    }

    /// <summary>Inputs are taken in their order: when this one has been refused, all before it have been taken.</summary>
    private async Task TakenAsync() => await Assert.ThrowsAsync<InvalidOperationException>(JoinAsync);

    private Task UntilAskedAsync(params ulong?[] channels) => Simulator.WaitUntilAsync(() => asked.SequenceEqual(channels));

    private List<VoiceCallEvent> Told()
    {
        List<VoiceCallEvent> told = [];
        while (call.Events.TryRead(out VoiceCallEvent? one)) told.Add(one);
        return told;
    }

    private static VoiceState State(ulong? channel) => new() { GuildId = Guild, ChannelId = channel, UserId = Self, SessionId = "s" };
}
