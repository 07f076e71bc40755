using Pipeline.Bot.Calls;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.AutoRecord;

/// <summary>The rules of this bot, and the settings that they stand in. Any thread.</summary>
internal sealed class AutoRules(GuildPeople people, GuildSettingsStore settings, CatalogueClient api, TimeProvider time) : IDisposable
{
    /// <summary>Questions to the recording API at the same time; a bot of many servers has them all at once when it starts.</summary>
    private const int MostQuestions = 8;

    /// <summary>Who waits longer than this for its turn to ask goes by the copy at hand: somebody may be talking.</summary>
    private static readonly TimeSpan AskPatience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim asking = new(MostQuestions);

    /// <summary>The rules of this bot in a server, by the copy at hand.</summary>
    public IReadOnlyList<AutoRecordRule> Of(ulong guildId) =>
        [.. (settings.LastKnown(guildId).AutoRecord ?? []).Where(rule => rule.BotId == people.SelfId)];

    /// <summary>The settings as the API tells them now, or the copy at hand where it does not.</summary>
    public async Task<KnownSettings> AskAsync(ulong guildId, AutoGuild state, CancellationToken stop)
    {
        bool asks = api.IsConfigured && state.MayAsk(time) && await TakeTurnAsync(stop);
        if (!asks) return settings.AtHand(guildId);
        try
        {
            KnownSettings known = await settings.GetAsync(guildId, stop);
            state.Asked(hasAnswered: !known.IsLastKnown, time);
            return known;
        }
        finally
        {
            asking.Release();
        }
    }

    public void Dispose() => asking.Dispose();

    private async Task<bool> TakeTurnAsync(CancellationToken stop)
    {
        using CancellationTokenSource patience = new(AskPatience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        try
        {
            await asking.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }
    }
}
