using Pipeline.Bot.Calls;
using Pipeline.Bot.ServerSettings;

namespace Pipeline.Bot.Guilds;

/// <summary>Takes people out of a server's recordings, the running one too, or back in. Any thread.</summary>
internal sealed class GuildOptOuts(GuildRecorders recorders, GuildSettingsStore settings)
{
    /// <summary>Out holds when this returns, whatever the guild's queue is busy with; back in waits for its turn.</summary>
    /// <param name="button">What was pressed or typed, for the recording's ledger.</param>
    public Task SetAsync(ulong guildId, ulong userId, bool optedOut, string button)
    {
        GuildRecorder recorder = recorders.For(guildId);
        // Remembered before a recording is looked for; one that starts just now is made current before it looks at what is remembered.
        settings.SetOptOuts(guildId, [userId], optedOut);
        if (!optedOut) return recorder.WithCurrentAsync(TakeBackIn);
        recorder.Current?.Consent.OptOut(userId, button);
        return Task.CompletedTask;

        RecordedCall TakeBackIn(RecordedCall call)
        {
            // Somebody may have changed their mind again while this waited.
            if (!settings.IsOptedOut(guildId, userId)) call.Consent.TakeBackIn(userId);
            return call;
        }
    }
}
