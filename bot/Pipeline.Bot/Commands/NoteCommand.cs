using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record note</c>: puts a marker at this second.</summary>
internal sealed class NoteCommand(GuildRecorders recorders, CommandRights rights) : ISlashCommand
{
    public IReadOnlyList<string> Names => ["note"];

    public Task RunAsync(CommandContext context, CancellationToken cancellationToken) =>
        NoteAsync(context, context.Option("text")?.Text, cancellationToken);

    public async Task NoteAsync(CommandContext context, string? text, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(text)) await context.Answer.SendAsync(Texts.EmptyNote, cancellationToken);
        else if (recorders.For(context.GuildId).Current is { } running
            && (rights.IsInCall(context, running) || await rights.MayHandleAsync(context, running, cancellationToken)))
        {
            await rights.WithCurrentAsync(context, call => Texts.Noted(call.AddNote(context.CallerId, text)), cancellationToken);
        }
        else if (recorders.For(context.GuildId).Current is null) await context.Answer.SendAsync(Texts.NothingToStop, cancellationToken);
    }

    /// <summary>
    /// Why the form for a note is not opened, from what is known at once; null: it is. The right to note is looked at when it comes back.
    /// </summary>
    public string? WhyNoNote(CommandContext context, string recording) => recorders.For(context.GuildId).Current switch
    {
        { } running when running.Session.RecordingId.ToString() == recording => rights.MayEnter(context, running) ? null : Texts.OutOfSight,
        _ => Texts.ButtonOfThePast,
    };
}
