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

    // An upgrade of the functions, or their start on another machine, takes less.
    private static readonly TimeSpan AwayPatience = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource stop = new();
    private readonly HttpClient http = RecordingApiHttp.Create();
    private readonly CatalogueClient? client;
    private readonly ulong guildId;
    private readonly TimeProvider time;
    private readonly List<Followed> parts = [];

    /// <param name="options">Without an address nobody is asked.</param>
    public ReplayApi(ulong guildId, CatalogueOptions options, TimeProvider time)
    {
        (this.guildId, this.time) = (guildId, time);
        if (options.BaseUrl is not null) client = new CatalogueClient(http, options, time);
    }

    /// <summary>Somebody wants to see it finalized.</summary>
    public bool IsAsked => client is not null;

    /// <summary>Asks once, before anything is replayed: a wrong key or address shows now.</summary>
    /// <exception cref="CatalogueException">It is none, refuses, has no lists to follow a recording in, or is away.</exception>
    public async Task RequireAsync(CancellationToken cancel)
    {
        if (client is not null && !await client.RequireAsync(guildId, cancel))
            throw new CatalogueException("the recording API at --api has no list of recordings to follow them in: leave --api out");
    }

    /// <summary>
    /// Segments in the recordings container; null while the API does not count them: before the recording has ended, or when it is not
    /// asked.
    /// </summary>
    public int? Moved => parts.Select(part => part.Moved).Aggregate((int?)null, (sum, ofOne) => sum is null ? ofOne : sum + (ofOne ?? 0));

    /// <summary>One more recording of the call.</summary>
    public void Follow(RecordingId recording)
    {
        if (client is null) return;
        Followed part = new(recording);
        parts.Add(part);
        part.Following = FollowAsync(client, part);
    }

    /// <summary>
    /// The finished recordings' segments; null when the API was not asked, did not finish within 10 minutes, was away for a minute, or
    /// one of them was deleted.
    /// </summary>
    public async Task<int?> WaitUntilFinalizedAsync(ReplayProgress progress, CancellationToken cancel)
    {
        if (client is null) return null;
        await WaitAsync(progress, cancel);
        if (parts.Find(part => part.Last is not { Status: RecordingStatus.Completed } && !part.IsDeleted) is { } late)
        {
            string says = (late.Following.Exception?.InnerException as CatalogueException ?? late.Away)?.Message
                ?? $"the recording API says {late.Last?.Status.ToString() ?? "nothing"}";
            string then = late.Last?.Status == RecordingStatus.Failed ? ""
                : ". What was recorded is stored, and the functions finalize it when they run; the same call with --continue waits for "
                + "that";
            progress.Tell($"the recording is not finalized: {says}{then}");
            return null;
        }
        if (parts.Exists(part => part.IsDeleted)) return null;
        foreach (RecordingSummary done in parts.Select(part => part.Last!))
            progress.Tell($"finalized: {done.SegmentCount} segments, {done.MissingSegmentCount} missing, {done.TotalSize} bytes");
        return parts.Sum(part => part.Last!.SegmentCount);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(parts.Select(part => part.Following)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
        http.Dispose();
    }

    private async Task WaitAsync(ReplayProgress progress, CancellationToken cancel)
    {
        Task following = Task.WhenAll(parts.Select(part => part.Following));
        long began = time.GetTimestamp(), answered = began;
        bool isTold = false;
        while (!following.IsCompleted && !cancel.IsCancellationRequested && time.GetElapsedTime(began) < Patience)
        {
            CatalogueException? away = parts.Select(part => part.Away).FirstOrDefault(problem => problem is not null);
            if (away is null) answered = time.GetTimestamp();
            else if (time.GetElapsedTime(answered) >= AwayPatience) return;
            else if (!isTold) progress.Tell($"{away.Message}; it is asked for a minute longer");
            isTold = away is not null;
            await Task.WhenAny(following, Task.Delay(Interval, time, cancel));
            foreach (Followed part in parts) TellDeleted(part, progress);
        }
    }

    private static void TellDeleted(Followed part, ReplayProgress progress)
    {
        if (!part.IsDeleted || part.IsToldDeleted) return;
        part.IsToldDeleted = true;
        progress.Tell($"recording {part.Recording} was deleted, so that it is not finalized and nothing of it comes back; the same call "
            + "without --continue is recorded once more");
    }

    private async Task FollowAsync(CatalogueClient api, Followed part)
    {
        while (part.Last is not { Status: RecordingStatus.Completed or RecordingStatus.Failed } && !part.IsDeleted)
        {
            await Task.Delay(Interval, time, stop.Token);
            try
            {
                RecordingSummary? found = await api.FindAsync(guildId, part.Recording, stop.Token);
                part.Last = found ?? part.Last;
                if (found is null) part.IsDeleted = await IsDeletedAsync(api, part.Recording);
                part.Away = null;
            }
            catch (CatalogueException away) when (!away.IsKeyRefused)
            {
                part.Away = away; // Asked again in a second.
            }
        }
    }

    // Ours gives recordings the id of their session.
    private async Task<bool> IsDeletedAsync(CatalogueClient api, RecordingId recording)
    {
        try
        {
            return await api.DeletionAsync(recording.ToString(), stop.Token) is not null;
        }
        catch (CatalogueException refused) when (refused.IsRefused)
        {
            return false;
        }
    }

    private sealed class Followed(RecordingId recording)
    {
        private volatile RecordingSummary? last;
        private volatile CatalogueException? away;
        private volatile bool isDeleted;

        public RecordingId Recording => recording;

        public Task Following { get; set; } = Task.CompletedTask;

        public RecordingSummary? Last
        {
            get => last;
            set => last = value;
        }

        /// <summary>Why it was not heard when it was asked last.</summary>
        public CatalogueException? Away
        {
            get => away;
            set => away = value;
        }

        /// <summary>Somebody wants it gone, or it is.</summary>
        public bool IsDeleted
        {
            get => isDeleted;
            set => isDeleted = value;
        }

        public bool IsToldDeleted { get; set; }

        public int? Moved => last is { Status: not RecordingStatus.Live } ended ? ended.SegmentCount : null;
    }
}
