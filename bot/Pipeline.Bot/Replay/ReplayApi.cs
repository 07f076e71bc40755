using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.Replay;

/// <summary>
/// What the recording API says about the recording that is replayed. An API that is away only means that nothing is shown;
/// the replay does not depend on it.
/// </summary>
internal sealed class ReplayApi : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly CancellationTokenSource stop = new();
    private readonly HttpClient http = RecordingApiHttp.Create();
    private readonly CatalogueClient? client;
    private readonly ulong guildId;
    private readonly TimeProvider time;
    private volatile RecordingSummary? last;
    private Task following = Task.CompletedTask;

    /// <param name="options">Without an address nobody is asked.</param>
    public ReplayApi(ulong guildId, CatalogueOptions options, TimeProvider time)
    {
        (this.guildId, this.time) = (guildId, time);
        if (options.BaseUrl is not null) client = new CatalogueClient(http, options, time);
    }

    /// <summary>Somebody wants to see it finalized.</summary>
    public bool IsAsked => client is not null;

    /// <summary>Asks once, before anything is replayed: a wrong key or address shows now.</summary>
    /// <exception cref="CatalogueException">It refuses, or nobody answers.</exception>
    public Task RequireAsync(CancellationToken cancel) => client?.ListAsync(guildId, 1, null, cancel) ?? Task.CompletedTask;

    /// <summary>
    /// Segments in the recordings container; null while the API does not count them: before the recording has ended, or when it is not
    /// asked.
    /// </summary>
    public int? Moved => last is { Status: not RecordingStatus.Live } ended ? ended.SegmentCount : null;

    public void Follow(RecordingId recording)
    {
        if (client is not null) following = FollowAsync(client, recording);
    }

    /// <summary>The finished recording's segments; null when the API was not asked, or when it did not finish within 10 minutes.</summary>
    public async Task<int?> WaitUntilFinalizedAsync(ReplayProgress progress, CancellationToken cancel)
    {
        if (client is null) return null;
        await Task.WhenAny(following, Task.Delay(Patience, time, cancel));
        if (last is { Status: RecordingStatus.Completed } done)
        {
            progress.Tell($"finalized: {done.SegmentCount} segments, {done.MissingSegmentCount} missing, {done.TotalSize} bytes");
            return done.SegmentCount;
        }
        string says = following.Exception?.InnerException is CatalogueException refused ? refused.Message
            : $"the recording API says {last?.Status.ToString() ?? "nothing"}";
        progress.Tell($"the recording is not finalized: {says}");
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
        http.Dispose();
    }

    private async Task FollowAsync(CatalogueClient api, RecordingId recording)
    {
        while (last is not { Status: RecordingStatus.Completed or RecordingStatus.Failed })
        {
            await Task.Delay(Interval, time, stop.Token);
            try
            {
                last = await api.FindAsync(guildId, recording, stop.Token) ?? last;
            }
            catch (CatalogueException away) when (!away.IsKeyRefused)
            {
                continue; // Asked again in a second.
            }
        }
    }
}
