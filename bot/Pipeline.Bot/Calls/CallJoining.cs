using System.Globalization;
using Pipeline.Discord.Voice.Call;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Bot.Calls;

/// <summary>One attempt at a time to get into a recording's call, which can be given up from any thread.</summary>
/// <param name="isUnwanted">Somebody has given up since the attempt was decided on; true before <see cref="GiveUp"/> is called.</param>
internal sealed class CallJoining(TimeProvider time, Func<bool> isUnwanted)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private volatile CancellationTokenSource? running;

    /// <returns>Audio can be received.</returns>
    public async Task<bool> JoinAsync(RecordedCall call)
    {
        using CancellationTokenSource attempt = new();
        using CancellationTokenSource limit = new(Patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(attempt.Token, limit.Token);
        running = attempt;
        try
        {
            // Given up between the decision and here: there was nothing to cancel yet.
            if (isUnwanted()) await attempt.CancelAsync();
            return await call.Call.JoinAsync(call.GuildId, call.ChannelId, call.People.SelfId, call.Host.Recording.Frames,
                either.Token) == VoiceCallState.Connected;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            return call.Call.State == VoiceCallState.Connected; // it has come back by itself
        }
        finally
        {
            running = null;
        }
    }

    public void GiveUp()
    {
        try
        {
            running?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return; // it has just ended by itself
        }
    }
}

/// <summary>Why a call could not be joined or kept, for people. Pure.</summary>
internal static class VoiceFailure
{
    /// <param name="closeCode">Of the voice gateway; what has no words of its own is named by it.</param>
    public static string Explain(VoiceEndReason? reason, int? closeCode) => reason switch
    {
        VoiceEndReason.NoAnswer => "Discord did not let me in (is the channel full, or may I not see and enter it?)",
        VoiceEndReason.EncryptionRequired =>
            "the call demands end-to-end encryption, which is switched off here" + Code(closeCode ?? VoiceClosePolicy.DaveRequired),
        VoiceEndReason.RateLimited => "Discord asks me to stop connecting for a while" + Code(closeCode ?? VoiceClosePolicy.RateLimited),
        VoiceEndReason.CallTerminated => "Discord ended the call" + Code(closeCode ?? VoiceClosePolicy.CallTerminated),
        VoiceEndReason.NoCommonMode => "the voice server offers no encryption that I know",
        VoiceEndReason.MediaUnreachable => "the media server cannot be reached over UDP",
        VoiceEndReason.Kicked => "I was disconnected at once",
        VoiceEndReason.Moved => "I was moved to another channel",
        VoiceEndReason.ProtocolError => "the voice server did not understand me" + Code(closeCode),
        _ when closeCode is not null => "the voice server refuses me" + Code(closeCode),
        _ => "the voice server could not be reached",
    };

    private static string Code(int? closeCode) => closeCode is { } code ? string.Create(CultureInfo.InvariantCulture, $" ({code})") : "";
}
