using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record link</c>, and a button of the list: a new link to a recording; those made before can be ended.</summary>
internal sealed class LinkCommand(FinishedRecordings finished, CatalogueClient catalogue, RecordingLinks links, CommandRights rights)
    : ISlashCommand, IButton
{
    public IReadOnlyList<string> Names => ["link"];

    public IReadOnlyList<string> Buttons => [CustomIds.Link];

    public Task RunAsync(CommandContext context, CancellationToken cancellationToken) =>
        LinkAsync(context, context.Option("recording")?.Text, cancellationToken);

    public Task PressAsync(CommandContext context, string what, string id, CancellationToken cancellationToken) =>
        LinkAsync(context, id, cancellationToken);

    private async Task LinkAsync(CommandContext context, string? id, CancellationToken cancellationToken)
    {
        if (!await rights.MayRecordAsync(context, cancellationToken)) return;
        RecordingSummary? recording = string.IsNullOrWhiteSpace(id)
            ? await finished.NewestAsync(context, 1, cancellationToken) is [var newest, ..] ? newest : null
            : await finished.FindAsync(context, id, cancellationToken);
        // One of a channel that the caller may not enter does not exist here either.
        if (recording is null || !finished.MaySee(context, recording))
        {
            await context.Answer.SendAsync(string.IsNullOrWhiteSpace(id) ? Texts.NothingRecordedYet : Texts.WrongLink, cancellationToken);
            return;
        }
        bool endsOthers = context.Option("end-others")?.Text == "true";
        (RecordingLink? fresh, int ended) = endsOthers ? await ReplaceAsync(recording, cancellationToken)
            : (await ShareAsync(recording, cancellationToken), 0);
        string link = fresh?.Url ?? catalogue.PageOf(recording.Id) ?? "";
        await context.Answer.SendAsync(new MessageBody
        {
            Content = Texts.Listed(recording, link) + (link.Length == 0 ? "\n" + EndTexts.NoLinkAtAll : "")
                + (fresh?.ExpiresAt is { } end ? "\n" + Texts.OpensUntil(end) : "")
                + (ended > 0 ? "\n" + Texts.LinksEnded(ended) : ""),
            Components = link.Length == 0 ? null : [MessageComponent.Row(MessageComponent.Link("Open", link))],
        }, cancellationToken);
    }

    private async Task<RecordingLink?> ShareAsync(RecordingSummary recording, CancellationToken cancellationToken) =>
        catalogue.MakesLinks ? await catalogue.ShareAsync(recording.Id, CatalogueClient.ForListeners, cancellationToken) : null;

    // The panel's own is among those that are ended, also where that is not done for all of them.
    private async Task<(RecordingLink? Fresh, int Ended)> ReplaceAsync(RecordingSummary recording, CancellationToken cancellationToken)
    {
        RecordingLink? fresh = null;
        try
        {
            int ended = await catalogue.EndSharesAsync(recording.Id, cancellationToken);
            fresh = await ShareAsync(recording, cancellationToken);
            return (fresh, ended);
        }
        finally
        {
            if (RecordingId.TryParse(recording.SessionId, out RecordingId session)) links.Renew(session, fresh);
        }
    }
}
