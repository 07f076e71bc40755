using System.Globalization;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Commands;

/// <summary>Commands about finished recordings and settings. They ask the recording API and say so when it is away.</summary>
public sealed class LibraryCommands(RecorderServices services, GuildRecorders recorders)
{
    private const int Listed = 10;
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
        RecordingPage page = await services.Api.ListAsync(context.GuildId, Listed, null, cancellationToken);
        string text = page.Recordings.Count == 0
            ? Texts.NothingRecordedYet
            : Fit(page.Recordings.Take(Listed).Select(recording => Texts.Listed(recording, services.Api.PageOf(recording.Id) ?? "")));
        await context.Answer.SendAsync(text, cancellationToken);
    }

    private async Task LinkAsync(CommandContext context, string? id, CancellationToken cancellationToken)
    {
        if (!await MaySeeAsync(context, cancellationToken)) return;
        RecordingSummary? recording = await FindAsync(context, id, cancellationToken);
        if (recording is null)
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
        if (recording is null || string.IsNullOrWhiteSpace(id))
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
        if (isStarter || StartChecks.MayManage(Guild(context), context.Caller)) return recording;
        await context.Answer.SendAsync(Texts.DeleteNeedsRight, cancellationToken);
        return null;
    }

    /// <summary>By either of its ids; the newest when none is given. Recordings of other servers do not exist here.</summary>
    private async Task<RecordingSummary?> FindAsync(CommandContext context, string? id, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(id)) return (await services.Api.ListAsync(context.GuildId, 1, null, cancellationToken)).Recordings is [var newest, ..] ? newest : null;
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
