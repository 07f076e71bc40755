using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record status</c>: shows the running recording to the caller.</summary>
internal sealed class StatusCommand(GuildRecorders recorders, CommandRights rights) : ISlashCommand
{
    public IReadOnlyList<string> Names => ["status"];

    public async Task RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (recorders.For(context.GuildId).Current is not { } call) await context.Answer.SendAsync(Texts.NothingToStop, cancellationToken);
        else if (!rights.MayEnter(context, call)) await context.Answer.SendAsync(Texts.OutOfSight, cancellationToken);
        else await context.Answer.SendAsync(RecordingPanel.DrawPrivately(call.Panel.Draw()), cancellationToken);
    }
}
