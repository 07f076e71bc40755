using System.Collections.Concurrent;
using Pipeline.Contracts;

namespace Pipeline.Bot.ServerSettings;

/// <summary>
/// Links that open recordings for people. One is made beside every running recording, for its panel; recording never waits for it, and
/// until there is one, none is shown. Links are secrets of those who see the panel: they are never logged.
/// </summary>
internal sealed class RecordingLinks(CatalogueClient api, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(2);
    private static readonly string[] ForStarter = ["listen", "download", "delete"];

    private readonly ConcurrentDictionary<RecordingId, Making> running = new();

    /// <summary>People get links of the recording API, and no addresses of somebody else's pages.</summary>
    public bool AreMade => api.MakesLinks;

    /// <summary>The link that was made for the panel; null while there is none.</summary>
    public RecordingLink? MadeFor(RecordingId recording) =>
        running.TryGetValue(recording, out Making? making) ? making.Link : null;

    /// <summary>What the panel shows at this moment: the link, or somebody's own page; null while there is neither.</summary>
    public RecordingLink? Of(RecordingId recording) => MadeFor(recording) ?? RecordingLink.To(api.PageOf(recording.ToString()));

    /// <summary>Sees to a link for a recording that has begun; a repetition changes nothing. Returns at once.</summary>
    public void Begin(RecordingId recording)
    {
        Making making = new();
        if (api.MakesLinks && running.TryAdd(recording, making)) _ = MakeAsync(recording, making);
    }

    /// <summary>A recording is followed here by what an earlier process kept of it: its link may be ended too.</summary>
    /// <param name="last">What its panel shows; null: nothing, and one is made soon.</param>
    public void Follow(RecordingId recording, RecordingLink? last)
    {
        if (last is null) Begin(recording);
        else if (api.MakesLinks) running.TryAdd(recording, new Making { Link = last });
    }

    /// <summary>All links of the recording were ended: its panel shows this one from now on, or one that is made soon.</summary>
    /// <param name="fresh">Null: none could be made.</param>
    public void Renew(RecordingId recording, RecordingLink? fresh)
    {
        Making making = new() { Link = fresh };
        if (!running.TryGetValue(recording, out Making? ended) || !running.TryUpdate(recording, making, ended)) return;
        ended.Ended.Cancel(); // what is being made there may be ended too
        if (fresh is null) _ = MakeAsync(recording, making);
    }

    /// <summary>
    /// Ends all links of the recording that were made until now, as soon as the API answers; there is none for its panel from here on.
    /// Returns at once.
    /// </summary>
    /// <param name="ended">Called when it is done; on any thread.</param>
    public void End(RecordingId recording, Action? ended = null)
    {
        Forget(recording);
        _ = TrySurelyAsync(async () =>
        {
            await api.EndSharesAsync(recording.ToString(), CancellationToken.None);
            ended?.Invoke();
            return true;
        }, CancellationToken.None);
    }

    /// <summary>This process shows the recording no longer.</summary>
    public void Forget(RecordingId recording)
    {
        if (running.TryRemove(recording, out Making? making)) making.Ended.Cancel();
    }

    /// <summary>A link for the one who started the recording, who may delete it too; null where none can be made now.</summary>
    public async Task<RecordingLink?> ForStarterAsync(RecordingId recording, CancellationToken cancellationToken)
    {
        try
        {
            return api.MakesLinks ? await api.ShareAsync(recording.ToString(), ForStarter, cancellationToken) : null;
        }
        catch (CatalogueException)
        {
            return null;
        }
    }

    /// <summary>A link for those who see the panel of a recording that nobody runs here; null where none can be made now.</summary>
    /// <param name="id">The session's, or the API's own.</param>
    public async Task<RecordingLink?> ForListenersAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            if (api.MakesLinks
                && await api.ShareAsync(id, CatalogueClient.ForListeners, cancellationToken) is { } link) return link;
        }
        catch (Exception away) when (away is CatalogueException or OperationCanceledException)
        {
            // The panel gets it later.
        }
        return RecordingLink.To(api.PageOf(id));
    }

    // The API hears of a recording through the pipeline, a moment after it has begun.
    private Task MakeAsync(RecordingId recording, Making making) => TrySurelyAsync(async () =>
        (making.Link = await api.ShareAsync(recording.ToString(), CatalogueClient.ForListeners, making.Ended.Token)) is not null,
        making.Ended.Token);

    /// <summary>Tries until it is done (true); the API may be away for a while, and nobody waits for it.</summary>
    private async Task TrySurelyAsync(Func<Task<bool>> tryOnce, CancellationToken ended)
    {
        for (TimeSpan pause = FirstPause; !ended.IsCancellationRequested; pause = pause * 2 > LongestPause ? LongestPause : pause * 2)
        {
            try
            {
                if (await tryOnce()) return;
            }
            catch (Exception away) when (away is CatalogueException or OperationCanceledException)
            {
                // Tried again.
            }
            await Task.Delay(pause, time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private sealed class Making
    {
        public CancellationTokenSource Ended { get; } = new();

        public RecordingLink? Link { get; set; }
    }
}

/// <summary>Where a recording can be opened.</summary>
/// <param name="Url">With its secret, when it is a link of the recording API.</param>
/// <param name="ExpiresAt">Until when; null: somebody's own page, which has no end.</param>
internal sealed record RecordingLink(string Url, DateTimeOffset? ExpiresAt)
{
    /// <summary>Made for people who have no key: it opens the recording at once, while it still runs too.</summary>
    public bool OpensForAnybody => ExpiresAt is not null;

    /// <summary>Null without an address.</summary>
    public static RecordingLink? To(string? page) => page is null ? null : new RecordingLink(page, null);
}
