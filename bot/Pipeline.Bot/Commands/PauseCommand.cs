using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record pause</c> and <c>/record resume</c>: off the record for everybody, and back.</summary>
internal sealed class PauseCommand(GuildRecorders recorders, CommandRights rights) : ISlashCommand
{
    public IReadOnlyList<string> Names => ["pause", "resume"];

    public Task RunAsync(CommandContext context, CancellationToken cancellationToken) =>
        PauseAsync(context, context.Subcommand == "pause", cancellationToken);

    public async Task PauseAsync(CommandContext context, bool paused, CancellationToken cancellationToken)
    {
        if (recorders.For(context.GuildId).Current is not { } running)
            await context.Answer.SendAsync(Texts.NothingToStop, cancellationToken);
        else if (await rights.MayHandleAsync(context, running, cancellationToken))
        {
            await rights.WithCurrentAsync(context, call =>
            {
                if (call.IsPaused == paused) return paused ? Texts.AlreadyPaused : Texts.NotPaused;
                if (!call.SetPaused(paused, context.CallerId)) return Texts.NotNow;
                return paused ? Texts.Paused(Wording.User(context.CallerId)) : Texts.Resumed(Wording.User(context.CallerId));
            }, cancellationToken);
        }
    }
}
