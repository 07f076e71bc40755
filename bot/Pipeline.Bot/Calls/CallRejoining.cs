using Pipeline.Bot.Panel;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Bot.Calls;

/// <summary>
/// Gets a recording back into its call after the call was given up, as long as people are there. In the guild's turn only.
/// </summary>
/// <param name="firstDelay">Before the first attempt; doubles.</param>
/// <param name="finish">Ends the recording for good, with the words for it (from the position that was reached).</param>
internal sealed class CallRejoining(TimeSpan firstDelay, CallJoining joining, SerialQueue queue,
    Func<RecordedCall, Func<string, string>, Task> finish, TimeProvider time)
{
    private const int MostRejoins = 6;

    /// <summary>A recording that another process left: joins its call, and keeps trying when that does not work at once.</summary>
    /// <param name="tell">Tells people that it goes on, once it does: so much later than it was taken over.</param>
    public async Task AfterRestartAsync(RecordedCall call, Action<TimeSpan> tell)
    {
        long since = time.GetTimestamp();
        call.Begun = () => tell(call.IsRejoinDue ? time.GetElapsedTime(since) : TimeSpan.Zero);
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
        switch (lost.Reason)
        {
            case VoiceEndReason.Requested:
                break;
            case VoiceEndReason.Kicked:
                await finish(call, await DisconnectReason.WhyAsync(call.People, time));
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
        await Task.Delay(firstDelay * Math.Pow(2, call.Rejoins++), time);
        await queue.PostSurelyAsync(() => RejoinAsync(call));
    }

    private async Task RejoinAsync(RecordedCall call)
    {
        if (call.IsEnding) return;
        if (!call.People.AreHere) call.Rejoins--; // nobody misses anything; the timeout of an empty channel ends it
        else if (await joining.JoinAsync(call))
        {
            if (!call.HasBegun) call.Begin(announce: false);
            (call.Rejoins, call.IsRejoinDue) = (0, false);
            call.Events.OnBack();
            return;
        }
        else if (call.Rejoins >= MostRejoins)
        {
            string reason = call.Failure;
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
    public static async Task<Func<string, string>> WhyAsync(CallPeople people, TimeProvider time)
    {
        await Task.Delay(ReasonDelay, time);
        return !people.HasGuild ? Texts.RemovedFromServer : people.HasChannel ? Texts.Kicked : Texts.ChannelDeleted;
    }
}
