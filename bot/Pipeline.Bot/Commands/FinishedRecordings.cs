using System.Globalization;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Commands;

/// <summary>Finished recordings of a server as far as a caller may see them: those of channels that the caller may enter.</summary>
internal sealed class FinishedRecordings(CatalogueClient catalogue, GatewayClient gateway)
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

    /// <summary>Whether the caller may enter the channel of the recording.</summary>
    public bool MaySee(CommandContext context, RecordingSummary recording)
    {
        ulong channel = ulong.TryParse(recording.ChannelId, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) ? id : 0;
        return StartChecks.MayEnter(gateway.Guilds.Find(context.GuildId), context.Caller, channel);
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
}
