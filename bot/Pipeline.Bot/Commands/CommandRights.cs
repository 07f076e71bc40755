using Pipeline.Bot.Calls;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Commands;

/// <summary>What a caller may do with the recordings of a server; says so when it is not allowed.</summary>
internal sealed class CommandRights(GuildRecorders recorders, GuildSettingsStore settings, GatewayClient gateway)
{
    public bool IsInCall(CommandContext context, RecordedCall running) =>
        gateway.Guilds.Find(context.GuildId)?.VoiceStates.GetValueOrDefault(context.CallerId)?.ChannelId == running.ChannelId;

    public bool MayEnter(CommandContext context, RecordedCall running) =>
        StartChecks.MayEnter(gateway.Guilds.Find(context.GuildId), context.Caller, running.ChannelId);

    /// <summary>Those who may record, and the one who started, as long as they may enter the call.</summary>
    public async Task<bool> MayHandleAsync(CommandContext context, RecordedCall running, CancellationToken cancellationToken)
    {
        if (!MayEnter(context, running))
        {
            await context.Answer.SendAsync(Texts.OutOfSight, cancellationToken);
            return false;
        }
        if (running.Session.StartedBy == context.CallerId) return true;
        KnownSettings known = await settings.GetAsync(context.GuildId, cancellationToken);
        if (StartChecks.MayRecord(gateway.Guilds.Find(context.GuildId), context.Caller, known.Settings)) return true;
        await context.Answer.SendAsync(Texts.NoRight(known.Settings.RecorderRoleId), cancellationToken);
        return false;
    }

    public async Task<bool> MayRecordAsync(CommandContext context, CancellationToken cancellationToken)
    {
        KnownSettings known = await settings.GetAsync(context.GuildId, cancellationToken);
        if (StartChecks.MayRecord(gateway.Guilds.Find(context.GuildId), context.Caller, known.Settings)) return true;
        await context.Answer.SendAsync(Texts.NoRight(known.Settings.RecorderRoleId), cancellationToken);
        return false;
    }

    public async Task WithCurrentAsync(CommandContext context, Func<RecordedCall, string> action, CancellationToken cancellationToken)
    {
        string? text = await recorders.For(context.GuildId).WithCurrentAsync(action);
        await context.Answer.SendAsync(text ?? Texts.NothingToStop, cancellationToken);
    }
}
