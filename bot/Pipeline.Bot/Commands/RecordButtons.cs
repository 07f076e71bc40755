using System.Globalization;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Commands;

/// <summary>Buttons and forms. A button of a recording that is over does nothing but say so.</summary>
internal sealed class RecordButtons(GuildRecorders recorders, StartCommand start, StopCommand stop, NoteCommand note, PauseCommand pause,
    MeCommand me, IEnumerable<IButton> others)
{
    private readonly Dictionary<string, IButton> byWhat = others.SelectMany(one => one.Buttons.Select(what => (what, one)))
        .ToDictionary(entry => entry.what, entry => entry.one);

    public Task PressAsync(CommandContext context, string what, string argument, CancellationToken cancellationToken) => what switch
    {
        _ when byWhat.TryGetValue(what, out IButton? other) => other.PressAsync(context, what, argument, cancellationToken),
        CustomIds.CheckAgain when ulong.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out ulong channel) =>
            start.StartAsync(context, channel, null, cancellationToken),
        CustomIds.Keep => context.Answer.SendAsync(Texts.DeleteKept, cancellationToken),
        // Never the other way round: who presses again waits for an answer, or has been out before.
        CustomIds.Me => me.MeAsync(context, MeCommand.Out, ConsentTexts.OptOutButton, cancellationToken),
        _ when recorders.For(context.GuildId).Current?.Session.RecordingId.ToString() != argument =>
            context.Answer.SendAsync(Texts.ButtonOfThePast, cancellationToken),
        CustomIds.Agree => context.Answer.SendAsync(
            recorders.For(context.GuildId).Current?.Consent.Agree(context.CallerId) ?? Texts.ButtonOfThePast, cancellationToken),
        CustomIds.Stop => stop.RunAsync(context, cancellationToken),
        CustomIds.Pause => pause.PauseAsync(context, paused: true, cancellationToken),
        CustomIds.Resume => pause.PauseAsync(context, paused: false, cancellationToken),
        CustomIds.NoteForm => note.NoteAsync(context, Field(context.Interaction.Data?.Components ?? []), cancellationToken),
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
