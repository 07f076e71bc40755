using System.Globalization;
using Pipeline.Bot.Commands;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.AutoRecord;

/// <summary><c>/record auto</c>: sets, takes away and lists the rules by which this bot records channels by itself.</summary>
internal sealed class AutoCommand(AutoRecorder auto, AutoRules rules, GuildSettingsStore settings, GatewayClient gateway,
    CommandRights rights) : ISlashCommand
{
    public IReadOnlyList<string> Names => ["auto"];

    public async Task RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (!await rights.MayRecordAsync(context, cancellationToken)) return;
        Guild guild = gateway.Guilds.Find(context.GuildId) ?? new Guild { Id = context.GuildId };
        ulong? named = context.Option("channel")?.Snowflake;
        string? when = context.Option("when")?.Text;
        string? people = context.Option("people")?.Text;
        string text = named is null && when is null && people is null
            ? List(context, guild)
            : when == CommandDefinitions.AutoOff
            ? await RemoveAsync(context, guild, named, cancellationToken)
            : await SetAsync(context, guild, named, people, cancellationToken);
        await context.Answer.SendAsync(text, cancellationToken);
    }

    private string List(CommandContext context, Guild guild)
    {
        string[] lines = [.. rules.Of(guild.Id).Where(rule => StartChecks.MayEnter(guild, context.Caller, rule.ChannelId))
            .Select(AutoTexts.Line)];
        return lines.Length == 0 ? AutoTexts.NoRules : Wording.Cut(string.Join('\n', lines), 1900);
    }

    private async Task<string> SetAsync(CommandContext context, Guild guild, ulong? named, string? people,
        CancellationToken cancellationToken)
    {
        if (StartChecks.FindChannel(guild, named, context.CallerId, out string problem) is not { } channel) return problem;
        if (!StartChecks.MayEnter(guild, context.Caller, channel.Id)) return Texts.MayNotEnter(channel.Id);
        KnownSettings known = await settings.GetAsync(guild.Id, cancellationToken);
        ulong command = context.Interaction.ChannelId ?? channel.Id;
        string? missing = StartChecks.WhatIsMissing(guild, channel, command, gateway.SelfId, known.Announce, out ulong? panel);
        // A channel that is full now need not be so then.
        if (missing is not null && missing != Texts.ChannelFull(channel.Id)) return missing;
        AutoRecordRule rule = new()
        {
            ChannelId = channel.Id,
            BotId = gateway.SelfId,
            People = int.TryParse(people, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
                ? Math.Clamp(count, 1, AutoRecordRule.MostPeople) : 1,
            SetBy = context.CallerId,
            PanelChannelId = panel,
        };
        int others = (known.Settings.AutoRecord ?? []).Count(other => !IsOfChannel(other, channel.Id));
        if (others >= AutoRecordRule.Most) return AutoTexts.TooMany;
        bool stored = await ReplaceAsync(guild.Id, channel.Id, rule, cancellationToken);
        auto.Reconsider(guild.Id, channel.Id);
        return AutoTexts.Set(rule, stored);
    }

    private async Task<string> RemoveAsync(CommandContext context, Guild guild, ulong? named, CancellationToken cancellationToken)
    {
        ulong? channel = named ?? guild.VoiceStates.GetValueOrDefault(context.CallerId)?.ChannelId;
        if (channel is not { } id) return Texts.JoinFirst;
        if (!StartChecks.MayEnter(guild, context.Caller, id)) return Texts.MayNotEnter(id);
        await settings.GetAsync(guild.Id, cancellationToken);
        if (!rules.Of(guild.Id).Any(rule => rule.ChannelId == id)) return AutoTexts.NoSuchRule;
        bool stored = await ReplaceAsync(guild.Id, id, null, cancellationToken);
        auto.Reconsider(guild.Id, id);
        return AutoTexts.Removed(id, stored);
    }

    private Task<bool> ReplaceAsync(ulong guildId, ulong channelId, AutoRecordRule? rule, CancellationToken cancellationToken) =>
        settings.ChangeAsync(guildId, before =>
        {
            IEnumerable<AutoRecordRule> others = (before.AutoRecord ?? []).Where(other => !IsOfChannel(other, channelId));
            return before with { AutoRecord = rule is null ? [.. others] : [.. others, rule] };
        }, cancellationToken);

    private bool IsOfChannel(AutoRecordRule rule, ulong channelId) => rule.ChannelId == channelId && rule.BotId == gateway.SelfId;
}
