using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record list</c>: the newest recordings of the server, each with a button that opens it.</summary>
internal sealed class ListCommand(FinishedRecordings finished, CatalogueClient catalogue, CommandRights rights) : ISlashCommand
{
    private const int Listed = 10;
    private const int LongestMessage = 2000; // Discord: Create Message
    private const int ButtonsInRow = 5;

    public IReadOnlyList<string> Names => ["list"];

    public async Task RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (!await rights.MayRecordAsync(context, cancellationToken)) return;
        IReadOnlyList<RecordingSummary> visible = await finished.NewestAsync(context, Listed, cancellationToken);
        if (visible.Count == 0) await context.Answer.SendAsync(Texts.NothingRecordedYet, cancellationToken);
        else await context.Answer.SendAsync(Draw(visible), cancellationToken);
    }

    private MessageBody Draw(IReadOnlyList<RecordingSummary> recordings)
    {
        List<string> entries = [.. recordings.Select((recording, at) => $"**{at + 1}** "
            + Texts.Listed(recording, catalogue.MakesLinks ? "" : catalogue.PageOf(recording.Id) ?? ""))];
        int shown = Fit(entries);
        List<MessageComponent> buttons = [.. recordings.Take(shown).Select(Button).OfType<MessageComponent>()];
        return new MessageBody
        {
            Content = string.Join('\n', entries.Take(shown).Append(Texts.ListHint)),
            Components = buttons.Count == 0 ? null : [.. buttons.Chunk(ButtonsInRow).Select(row => MessageComponent.Row(row))],
        };
    }

    // A link is made for the one who presses, and only then: a list is read far more often than what it names is opened.
    private MessageComponent? Button(RecordingSummary recording, int at)
    {
        string id = CustomIds.For(CustomIds.Link, recording.Id);
        return catalogue.MakesLinks && id.Length <= CustomIds.Longest ? MessageComponent.Button(Texts.LinkButton(at + 1), id) : null;
    }

    /// <summary>As many whole entries as a message takes, the newest first.</summary>
    private static int Fit(List<string> entries)
    {
        int length = Texts.ListHint.Length;
        int fit = entries.FindIndex(entry => (length += entry.Length + 1) > LongestMessage);
        return fit < 0 ? entries.Count : fit;
    }
}
