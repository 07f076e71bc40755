using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Observability;
using Pipeline.Contracts;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Panel;

/// <summary>
/// Keeps one message showing the newest state, with at most one edit in 5 s and one in 60 s once it is an hour old (Discord limits
/// edits of old messages). A message that was deleted is posted again.
/// </summary>
internal sealed class PanelPublisher : IAsyncDisposable
{
    public static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan IntervalWhenOld = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Old = TimeSpan.FromHours(1);

    private readonly DiscordRestClient rest;
    private readonly ulong guildId;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Channel<MessageBody> newest = Channel.CreateBounded<MessageBody>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly CancellationTokenSource stop = new();
    private readonly Task run;
    private volatile PostedPanel? posted;
    private long? lastEdit;
    private volatile bool hurry;

    public PanelPublisher(DiscordRestClient rest, ulong guildId, PostedPanel? posted, TimeProvider time, ILogger log)
    {
        (this.rest, this.guildId, this.posted, this.time, this.log) = (rest, guildId, posted, time, log);
        run = RunAsync(stop.Token);
    }

    /// <summary>Where the message is; null before it was posted.</summary>
    public PostedPanel? Posted => posted;

    /// <summary>Posts the first message now. The caller learns when it may not.</summary>
    /// <exception cref="DiscordRestException">Refused.</exception>
    public async Task<PostedPanel> PostAsync(ulong channelId, MessageBody body, CancellationToken cancellationToken)
    {
        SentMessage message = await rest.PostMessageAsync(channelId, body, Nonce(), cancellationToken);
        lastEdit = time.GetTimestamp();
        return posted = new PostedPanel(channelId, message.Id, time.GetUtcNow());
    }

    /// <summary>Shows this as soon as the rate allows; a newer one replaces it.</summary>
    /// <param name="important">A change of state: an old message does not wait its 60 s for it.</param>
    public void Show(MessageBody body, bool important = false)
    {
        if (important) hurry = true;
        newest.Writer.TryWrite(body);
    }

    /// <summary>Ends after what was shown last is out, or after the given patience.</summary>
    public async ValueTask DisposeAsync()
    {
        newest.Writer.TryComplete();
        stop.CancelAfter(ShortestInterval + ShortestInterval);
        await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await newest.Reader.WaitToReadAsync(cancellationToken))
        {
            while (Wait() is { Ticks: > 0 } wait)
                await Task.Delay(wait < ShortestInterval ? wait : ShortestInterval, time, cancellationToken);
            if (!newest.Reader.TryRead(out MessageBody? body)) continue;
            hurry = false;
            lastEdit = time.GetTimestamp();
            await EditAsync(body, cancellationToken);
        }
    }

    private TimeSpan Wait()
    {
        if (lastEdit is not { } last) return TimeSpan.Zero;
        bool old = posted is { } panel && time.GetUtcNow() - panel.PostedAt > Old;
        return (old && !hurry ? IntervalWhenOld : ShortestInterval) - time.GetElapsedTime(last);
    }

    private async Task EditAsync(MessageBody body, CancellationToken cancellationToken)
    {
        if (posted is not { } panel) return;
        try
        {
            await rest.EditMessageAsync(panel.ChannelId, panel.MessageId, body, cancellationToken);
        }
        catch (DiscordRestException refused) when (refused.Code is DiscordErrorCode.UnknownMessage or DiscordErrorCode.OldMessageEditLimit)
        {
            await RepostAsync(panel, body, cancellationToken);
        }
        catch (Exception problem) when (DiscordFailure.Is(problem))
        {
            log.PostFailed(guildId, Cause.Of(problem));
        }
    }

    private async Task RepostAsync(PostedPanel panel, MessageBody body, CancellationToken cancellationToken)
    {
        try
        {
            await PostAsync(panel.ChannelId, body, cancellationToken);
        }
        catch (Exception problem) when (DiscordFailure.Is(problem))
        {
            log.PostFailed(guildId, Cause.Of(problem));
        }
    }

    private string Nonce() => time.GetUtcNow().UtcTicks.ToString("x", System.Globalization.CultureInfo.InvariantCulture);
}
