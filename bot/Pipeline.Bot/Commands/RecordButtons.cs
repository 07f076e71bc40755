using System.Globalization;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Commands;

/// <summary>Buttons and forms. A button of a recording that is over does nothing but say so.</summary>
internal sealed class RecordButtons(RecordCommands commands, LibraryCommands library, GuildRecorders recorders)
{
    public Task PressAsync(CommandContext context, string what, string argument, CancellationToken cancellationToken) => what switch
    {
        _ when commands.TooFast(context.CallerId) is { } again => context.Answer.SendAsync(Texts.TooFast(again), cancellationToken),
        CustomIds.CheckAgain when ulong.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out ulong channel) => commands.StartAsync(context, channel, null, cancellationToken),
        CustomIds.Delete => library.DeleteNowAsync(context, argument, cancellationToken),
        CustomIds.Keep => context.Answer.SendAsync(Texts.DeleteKept, cancellationToken),
        CustomIds.Me => commands.MeAsync(context, null, cancellationToken),
        _ when recorders.For(context.GuildId).Current?.Session.RecordingId.ToString() != argument => context.Answer.SendAsync(Texts.ButtonOfThePast, cancellationToken),
        CustomIds.Stop => commands.StopAsync(context, cancellationToken),
        CustomIds.Pause => commands.PauseAsync(context, paused: true, cancellationToken),
        CustomIds.Resume => commands.PauseAsync(context, paused: false, cancellationToken),
        CustomIds.NoteForm => commands.NoteAsync(context, Field(context.Interaction.Data?.Components ?? []), cancellationToken),
        _ => context.Answer.SendAsync(Texts.UnknownCommand, cancellationToken),
    };

    /// <summary>The note's text, however deep Discord nests its rows.</summary>
    private static string? Field(IReadOnlyList<InteractionComponent> components)
    {
        foreach (InteractionComponent one in components)
        {
            if (one.CustomId == CustomIds.NoteText) return one.Value;
            if (one.Component is { } inner && Field([inner]) is { } labelled) return labelled;
            if (Field(one.Components) is { } nested) return nested;
        }
        return null;
    }
}
