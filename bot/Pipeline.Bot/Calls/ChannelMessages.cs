using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Contracts;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Calls;

/// <summary>Says things in a guild's channels and to people, in order, without anybody waiting for Discord.</summary>
internal sealed class ChannelMessages : IAsyncDisposable
{
    private readonly DiscordRestClient rest;
    private readonly ulong guildId;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly SerialQueue queue;
    private long counter;

    public ChannelMessages(DiscordRestClient rest, ulong guildId, TimeProvider time, ILogger log)
    {
        (this.rest, this.guildId, this.time, this.log) = (rest, guildId, time, log);
        queue = new SerialQueue(problem => log.PostFailed(guildId, Cause.Of(problem)));
    }

    /// <summary>Posts soon. Tries <paramref name="otherwise"/> when it may not write in the first channel.</summary>
    /// <param name="unsaid">Called on any thread when Discord is away, so that nobody reads it; not when Discord refuses it.</param>
    public void Say(ulong channelId, MessageBody body, ulong? otherwise = null, Action? unsaid = null)
    {
        if (queue.Post(() => PostAsync(channelId, body, otherwise, unsaid))) return;
        log.RecorderQueueFull(guildId, "message");
        unsaid?.Invoke();
    }

    /// <summary>A direct message soon; nothing happens when the person takes none.</summary>
    public void Tell(ulong userId, MessageBody body)
    {
        if (!queue.Post(() => TryTellAsync(userId, body, CancellationToken.None))) log.RecorderQueueFull(guildId, "direct message");
    }

    /// <summary>Where the message is; null: the person takes no direct messages, or Discord is away.</summary>
    public async Task<PostedPanel?> TryTellAsync(ulong userId, MessageBody body, CancellationToken cancellationToken)
    {
        try
        {
            return await TellAsync(userId, body, cancellationToken);
        }
        catch (Exception problem) when (DiscordFailure.Is(problem))
        {
            log.PostFailed(guildId, Cause.Of(problem));
            return null;
        }
    }

    /// <summary>False: Discord is away, and the person is to be told later. Who takes no direct messages is not.</summary>
    public async Task<bool> TellSurelyAsync(ulong userId, MessageBody body, CancellationToken cancellationToken)
    {
        try
        {
            await TellAsync(userId, body, cancellationToken);
            return true;
        }
        catch (Exception problem) when (DiscordFailure.Is(problem))
        {
            log.PostFailed(guildId, Cause.Of(problem));
            return IsRefusal(problem);
        }
    }

    /// <summary>Finishes what was said.</summary>
    public ValueTask DisposeAsync() => queue.DisposeAsync();

    private async Task<PostedPanel> TellAsync(ulong userId, MessageBody body, CancellationToken cancellationToken)
    {
        ulong channel = await rest.OpenDirectMessageAsync(userId, cancellationToken);
        SentMessage sent = await rest.PostMessageAsync(channel, body, Nonce(), cancellationToken);
        return new PostedPanel(channel, sent.Id, time.GetUtcNow());
    }

    private async Task PostAsync(ulong channelId, MessageBody body, ulong? otherwise, Action? unsaid)
    {
        try
        {
            await PostAsync(channelId, body, otherwise);
        }
        catch (Exception problem) when (DiscordFailure.Is(problem))
        {
            if (!IsRefusal(problem)) unsaid?.Invoke();
            throw;
        }
    }

    // Saying it again changes nothing. A wrong token and a limit say nothing about the message.
    private static bool IsRefusal(Exception problem) => problem is DiscordRestException
    {
        Status: >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError
            and not (HttpStatusCode.Unauthorized or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests)
    };

    private async Task PostAsync(ulong channelId, MessageBody body, ulong? otherwise)
    {
        try
        {
            await rest.PostMessageAsync(channelId, body, Nonce(), CancellationToken.None);
        }
        catch (DiscordRestException refused) when (otherwise is { } other && other != channelId
            && (refused.IsForbidden || refused.Code == DiscordErrorCode.UnknownChannel))
        {
            await rest.PostMessageAsync(other, body, Nonce(), CancellationToken.None);
        }
    }

    private string Nonce() =>
        string.Create(CultureInfo.InvariantCulture,
            $"{time.GetUtcNow().UtcTicks & 0xFFFFFFFFFFFF:x}{Interlocked.Increment(ref counter) & 0xFFFF:x}");
}
