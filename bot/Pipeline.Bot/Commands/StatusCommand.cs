using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record status</c>: shows the running recording to the caller, and to those who manage the server how the bot is.</summary>
internal sealed class StatusCommand(GuildRecorders recorders, CommandRights rights, GatewayClient gateway, BotStatus bot,
    CatalogueClient catalogue, TimeProvider time) : ISlashCommand
{
    // The panel is what was asked for; the recording API may be away.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public IReadOnlyList<string> Names => ["status"];

    public async Task RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        string? figures = StartChecks.MayManage(gateway.Guilds.Find(context.GuildId), context.Caller) ? OwnerTexts.Of(bot.Read()) : null;
        if (recorders.For(context.GuildId).Current is not { } call)
            await context.Answer.SendAsync(Joined(Texts.NothingToStop, figures), cancellationToken);
        else if (!rights.MayEnter(context, call)) await context.Answer.SendAsync(Joined(Texts.OutOfSight, figures), cancellationToken);
        else
        {
            PanelState state = call.Panel.Draw();
            string? text = await FindTranscriptAsync(state.Session.RecordingId, cancellationToken) is { } transcript
                ? Joined(Texts.Transcript(transcript), figures) : figures;
            await context.Answer.SendAsync(RecordingPanel.DrawPrivately(state) with { Content = text }, cancellationToken);
        }
    }

    private async Task<TranscriptState?> FindTranscriptAsync(RecordingId recording, CancellationToken cancellationToken)
    {
        if (!catalogue.IsConfigured) return null;
        using CancellationTokenSource patience = new(Patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            return (await catalogue.GetAsync(recording.ToString(), either.Token))?.Transcript;
        }
        catch (Exception away) when (away is CatalogueException || (away is OperationCanceledException && patience.IsCancellationRequested))
        {
            return null;
        }
    }

    private static string Joined(string text, string? figures) => figures is null ? text : $"{text}\n{figures}";
}
