using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Contracts;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Commands;

/// <summary>
/// The answers to one interaction. The first thing sent is always a deferral, within 3 s; what follows edits it, or is a follow-up,
/// for 15 minutes; after that, or when Discord no longer takes it, an ordinary message: to the person for private answers, else to the
/// channel. One handler uses it, one call at a time.
/// </summary>
internal sealed class InteractionAnswer(Interaction interaction, long receivedAt, DiscordRestClient rest, TimeProvider time, ILogger log)
{
    /// <summary>Discord: Responding to an Interaction.</summary>
    public static readonly TimeSpan FirstAnswerLimit = TimeSpan.FromSeconds(3);
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(15);

    private const int EphemeralFlag = 64;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private bool tokenWorks;
    private bool originalUsed;
    private bool isPrivate;

    public Interaction Interaction { get; } = interaction;

    private string Name => Interaction.Data?.Name ?? Interaction.Data?.CustomId ?? "";

    /// <summary>"is thinking": the real answer may take its time.</summary>
    public Task DeferAsync(bool onlyForCaller, CancellationToken cancellationToken)
    {
        isPrivate = onlyForCaller;
        return RespondAsync(InteractionResponse.Deferred(onlyForCaller), cancellationToken);
    }

    /// <summary>Opens a form; this cannot be deferred and is the only answer.</summary>
    public Task OpenFormAsync(string customId, string title, IReadOnlyList<MessageComponent> rows, CancellationToken cancellationToken)
    {
        originalUsed = true;
        isPrivate = true;
        return RespondAsync(InteractionResponse.Form(customId, title, rows), cancellationToken);
    }

    public Task SendAsync(string text, CancellationToken cancellationToken) =>
        SendAsync(new MessageBody { Content = text }, cancellationToken);

    /// <summary>The answer, or one more of them. Never throws for Discord: what cannot be delivered is logged.</summary>
    public async Task SendAsync(MessageBody body, CancellationToken cancellationToken)
    {
        try
        {
            if (tokenWorks && time.GetElapsedTime(receivedAt) < TokenLifetime && await TrySendByTokenAsync(body, cancellationToken)) return;
            await SendAsMessageAsync(body, cancellationToken);
        }
        catch (Exception problem) when (DiscordFailure.Is(problem))
        {
            log.AnswerUndeliverable(Interaction.Id, Cause.Of(problem));
        }
    }

    /// <summary>
    /// Says something else in place of the answer, as long as Discord lets it be edited; what is said last comes as a message of its own
    /// after that. Never throws for Discord.
    /// </summary>
    public async Task UpdateAsync(string text, bool isLast, CancellationToken cancellationToken)
    {
        originalUsed = false;
        if (isLast) await SendAsync(text, cancellationToken);
        else if (tokenWorks && time.GetElapsedTime(receivedAt) < TokenLifetime)
        {
            try
            {
                await TrySendByTokenAsync(new MessageBody { Content = text }, cancellationToken);
            }
            catch (Exception problem) when (DiscordFailure.Is(problem))
            {
                log.AnswerUndeliverable(Interaction.Id, Cause.Of(problem));
            }
        }
    }

    private async Task RespondAsync(InteractionResponse response, CancellationToken cancellationToken)
    {
        long deadline = receivedAt + (long)(FirstAnswerLimit.TotalSeconds * time.TimestampFrequency);
        try
        {
            // What was asked for must not wait for an answer that comes to nothing any more.
            await rest.RespondAsync(Interaction.Id, Interaction.Token, response, deadline, cancellationToken)
                .WaitAsync(FirstAnswerLimit + Grace, time, cancellationToken);
            tokenWorks = true;
        }
        catch (Exception problem) when (DiscordFailure.Is(problem))
        {
            log.AnswerTooLate(Interaction.Id, Name, Cause.Of(problem));
        }
    }

    private async Task<bool> TrySendByTokenAsync(MessageBody body, CancellationToken cancellationToken)
    {
        try
        {
            if (originalUsed)
            {
                await rest.FollowUpAsync(Interaction.ApplicationId, Interaction.Token,
                    isPrivate ? body with { Flags = EphemeralFlag } : body, cancellationToken);
            }
            else
            {
                await rest.EditResponseAsync(Interaction.ApplicationId, Interaction.Token, body, cancellationToken);
                originalUsed = true;
            }
            return true;
        }
        catch (DiscordRestException gone) when (gone.IsInteractionGone
            || gone.Status is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Unauthorized)
        {
            tokenWorks = false;
            return false;
        }
    }

    private async Task SendAsMessageAsync(MessageBody body, CancellationToken cancellationToken)
    {
        ulong? channel = Interaction.ChannelId;
        if (isPrivate && Interaction.Caller is { } caller) channel = await rest.OpenDirectMessageAsync(caller.Id, cancellationToken);
        if (channel is not { } target) return;
        string nonce = Interaction.Id.ToString("x", System.Globalization.CultureInfo.InvariantCulture) + (time.GetTimestamp() & 0xFFFFFF)
            .ToString("x", System.Globalization.CultureInfo.InvariantCulture);
        await rest.PostMessageAsync(target, body, nonce, cancellationToken);
    }
}
