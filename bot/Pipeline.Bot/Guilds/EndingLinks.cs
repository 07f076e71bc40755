using Pipeline.Bot.Calls;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;

namespace Pipeline.Bot.Guilds;

/// <summary>The links that people get when a recording ends.</summary>
internal sealed class EndingLinks(RecordingLinks links, RecordingFollower follower)
{
    /// <summary>There is to be a link, though it may not be made yet.</summary>
    public bool AreMade => links.AreMade;

    /// <summary>
    /// For those who see the panel, and for the starter: that one may delete too, and goes to nobody else. There is none of a call that was
    /// moved to where the starter may not enter.
    /// </summary>
    public async Task<(RecordingLink? Link, RecordingLink? Own)> OfAsync(RecordedCall call)
    {
        SessionInfo session = call.Session;
        IEnumerable<ulong> channels = (call.Host.Manifest.FurtherChannels ?? []).Prepend(session.ChannelId);
        if (call.Panel.IsLinkWithheld && !call.People.MayEnter(session.StartedBy, channels)) return (null, null);
        Task<RecordingLink?> asking = links.ForStarterAsync(session.RecordingId, CancellationToken.None);
        RecordingLink? link = links.MadeFor(session.RecordingId)
            ?? RecordingLink.To(await follower.PageAsync(session, CancellationToken.None));
        return (link, await asking ?? link);
    }
}
