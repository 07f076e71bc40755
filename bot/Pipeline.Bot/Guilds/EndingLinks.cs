using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;

namespace Pipeline.Bot.Guilds;

/// <summary>The links that people get when a recording ends.</summary>
internal sealed class EndingLinks(RecordingLinks links, RecordingFollower follower, CatalogueClient api, TimeProvider time)
{
    /// <summary>Between two parts people go on talking, and nobody listens: so long the recording API is waited for there.</summary>
    public static readonly TimeSpan PatienceBetweenParts = TimeSpan.FromSeconds(2);

    /// <summary>For those who see the panel, and for the starter: that one may delete too, and goes to nobody else.</summary>
    public async Task<(RecordingLink? Link, RecordingLink? Own)> OfAsync(SessionInfo session, EndReason reason)
    {
        using CancellationTokenSource patience = new(reason == EndReason.Limit ? PatienceBetweenParts : Timeout.InfiniteTimeSpan, time);
        Task<RecordingLink?> asking = links.ForStarterAsync(session.RecordingId, patience.Token);
        RecordingLink? link = links.MadeFor(session.RecordingId) ?? RecordingLink.To(await PageAsync(session, patience.Token));
        links.Forget(session.RecordingId);
        try
        {
            return (link, await asking ?? link);
        }
        catch (OperationCanceledException)
        {
            return (link, link);
        }
    }

    private async Task<string?> PageAsync(SessionInfo session, CancellationToken patience)
    {
        try
        {
            return await follower.LinkAsync(session, patience);
        }
        catch (OperationCanceledException)
        {
            return api.PageOf(session.RecordingId.ToString());
        }
    }
}
