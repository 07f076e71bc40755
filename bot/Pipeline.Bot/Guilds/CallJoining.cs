using Pipeline.Discord.Voice.Call;

namespace Pipeline.Bot.Guilds;

/// <summary>One attempt at a time to get into a recording's call, which can be given up from any thread.</summary>
internal sealed class CallJoining(RecorderServices services, CancellationToken stopping)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private volatile CancellationTokenSource? running;

    /// <returns>Audio can be received.</returns>
    public async Task<bool> JoinAsync(RecordedCall call)
    {
        using CancellationTokenSource attempt = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using CancellationTokenSource limit = new(Patience, services.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(attempt.Token, limit.Token);
        running = attempt;
        try
        {
            return await call.Call.JoinAsync(call.GuildId, call.ChannelId, services.Gateway.SelfId, call.Host.Recording.Frames,
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
