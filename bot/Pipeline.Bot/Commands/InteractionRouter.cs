using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Commands;

/// <summary>
/// Answers every interaction within its 3 s, by a deferral that only the caller sees, and then does what was asked. Each interaction runs
/// by itself; one that fails says so to its caller and touches nothing else.
/// </summary>
internal sealed class InteractionRouter(RecordCommands commands, RecordButtons buttons, NoteCommand note, CommandPace pace,
    DiscordRestClient rest, TimeProvider time, ILogger<InteractionRouter> log)
{
    private const int NoteLength = 400;

    /// <summary>Never throws but for cancellation.</summary>
    /// <param name="receivedAt">Timestamp of <paramref name="time"/>.</param>
    public async Task HandleAsync(Interaction interaction, long receivedAt, CancellationToken cancellationToken)
    {
        InteractionAnswer answer = new(interaction, receivedAt, rest, time, log);
        string name = interaction.Data?.Name ?? interaction.Data?.CustomId ?? interaction.Kind.ToString();
        log.CommandUsed(interaction.GuildId, name, interaction.Caller?.Id ?? 0);
        try
        {
            await RouteAsync(interaction, answer, cancellationToken);
        }
        catch (CatalogueException)
        {
            await answer.SendAsync(Texts.ApiAway, cancellationToken);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            log.CommandFailed(problem, name);
            await answer.SendAsync(Texts.SomethingBroke, cancellationToken);
        }
    }

    private async Task RouteAsync(Interaction interaction, InteractionAnswer answer, CancellationToken cancellationToken)
    {
        bool isOurs = CustomIds.TryParse(interaction.Data?.CustomId, out string what, out string argument);
        CommandContext? context = interaction is { GuildId: { } guildId, Member.User: not null }
            ? new CommandContext(guildId, interaction, answer) : null;
        if (interaction.Kind == InteractionKind.Component && isOurs && what == CustomIds.Note && context is not null)
        {
            await NoteAsync(context, argument, cancellationToken);
            return;
        }
        if (interaction.Kind is not (InteractionKind.Command or InteractionKind.Component or InteractionKind.ModalSubmit)) return;
        await answer.DeferAsync(onlyForCaller: true, cancellationToken);
        if (context is null) await answer.SendAsync(Texts.OnlyInServers, cancellationToken);
        else if (pace.TooFast(context.CallerId) is { } again) await answer.SendAsync(Texts.TooFast(again), cancellationToken);
        else if (interaction.Kind == InteractionKind.Command) await commands.RunAsync(context, cancellationToken);
        else if (isOurs) await buttons.PressAsync(context, what, argument, cancellationToken);
        else await answer.SendAsync(Texts.UnknownCommand, cancellationToken);
    }

    /// <summary>A form cannot follow a deferral, so what speaks against it is known before.</summary>
    private async Task NoteAsync(CommandContext context, string recording, CancellationToken cancellationToken)
    {
        string? problem = pace.TooFast(context.CallerId) is { } again ? Texts.TooFast(again) : note.WhyNoNote(context, recording);
        if (problem is null)
        {
            await OpenNoteFormAsync(context.Answer, recording, cancellationToken);
            return;
        }
        await context.Answer.DeferAsync(onlyForCaller: true, cancellationToken);
        await context.Answer.SendAsync(problem, cancellationToken);
    }

    private static Task OpenNoteFormAsync(InteractionAnswer answer, string recording, CancellationToken cancellationToken) =>
        answer.OpenFormAsync(
            CustomIds.For(CustomIds.NoteForm, recording),
            "Note at this second",
            [MessageComponent.Row(MessageComponent.Paragraph("What happened?", CustomIds.NoteText, NoteLength, "A word or two is enough"))],
            cancellationToken);
}
