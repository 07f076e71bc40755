using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record status</c>: shows the running recording to the caller, and to those who manage the server how the bot is.</summary>
internal sealed class StatusCommand(GuildRecorders recorders, CommandRights rights, GatewayClient gateway, BotStatus bot) : ISlashCommand
{
    public IReadOnlyList<string> Names => ["status"];

    public async Task RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        string? figures = StartChecks.MayManage(gateway.Guilds.Find(context.GuildId), context.Caller) ? OwnerTexts.Of(bot.Read()) : null;
        if (recorders.For(context.GuildId).Current is not { } call)
            await context.Answer.SendAsync(Joined(Texts.NothingToStop, figures), cancellationToken);
        else if (!rights.MayEnter(context, call)) await context.Answer.SendAsync(Joined(Texts.OutOfSight, figures), cancellationToken);
        else await context.Answer.SendAsync(RecordingPanel.DrawPrivately(call.Panel.Draw()) with { Content = figures }, cancellationToken);
    }

    private static string Joined(string text, string? figures) => figures is null ? text : $"{text}\n{figures}";
}
