using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// Gets a recording back into its call after the call was given up, as long as people are there. In the guild's turn only.
/// </summary>
/// <param name="finish">Ends the recording for good, with the words for it (from the position that was reached).</param>
internal sealed class CallRejoining(RecorderServices services, CallJoining joining, SerialQueue queue, Func<RecordedCall, Func<string,
    string>, Task> finish, CancellationToken stopping)
{
    private const int MostRejoins = 6;

    /// <summary>A recording that another process left: joins its call, and keeps trying when that does not work at once.</summary>
    public async Task AfterRestartAsync(RecordedCall call)
    {
        if (await joining.JoinAsync(call))
        {
            call.Begin(announce: false);
            return;
        }
        call.OnLost("the call could not be joined after a restart");
        RejoinLater(call);
    }

    /// <summary>
    /// The voice call has given up or was ended for it. Kicked means the end; everything else is tried again while people are there.
    /// </summary>
    public async Task OnDisconnectedAsync(RecordedCall call, VoiceCallEvent.Disconnected lost)
    {
        services.Log.CallEvent(call.GuildId, $"disconnected: {lost.Reason} ({lost.Detail})");
        switch (lost.Reason)
        {
            case VoiceEndReason.Requested:
                break;
            case VoiceEndReason.Kicked:
                await finish(call,
                    await DisconnectReason.WhyAsync(services.Gateway, call.GuildId, call.ChannelId, services.Time, stopping));
                break;
            case VoiceEndReason.RateLimited or VoiceEndReason.EncryptionRequired or VoiceEndReason.NoCommonMode:
                await finish(call, at => Texts.CannotComeBack(VoiceFailure.Explain(lost.Reason, lost.CloseCode), at));
                break;
            default:
                call.OnLost(lost.Detail);
                RejoinLater(call);
                break;
        }
    }

    private void RejoinLater(RecordedCall call)
    {
        if (call.IsRejoinDue) return;
        call.IsRejoinDue = true;
        _ = RejoinLaterAsync(call);
    }

    private async Task RejoinLaterAsync(RecordedCall call)
    {
        TimeSpan wait = services.Options.RejoinDelay * Math.Pow(2, call.Rejoins++);
        try
        {
            await Task.Delay(wait, services.Time, stopping);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        await queue.PostSurelyAsync(() => RejoinAsync(call));
    }

    private async Task RejoinAsync(RecordedCall call)
    {
        if (call.IsEnding) return;
        if (!call.People.AreHere) call.Rejoins--; // nobody misses anything; the timeout of an empty channel ends it
        else if (await joining.JoinAsync(call))
        {
            (call.Rejoins, call.IsRejoinDue) = (0, false);
            call.OnBack();
            return;
        }
        else if (call.Rejoins >= MostRejoins)
        {
            string reason = VoiceFailure.Explain(call.Call.EndReason, call.Call.CloseCode);
            await finish(call, at => Texts.GaveUp(call.Rejoins, reason, at));
            return;
        }
        call.IsRejoinDue = false;
        RejoinLater(call);
    }
}

/// <summary>Why the bot is out of a voice channel that it did not leave.</summary>
internal static class DisconnectReason
{
    // That we are out may be told before what it was: the channel or the server that is gone.
    private static readonly TimeSpan ReasonDelay = TimeSpan.FromMilliseconds(300);

    /// <summary>What to say of it, given the position of the end.</summary>
    public static async Task<Func<string,
        string>> WhyAsync(GatewayClient gateway, ulong guildId, ulong channelId, TimeProvider time, CancellationToken stopping)
    {
        await Task.Delay(ReasonDelay, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return gateway.Guilds.Find(guildId) is not { } guild ? Texts.RemovedFromServer
            : guild.Channels.ContainsKey(channelId) ? Texts.Kicked
            : Texts.ChannelDeleted;
    }
}
