using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Media;
using Pipeline.Discord.Model;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Tests.Voice.Call;

/// <summary>We leave in order to join again; Discord's word of that leaving is no kick, however late it comes.</summary>
public sealed class OwnLeaveTests
{
    private const ulong Guild = 1;
    private const ulong Channel = 2;
    private const ulong Self = 3;

    [Fact]
    public async Task Leaving_that_is_told_after_the_answers_to_the_next_join_is_no_kick()
    {
        await using VoiceCall call = Call();
        Task<VoiceCallState> joined = Join(call);
        // Two new sessions of the main gateway in a row: out and in twice, and all answers come at once.
        call.OnGatewayRestarted();
        call.OnGatewayRestarted();
        Leave(call);
        Enter(call);
        Leave(call);
        Enter(call);
        Assert.Equal(VoiceCallState.Disconnected, await joined);
        Assert.NotEqual(VoiceEndReason.Kicked, call.EndReason); // Nobody answers at that address, so it ends some time.
    }

    [Fact]
    public async Task Leaving_that_we_did_not_ask_for_is_a_kick()
    {
        await using VoiceCall call = Call();
        Task<VoiceCallState> joined = Join(call);
        call.OnGatewayRestarted();
        Leave(call);
        Enter(call);
        Leave(call);
        Assert.Equal(VoiceCallState.Disconnected, await joined);
        Assert.Equal(VoiceEndReason.Kicked, call.EndReason);
    }

    private static VoiceCall Call() =>
        new(new VoiceCallOptions
        {
            FirstBackoff = TimeSpan.FromMilliseconds(10),
            LeavePause = TimeSpan.FromMilliseconds(10),
            JoinTimeout = TimeSpan.FromMilliseconds(500)
        }, (_, _, _) => ValueTask.CompletedTask, TimeProvider.System, NullLogger.Instance);

    private static Task<VoiceCallState> Join(VoiceCall call) =>
        call.JoinAsync(Guild, Channel, Self, new AudioFrameRing(), TestContext.Current.CancellationToken);

    private static void Leave(VoiceCall call) =>
        call.OnVoiceState(new VoiceState { GuildId = Guild, ChannelId = null, UserId = Self, SessionId = "s" });

    private static void Enter(VoiceCall call)
    {
        call.OnVoiceState(new VoiceState { GuildId = Guild, ChannelId = Channel, UserId = Self, SessionId = "s" });
        call.OnVoiceServer(new VoiceServerUpdate(Guild, "token", "127.0.0.1:1"));
    }
}
