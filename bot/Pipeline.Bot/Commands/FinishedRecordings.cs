using System.Globalization;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Commands;

/// <summary>
/// Recordings of a server as far as a caller may see them: those of which the caller may enter every channel that the call was in.
/// </summary>
internal sealed class FinishedRecordings(CatalogueClient catalogue, GatewayClient gateway, LiveManifests manifests)
{
    private const int PageLength = 50;
    private const int PagesSearched = 10;

    /// <summary>The newest that the caller may see, from the newest hundreds of the server.</summary>
    public async Task<IReadOnlyList<RecordingSummary>> NewestAsync(CommandContext context, int count, CancellationToken cancellationToken)
    {
        List<RecordingSummary> visible = [];
        string? cursor = null;
        for (int page = 0; page < PagesSearched && visible.Count < count; page++)
        {
            RecordingPage found = await catalogue.ListAsync(context.GuildId, PageLength, cursor, cancellationToken);
            visible.AddRange(found.Recordings.Where(recording => MaySee(context, recording)).Take(count - visible.Count));
            cursor = found.NextCursor;
            if (cursor is null) break;
        }
        return visible;
    }

    /// <summary>Whether the caller may enter every channel that the call was in.</summary>
    public bool MaySee(CommandContext context, RecordingSummary recording)
    {
        Guild? guild = gateway.Guilds.Find(context.GuildId);
        // While it is here, moves are known here that the API has not heard of.
        LiveManifest? here = manifests.All.FirstOrDefault(one => one.Session.RecordingId.ToString() == recording.SessionId);
        IEnumerable<ulong> channels = (recording.FurtherChannelIds ?? []).Prepend(recording.ChannelId).Select(Number);
        return channels.Union(here?.FurtherChannels ?? []).All(channel => StartChecks.MayEnter(guild, context.Caller, channel));
    }

    /// <summary>By either of its ids. Recordings of other servers do not exist here.</summary>
    public async Task<RecordingSummary?> FindAsync(CommandContext context, string id, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(id)) return null;
        string wanted = id.Trim().Trim('`');
        if (wanted.Length > 100) return null;
        RecordingSummary? direct = await catalogue.GetAsync(wanted, cancellationToken);
        if (direct is null && RecordingId.TryParse(wanted, out RecordingId session))
            direct = await catalogue.FindAsync(context.GuildId, session, cancellationToken);
        return direct?.GuildId == context.GuildId.ToString(CultureInfo.InvariantCulture) ? direct : null;
    }

    private static ulong Number(string? id) =>
        ulong.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : 0;
}
