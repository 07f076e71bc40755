using Microsoft.Extensions.Logging;
using Pipeline.Discord.Voice.Session;

namespace Pipeline.Discord.Voice.Call;

/// <summary>
/// Asks the main gateway for a channel, or to leave (null). The gateway may be away itself: the caller's own time limit leads to the next
/// try, so a refusal is logged and no more. A leave that could not be sent in time is sent by the gateway's client when it is back.
/// </summary>
internal sealed class VoiceStateSender(Func<ulong, ulong?, CancellationToken, ValueTask> updateVoiceState, TimeProvider time,
    ILogger logger)
{
    private static readonly TimeSpan GatewayLimit = TimeSpan.FromSeconds(10);

    public async ValueTask SendAsync(ulong guildId, ulong? channelId)
    {
        using CancellationTokenSource limit = new(GatewayLimit, time);
        try
        {
            await updateVoiceState(guildId, channelId, limit.Token);
        }
        catch (Exception e)
        {
            CallLog.VoiceStateRefused(logger, guildId, e.GetType().Name);
        }
    }
}
