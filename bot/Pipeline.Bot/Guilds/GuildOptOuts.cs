using Pipeline.Bot.Calls;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// Takes people out of a server's recordings, or back in: out of the running one too, and of those that have ended and wait here for the
/// storage. Any thread.
/// </summary>
internal sealed class GuildOptOuts(GuildRecorders recorders, GuildSettingsStore settings, WaitingRecordings waiting)
{
    // Discord shows for a quarter of an hour that an answer comes.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Writes to the recording API what it does not have yet. Where it is away, the account of the running recording has it when this
    /// returns, so that it outlives this process and its disk.
    /// </summary>
    /// <returns>False: the API is away.</returns>
    public async Task<bool> StoreAsync(ulong guildId, CancellationToken cancellationToken)
    {
        if (await settings.PushAsync(guildId, cancellationToken)) return true;
        if (recorders.For(guildId).Current is { } call) await call.Consent.TryStoreAsync(Patience, cancellationToken);
        return false;
    }

    /// <summary>Out holds when this returns, whatever the guild's queue is busy with; back in waits for its turn.</summary>
    /// <param name="button">What was pressed or typed, for the recording's ledger.</param>
    public Task SetAsync(ulong guildId, ulong userId, bool optedOut, string button)
    {
        GuildRecorder recorder = recorders.For(guildId);
        // Remembered before a recording is looked for; one that starts just now is made current before it looks at what is remembered.
        settings.SetOptOuts(guildId, [userId], optedOut);
        if (!optedOut) return recorder.WithCurrentAsync(TakeBackIn);
        recorder.Current?.Consent.OptOut(userId, button);
        // Looked at second: what ends in between is among them by now.
        waiting.Refuse(guildId, userId);
        return Task.CompletedTask;

        RecordedCall TakeBackIn(RecordedCall call)
        {
            // Somebody may have changed their mind again while this waited.
            if (!settings.IsOptedOut(guildId, userId)) call.Consent.TakeBackIn(userId);
            return call;
        }
    }

    /// <summary>
    /// Takes somebody out for good of what is recorded here or waits here. What the storage has of them is for the recording API to erase.
    /// </summary>
    /// <param name="button">What was pressed or typed, for the ledgers.</param>
    /// <param name="isMeant">Which recordings.</param>
    public void Erase(ulong guildId, ulong userId, string button, Func<SessionInfo, bool> isMeant)
    {
        if (recorders.For(guildId).Current is { } call && isMeant(call.Session)) call.Consent.Erase(userId, button);
        waiting.Erase(guildId, userId, button, isMeant);
    }
}
