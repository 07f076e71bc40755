using System.Globalization;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record settings</c>: who may record and how it is announced.</summary>
internal sealed class SettingsCommand(GuildSettingsStore settings, GatewayClient gateway) : ISlashCommand
{
    public IReadOnlyList<string> Names => ["settings"];

    public async Task RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (!StartChecks.MayManage(gateway.Guilds.Find(context.GuildId), context.Caller))
        {
            await context.Answer.SendAsync(Texts.SettingsNeedManageServer, cancellationToken);
            return;
        }
        ulong? role = context.Option("role")?.Snowflake;
        bool noRole = context.Option("no-role")?.Text == "true";
        string? announce = context.Option("announce")?.Text;
        string? consent = context.Option("consent")?.Text;
        int? keep = int.TryParse(context.Option("keep")?.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int days)
            ? Math.Min(days, GuildSettings.MostKeepDays) : null;
        string saved = "";
        if (role is not null || noRole || announce is not null || consent is not null || keep is not null)
        {
            bool stored = await settings.ChangeAsync(context.GuildId, before => before with
            {
                RecorderRoleId = noRole ? null : role ?? before.RecorderRoleId,
                KeepDays = keep ?? before.KeepDays,
                Consent = consent is null ? before.Consent : ConsentModes.FromWord(consent).ToWord(),
                AnnounceMode = announce is null ? before.AnnounceMode : AnnounceModes.FromWord(announce).ToWord(),
            }, cancellationToken);
            saved = Texts.SettingsSaved(stored) + "\n";
        }
        KnownSettings known = await settings.GetAsync(context.GuildId, cancellationToken);
        await context.Answer.SendAsync(saved
            + Texts.Settings(known, known.Settings.OptedOutUserIds.Count),
            cancellationToken);
    }
}
