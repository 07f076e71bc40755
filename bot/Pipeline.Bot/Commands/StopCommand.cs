using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Contracts;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record stop</c>, <c>/stop</c>: ends the recording and hands out the link.</summary>
internal sealed class StopCommand(GuildRecorders recorders, CommandRights rights) : ISlashCommand
{
    public IReadOnlyList<string> Names => ["stop"];

    public async Task RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (recorders.For(context.GuildId).Current is not { } running)
        {
            await context.Answer.SendAsync(Texts.NothingToStop, cancellationToken);
            return;
        }
        // Who began it may always end it.
        if (running.Session.StartedBy != context.CallerId && !await rights.MayHandleAsync(context, running, cancellationToken)) return;
        StopOutcome? outcome = await recorders.For(context.GuildId)
            .StopAsync(EndReason.Stopped, Texts.Interrupted(Wording.User(context.CallerId)));
        await context.Answer.SendAsync(outcome is null ? Texts.NothingToStop : outcome.Text, cancellationToken);
        if (outcome is { Delivered: false, Link: { } link } && outcome.Session.StartedBy == context.CallerId)
            await context.Answer.SendAsync(Texts.DmClosed(link), cancellationToken);
    }
}
