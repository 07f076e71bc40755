using System.Text;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record list</c>: the newest recordings of the server.</summary>
internal sealed class ListCommand(FinishedRecordings finished, CatalogueClient catalogue, CommandRights rights) : ISlashCommand
{
    private const int Listed = 10;
    private const int LongestMessage = 2000; // Discord: Create Message

    public IReadOnlyList<string> Names => ["list"];

    public async Task RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        if (!await rights.MayRecordAsync(context, cancellationToken)) return;
        IReadOnlyList<RecordingSummary> visible = await finished.NewestAsync(context, Listed, cancellationToken);
        string text = visible.Count == 0
            ? Texts.NothingRecordedYet
            : Fit(visible.Select(recording => Texts.Listed(recording, catalogue.MakesLinks ? "" : catalogue.PageOf(recording.Id) ?? ""))
            .Append(Texts.ListHint));
        await context.Answer.SendAsync(text, cancellationToken);
    }

    /// <summary>As many whole entries as a message takes, the newest first.</summary>
    private static string Fit(IEnumerable<string> entries)
    {
        StringBuilder text = new();
        foreach (string entry in entries)
        {
            if (text.Length + entry.Length + 1 > LongestMessage) break;
            if (text.Length > 0) text.Append('\n');
            text.Append(entry);
        }
        return text.ToString();
    }
}
