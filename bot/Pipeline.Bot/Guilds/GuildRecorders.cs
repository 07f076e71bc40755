using System.Collections.Concurrent;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Contracts;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Model;

namespace Pipeline.Bot.Guilds;

/// <summary>All guilds' recorders: routes what the gateway says, ticks those that record, takes over what another process left.</summary>
internal sealed class GuildRecorders(RecorderServices services)
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SearchInterval = TimeSpan.FromSeconds(30);

    /// <summary>Guilds arrive in a row; they are looked at together.</summary>
    private static readonly TimeSpan GuildsSettle = TimeSpan.FromMilliseconds(100);

    // A recording that another bot is just handing over is there within seconds; one whose bot was killed when its lease of 60 s has run
    // out.
    private static readonly TimeSpan HandOverInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan HandOverPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LeaseInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LeasePatience = TimeSpan.FromSeconds(90);

    private readonly ConcurrentDictionary<ulong, GuildRecorder> recorders = new();
    private readonly ConcurrentDictionary<ulong, bool> searched = new();
    private readonly WakeSignal wake = new(services.Time);
    private volatile bool isLeaving;

    /// <summary>
    /// Something in a guild may be a reason to start: people came or went, what was left behind has been looked for, or the next may
    /// start. With a channel: its recording is ended while people are there, and is still the one that runs. Any thread; must not block.
    /// </summary>
    public event Action<ulong, ulong?>? Changed;

    public IReadOnlyCollection<GuildRecorder> All => [.. recorders.Values];

    /// <summary>The recorder of a guild; made when first asked for, and one that leaves when this bot does.</summary>
    public GuildRecorder For(ulong guildId)
    {
        GuildRecorder recorder = recorders.GetOrAdd(guildId, id =>
            new GuildRecorder(id, services, channel => Changed?.Invoke(id, channel)));
        // Read after it is among the others: it is seen there, or sees this.
        if (isLeaving && !recorder.IsLeaving) _ = recorder.LeaveForHandOverAsync();
        return recorder;
    }

    /// <summary>Whether everything that an earlier process left of this guild has been taken over or closed.</summary>
    public bool IsSearched(ulong guildId) => searched.ContainsKey(guildId);

    /// <summary>Called by the one reader of the gateway's events; never waits.</summary>
    public void OnEvent(GatewayEvent what)
    {
        switch (what)
        {
            case GatewayEvent.VoiceStateChanged state:
                Find(state.State.GuildId)?.OnEvent(what);
                if (state.State.ChannelId != state.Previous?.ChannelId) Changed?.Invoke(state.State.GuildId, null);
                break;
            case GatewayEvent.VoiceServerChanged server: Find(server.Update.GuildId)?.OnEvent(what); break;
            case GatewayEvent.GuildGone gone: Find(gone.GuildId)?.OnEvent(what); break;
            case GatewayEvent.SessionStarted started:
                foreach ((ulong guildId, GuildRecorder recorder) in recorders)
                {
                    if (services.Gateway.ShardOf(guildId) == started.Shard) recorder.OnEvent(what);
                }
                break;
            case GatewayEvent.GuildSynchronized: wake.Set(); break;
            default: break;
        }
    }

    /// <summary>Ticks every second; looks for recordings that nobody runs when guilds have come and every 30 s. Until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        FollowPanels();
        Task ticking = TickAsync(cancellationToken);
        Task searching = SearchAsync(cancellationToken);
        await Task.WhenAll(ticking, searching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Leaves every call, so that the recordings can be handed over.</summary>
    public Task LeaveAllAsync()
    {
        isLeaving = true;
        return Task.WhenAll(recorders.Values.Select(recorder => recorder.LeaveForHandOverAsync()));
    }

    /// <summary>Those that an earlier process followed; a recording that has not ended after all is taken over instead.</summary>
    private void FollowPanels()
    {
        foreach (FollowedPanel panel in services.Panels.Load())
        {
            SessionInfo session = panel.State.Session;
            RecordingFolder folder = services.Hosts.Spool.Folder(session.RecordingId);
            if (folder.Exists && !folder.IsStopped) services.Panels.Forget(session);
            else For(session.GuildId).Follow(panel);
        }
    }

    private GuildRecorder? Find(ulong guildId) => recorders.GetValueOrDefault(guildId);

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(TickInterval, services.Time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (GuildRecorder recorder in recorders.Values) recorder.Tick();
        }
    }

    private async Task SearchAsync(CancellationToken cancellationToken)
    {
        long since = services.Time.GetTimestamp();
        TimeSpan pause = SearchInterval;
        while (true)
        {
            if (await wake.WaitAsync(pause, cancellationToken)) await Task.Delay(GuildsSettle, services.Time, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            bool othersHold = await SearchOnceAsync(cancellationToken);
            TimeSpan searching = services.Time.GetElapsedTime(since);
            pause = !othersHold || searching > LeasePatience ? SearchInterval : searching > HandOverPatience ? LeaseInterval
                : HandOverInterval;
        }
    }

    /// <summary>
    /// Who is in voice is known once a guild is; guilds of other shards are theirs. The newest recording of a guild goes first, because
    /// only one can go on.
    /// </summary>
    /// <returns>True while another bot still holds the lease of a recording of our guilds.</returns>
    private async Task<bool> SearchOnceAsync(CancellationToken cancellationToken)
    {
        Guild[] guilds = [.. services.Gateway.Guilds.All.Where(guild => !guild.Unavailable)];
        try
        {
            IReadOnlyList<RecordingCandidate> left = guilds.Length == 0 ? [] : await services.Unowned.FindAsync(cancellationToken);
            ILookup<ulong, RecordingCandidate> byGuild = left.OrderByDescending(candidate => candidate.Session.StartedAt)
                .ToLookup(candidate => candidate.Session.GuildId);
            bool[] othersHold = await Task.WhenAll(guilds.Select(guild => TakeOverAsync(guild, byGuild[guild.Id])));
            return othersHold.Contains(true);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            services.Log.RecorderProblem(problem, 0);
            return false;
        }
    }

    /// <returns>True while another bot still holds the lease of one of them; it goes first, and the bot's name is as it needs it.</returns>
    private async Task<bool> TakeOverAsync(Guild guild, IEnumerable<RecordingCandidate> left)
    {
        foreach (RecordingCandidate candidate in left)
        {
            if (candidate.IsLeased) return true;
            await For(guild.Id).TakeOverAsync(candidate);
        }
        MendUnlessRecording(guild);
        searched[guild.Id] = true;
        Changed?.Invoke(guild.Id, null);
        return false;
    }

    private void MendUnlessRecording(Guild guild)
    {
        bool looksChanged = Nickname.HasPrefix(guild.Members.GetValueOrDefault(services.Gateway.SelfId)?.Nick);
        if (looksChanged) For(guild.Id).MendName();
    }
}
