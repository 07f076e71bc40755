using System.Globalization;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Commands;

/// <summary>Commands about finished recordings and settings. They ask the recording API and say so when it is away.</summary>
internal sealed class LibraryCommands(RecorderServices services, GuildRecorders recorders)
{
    private const int Listed = 10;
    private const int PageLength = 50;
    private const int PagesSearched = 10;
    private const int LongestMessage = 2000; // Discord: Create Message

    public Task RunAsync(CommandContext context, string sub, CancellationToken cancellationToken) => sub switch
    {
        "list" => ListAsync(context, cancellationToken),
        "link" => LinkAsync(context, context.Option("recording")?.Text, cancellationToken),
        "delete" => DeleteAsync(context, context.Option("recording")?.Text ?? "", cancellationToken),
        "settings" => SettingsAsync(context, cancellationToken),
        _ => context.Answer.SendAsync(Texts.UnknownCommand, cancellationToken),
    };

    private async Task ListAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (!await MaySeeAsync(context, cancellationToken)) return;
        IReadOnlyList<RecordingSummary> visible = await NewestAsync(context, Listed, cancellationToken);
        string text = visible.Count == 0
            ? Texts.NothingRecordedYet
            : Fit(visible.Select(recording => Texts.Listed(recording, services.Api.PageOf(recording.Id) ?? "")));
        await context.Answer.SendAsync(text, cancellationToken);
    }

    private async Task LinkAsync(CommandContext context, string? id, CancellationToken cancellationToken)
    {
        if (!await MaySeeAsync(context, cancellationToken)) return;
        RecordingSummary? recording = string.IsNullOrWhiteSpace(id)
            ? await NewestAsync(context, 1, cancellationToken) is [var newest, ..] ? newest : null
            : await FindAsync(context, id, cancellationToken);
        // One of a channel that the caller may not enter does not exist here either.
        if (recording is null || !MaySee(context, recording))
        {
            await context.Answer.SendAsync(string.IsNullOrWhiteSpace(id) ? Texts.NothingRecordedYet : Texts.WrongLink, cancellationToken);
            return;
        }
        string link = services.Api.PageOf(recording.Id) ?? "";
        await context.Answer.SendAsync(new MessageBody
        {
            Content = Texts.Listed(recording, link),
            Components = link.Length == 0 ? null : [MessageComponent.Row(MessageComponent.Link("Open", link))],
        }, cancellationToken);
    }

    /// <summary>Asks first; the button of the answer does it.</summary>
    private async Task DeleteAsync(CommandContext context, string id, CancellationToken cancellationToken)
    {
        if (await FindDeletableAsync(context, id, cancellationToken) is not { } recording) return;
        await context.Answer.SendAsync(new MessageBody
        {
            Content = Texts.ConfirmDelete(recording),
            Components =
            [
                MessageComponent.Row(
                    MessageComponent.Button("Delete for good", CustomIds.For(CustomIds.Delete, recording.Id), ButtonStyle.Danger),
                    MessageComponent.Button("Keep", CustomIds.For(CustomIds.Keep, recording.Id))),
            ],
        }, cancellationToken);
    }

    /// <summary>The button; rights are looked at once more.</summary>
    internal async Task DeleteNowAsync(CommandContext context, string id, CancellationToken cancellationToken)
    {
        if (await FindDeletableAsync(context, id, cancellationToken) is not { } recording) return;
        bool existed = await services.Api.DeleteAsync(recording.Id, cancellationToken);
        await context.Answer.SendAsync(existed ? Texts.Deleted(Wording.User(context.CallerId)) : Texts.Gone(recording.RecordedAt), cancellationToken);
    }

    private async Task<RecordingSummary?> FindDeletableAsync(CommandContext context, string id, CancellationToken cancellationToken)
    {
        RecordingSummary? recording = await FindAsync(context, id, cancellationToken);
        if (recording is null)
        {
            await context.Answer.SendAsync(Texts.WrongLink, cancellationToken);
            return null;
        }
        if (recorders.For(context.GuildId).Current?.Session.RecordingId.ToString() is { } running && (running == recording.SessionId || running == recording.Id))
        {
            await context.Answer.SendAsync(Texts.StopBeforeDelete, cancellationToken);
            return null;
        }
        bool isStarter = recording.UserId == context.CallerId.ToString(CultureInfo.InvariantCulture);
        bool mayManage = StartChecks.MayManage(Guild(context), context.Caller);
        if (isStarter || (mayManage && MaySee(context, recording))) return recording;
        await context.Answer.SendAsync(mayManage ? Texts.WrongLink : Texts.DeleteNeedsRight, cancellationToken);
        return null;
    }

    /// <summary>The newest that the caller may see, from the newest hundreds of the server.</summary>
    private async Task<IReadOnlyList<RecordingSummary>> NewestAsync(CommandContext context, int count, CancellationToken cancellationToken)
    {
        List<RecordingSummary> visible = [];
        string? cursor = null;
        for (int page = 0; page < PagesSearched && visible.Count < count; page++)
        {
            RecordingPage found = await services.Api.ListAsync(context.GuildId, PageLength, cursor, cancellationToken);
            visible.AddRange(found.Recordings.Where(recording => MaySee(context, recording)).Take(count - visible.Count));
            cursor = found.NextCursor;
            if (cursor is null) break;
        }
        return visible;
    }

    /// <summary>Whether the caller may enter the channel of the recording.</summary>
    private bool MaySee(CommandContext context, RecordingSummary recording)
    {
        ulong channel = ulong.TryParse(recording.ChannelId, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) ? id : 0;
        return StartChecks.MayEnter(Guild(context), context.Caller, channel);
    }

    /// <summary>By either of its ids. Recordings of other servers do not exist here.</summary>
    private async Task<RecordingSummary?> FindAsync(CommandContext context, string id, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(id)) return null;
        string wanted = id.Trim().Trim('`');
        if (wanted.Length > 100) return null;
        RecordingSummary? direct = await services.Api.GetAsync(wanted, cancellationToken);
        if (direct is null && Pipeline.Contracts.RecordingId.TryParse(wanted, out Pipeline.Contracts.RecordingId session)) direct = await services.Api.FindAsync(context.GuildId, session, cancellationToken);
        return direct?.GuildId == context.GuildId.ToString(CultureInfo.InvariantCulture) ? direct : null;
    }

    private async Task SettingsAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (!StartChecks.MayManage(Guild(context), context.Caller))
        {
            await context.Answer.SendAsync(Texts.SettingsNeedManageServer, cancellationToken);
            return;
        }
        ulong? role = context.Option("role")?.Snowflake;
        bool noRole = context.Option("no-role")?.Text == "true";
        string? announce = context.Option("announce")?.Text;
        string saved = "";
        if (role is not null || noRole || announce is not null)
        {
            bool stored = await services.Settings.ChangeAsync(context.GuildId, settings => settings with
            {
                RecorderRoleId = noRole ? null : role ?? settings.RecorderRoleId,
                AnnounceMode = announce is null ? settings.AnnounceMode : AnnounceModes.FromWord(announce).ToWord(),
            }, cancellationToken);
            saved = Texts.SettingsSaved(stored) + "\n";
        }
        KnownSettings known = await services.Settings.GetAsync(context.GuildId, cancellationToken);
        await context.Answer.SendAsync(saved + Texts.Settings(known.Settings.RecorderRoleId, known.Announce, known.Settings.OptedOutUserIds.Count, known.IsLastKnown), cancellationToken);
    }

    private async Task<bool> MaySeeAsync(CommandContext context, CancellationToken cancellationToken)
    {
        KnownSettings settings = await services.Settings.GetAsync(context.GuildId, cancellationToken);
        if (StartChecks.MayRecord(Guild(context), context.Caller, settings.Settings)) return true;
        await context.Answer.SendAsync(Texts.NoRight(settings.Settings.RecorderRoleId), cancellationToken);
        return false;
    }

    /// <summary>As many whole entries as a message takes, the newest first.</summary>
    private static string Fit(IEnumerable<string> entries)
    {
        System.Text.StringBuilder text = new();
        foreach (string entry in entries)
        {
            if (text.Length + entry.Length + 1 > LongestMessage) break;
            if (text.Length > 0) text.Append('\n');
            text.Append(entry);
        }
        return text.ToString();
    }

    private Guild? Guild(CommandContext context) => services.Gateway.Guilds.Find(context.GuildId);
}
