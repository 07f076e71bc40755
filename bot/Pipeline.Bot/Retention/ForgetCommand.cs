using System.Globalization;
using Pipeline.Bot.Commands;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Panel;
using Pipeline.Bot.ServerSettings;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Retention;

/// <summary>
/// <c>/record forget me</c>, which asks first, and the button that erases somebody from one recording. Both are for the caller alone.
/// </summary>
internal sealed class ForgetCommand(GuildOptOuts optOuts, ForgottenPeople forgotten, CatalogueClient api, TimeProvider time)
    : ISlashCommand, IButton
{
    public const string Command = "/record forget me";

    public IReadOnlyList<string> Names => ["forget"];

    public IReadOnlyList<string> Buttons => [CustomIds.Forget, CustomIds.EraseMe];

    public Task RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        string caller = context.CallerId.ToString(CultureInfo.InvariantCulture);
        return context.Answer.SendAsync(new MessageBody
        {
            Content = ForgetTexts.Confirm,
            Components = [MessageComponent.Row(
                MessageComponent.Button("Erase me for good", CustomIds.For(CustomIds.Forget, caller), ButtonStyle.Danger),
                MessageComponent.Button("Keep", CustomIds.For(CustomIds.Keep, caller)))],
        }, cancellationToken);
    }

    public Task PressAsync(CommandContext context, string what, string argument, CancellationToken cancellationToken) =>
        what == CustomIds.EraseMe ? EraseHereAsync(context, argument, cancellationToken) : ForgetAsync(context, cancellationToken);

    private async Task ForgetAsync(CommandContext context, CancellationToken cancellationToken)
    {
        string scope = string.Create(CultureInfo.InvariantCulture, $"guilds/{context.GuildId}");
        ForgetWish wish = Remember(context, scope);
        await optOuts.SetAsync(context.GuildId, context.CallerId, optedOut: true, Command);
        optOuts.Erase(context.GuildId, context.CallerId, Command, wish.IsAbout);
        await optOuts.StoreAsync(context.GuildId, cancellationToken);
        await BeginAsync(context, wish, ForgetTexts.Begun, cancellationToken);
    }

    private async Task EraseHereAsync(CommandContext context, string recording, CancellationToken cancellationToken)
    {
        ForgetWish wish = Remember(context, "recordings/" + Uri.EscapeDataString(recording));
        optOuts.Erase(context.GuildId, context.CallerId, ConsentTexts.EraseButton, wish.IsAbout);
        await BeginAsync(context, wish, ForgetTexts.BegunHere, cancellationToken);
    }

    // Before anything else: a process that ends in between goes on with it at its next start.
    private ForgetWish Remember(CommandContext context, string scope)
    {
        ForgetWish wish = new(context.GuildId, scope, context.CallerId) { At = time.GetUtcNow() };
        if (api.IsConfigured) forgotten.Remember(wish);
        return wish;
    }

    private async Task BeginAsync(CommandContext context, ForgetWish wish, string text, CancellationToken cancellationToken)
    {
        if (!api.IsConfigured) text = ForgetTexts.NothingStored;
        else if (!await forgotten.BeginAsync(wish, cancellationToken)) text = ForgetTexts.CannotErase;
        await context.Answer.SendAsync(text, cancellationToken);
    }
}
