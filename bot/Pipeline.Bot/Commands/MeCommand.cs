using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record me</c>: keeps the caller out of recordings here, or takes them back in.</summary>
internal sealed class MeCommand(GuildOptOuts optOuts, GuildSettingsStore settings) : ISlashCommand
{
    public IReadOnlyList<string> Names => ["me"];

    public Task RunAsync(CommandContext context, CancellationToken cancellationToken) =>
        MeAsync(context, context.Option("choice")?.Text, "/record me", cancellationToken);

    /// <summary>Takes the caller out of this server's recordings, or back in; holds for a running one at once.</summary>
    public async Task MeAsync(CommandContext context, string? choice, string button, CancellationToken cancellationToken)
    {
        bool optOut = choice switch
        {
            "out" => true,
            "in" => false,
            _ => !settings.IsOptedOut(context.GuildId, context.CallerId),
        };
        await optOuts.SetAsync(context.GuildId, context.CallerId, optOut, button);
        bool stored = await optOuts.StoreAsync(context.GuildId, cancellationToken);
        await context.Answer.SendAsync(!optOut ? Texts.InNow : stored ? Texts.OutNow : Texts.OutNowSettingsAway, cancellationToken);
    }
}
