using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;

namespace Pipeline.Bot.Commands;

/// <summary><c>/record me</c>: keeps the caller out of recordings here, or takes them back in.</summary>
internal sealed class MeCommand(GuildOptOuts optOuts, GuildRecorders recorders, GuildSettingsStore settings) : ISlashCommand
{
    /// <summary>Whatever the caller was before, they are not recorded.</summary>
    public const string Out = "out";

    public IReadOnlyList<string> Names => ["me"];

    public Task RunAsync(CommandContext context, CancellationToken cancellationToken) =>
        MeAsync(context, context.Option("choice")?.Text, "/record me", cancellationToken);

    /// <summary>Takes the caller out of this server's recordings, or back in; holds for a running one at once.</summary>
    public async Task MeAsync(CommandContext context, string? choice, string button, CancellationToken cancellationToken)
    {
        bool optOut = choice switch
        {
            Out => true,
            "in" => false,
            _ => !settings.IsOptedOut(context.GuildId, context.CallerId),
        };
        await optOuts.SetAsync(context.GuildId, context.CallerId, optOut, button);
        bool stored = await optOuts.StoreAsync(context.GuildId, cancellationToken);
        string answer = !optOut ? BackIn(context.GuildId, context.CallerId) : stored ? Texts.OutNow : Texts.OutNowSettingsAway;
        await context.Answer.SendAsync(answer, cancellationToken);
    }

    // A recording asks as it did when it started, whatever the settings say by now.
    private string BackIn(ulong guildId, ulong userId)
    {
        if (recorders.For(guildId).Current is not { } running)
            return settings.AtHand(guildId).Consent == ConsentMode.Required ? Texts.InNowUnlessAsked : Texts.InNow;
        if (running.Consent.IsErased(userId)) return Texts.InNowButErased;
        return running.Consent.HasAgreed(userId) ? Texts.InNow : Texts.InNowUnlessAsked;
    }
}
