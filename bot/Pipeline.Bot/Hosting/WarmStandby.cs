using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Hosting;

/// <summary>
/// What a bot does while another one serves its shard: it opens the connections that it will need and asks for the settings of the servers
/// that are being recorded, so that none of this is waited for while nobody listens.
/// </summary>
internal sealed class WarmStandby(UnownedRecordings recordings, GuildSettingsStore settings, DiscordRestClient rest)
{
    /// <summary>An idle connection lives for a minute and settings are fresh for half of one.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    /// <summary>Never throws: what does not answer now may answer later, and is asked again then.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(rest.GetGatewayAsync(cancellationToken), AskSettingsAsync(cancellationToken))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task AskSettingsAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<RecordingCandidate> running = await recordings.FindAsync(cancellationToken);
        foreach (ulong guild in running.Select(candidate => candidate.Session.GuildId).Distinct())
            await settings.GetAsync(guild, cancellationToken);
    }
}
