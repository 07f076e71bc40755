using Pipeline.Discord.Gateway;
using Pipeline.Discord.Media;
using Pipeline.Discord.Model;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Voice.Call;

/// <summary>What a call's loop reacts to, in the order in which it happened.</summary>
internal abstract class VoiceCallInput
{
    public sealed class Join(ulong guildId, ulong channelId, ulong ownUserId, AudioFrameRing frames,
        TaskCompletionSource<VoiceCallState> answer) : VoiceCallInput
    {
        public ulong GuildId { get; } = guildId;
        public ulong ChannelId { get; } = channelId;
        public ulong OwnUserId { get; } = ownUserId;
        public AudioFrameRing Frames { get; } = frames;
        public TaskCompletionSource<VoiceCallState> Answer { get; } = answer;
    }

    public sealed class Leave(TaskCompletionSource done) : VoiceCallInput
    {
        public TaskCompletionSource Done { get; } = done;
    }

    public sealed class OwnState(VoiceState state, VoiceStateOrigin origin) : VoiceCallInput
    {
        public VoiceState State { get; } = state;
        public VoiceStateOrigin Origin { get; } = origin;
    }

    public sealed class Server(VoiceServerUpdate update) : VoiceCallInput
    {
        public VoiceServerUpdate Update { get; } = update;
    }

    public sealed class GatewayRestarted : VoiceCallInput
    {
        public static GatewayRestarted Instance { get; } = new();
    }

    public sealed class News(RunningSession session, VoiceSessionNews what) : VoiceCallInput
    {
        public RunningSession Session { get; } = session;
        public VoiceSessionNews What { get; } = what;
    }

    public sealed class Ended(RunningSession session, VoiceSessionEnd end) : VoiceCallInput
    {
        public RunningSession Session { get; } = session;
        public VoiceSessionEnd End { get; } = end;
    }

    public sealed class Tick : VoiceCallInput
    {
        public static Tick Instance { get; } = new();
    }
}
