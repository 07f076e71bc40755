using System.Collections.Concurrent;
using Pipeline.Bot.Upload;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Commands;

/// <summary>All guilds' recorders: routes what the gateway says, ticks those that record, takes over what another process left.</summary>
public sealed class GuildRecorders(RecorderServices services)
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TakeoverInterval = TimeSpan.FromSeconds(30);

    // A recording that another bot is just handing over is there within seconds; one whose bot was killed when its lease of 60 s has run out.
    private static readonly TimeSpan HandOverInterval = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan HandOverPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LeaseInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LeasePatience = TimeSpan.FromSeconds(90);

    private readonly ConcurrentDictionary<ulong, GuildRecorder> recorders = new();
    private volatile bool searched;

    public RecorderServices Services => services;

    public IReadOnlyCollection<GuildRecorder> All => [.. recorders.Values];

    /// <summary>The recorder of a guild; made when first asked for.</summary>
    public GuildRecorder For(ulong guildId) => recorders.GetOrAdd(guildId, id => new GuildRecorder(id, services));

    /// <summary>Called by the one reader of the gateway's events; never waits.</summary>
    public void OnEvent(GatewayEvent what)
    {
        switch (what)
        {
            case GatewayEvent.VoiceStateChanged state: Find(state.State.GuildId)?.OnEvent(what); break;
            case GatewayEvent.VoiceServerChanged server: Find(server.Update.GuildId)?.OnEvent(what); break;
            case GatewayEvent.GuildGone gone: Find(gone.GuildId)?.OnEvent(what); break;
            case GatewayEvent.SessionStarted started:
                foreach ((ulong guildId, GuildRecorder recorder) in recorders)
                {
                    if (services.Gateway.ShardOf(guildId) == started.Shard) recorder.OnEvent(what);
                }
                break;
            case GatewayEvent.GuildSynchronized synchronized when searched: MendUnlessRecording(synchronized.Guild); break;
            default: break;
        }
    }

    /// <summary>Ticks every second and looks every 30 s for recordings that nobody runs, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Task ticking = TickAsync(cancellationToken);
        Task searching = SearchAsync(cancellationToken);
        await Task.WhenAll(ticking, searching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Leaves every call, so that the recordings can be handed over.</summary>
    public Task LeaveAllAsync() => Task.WhenAll(recorders.Values.Select(recorder => recorder.LeaveForHandOverAsync()));

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
        while (!services.Gateway.IsReady || services.Gateway.Guilds.All.Any(guild => guild.Unavailable)) // who is in voice is known with the guilds
        {
            if (services.Gateway.IsReady) await Task.Delay(TickInterval, services.Time, cancellationToken);
            else await Task.Delay(TickInterval / 10, services.Time, cancellationToken);
        }
        long since = services.Time.GetTimestamp();
        while (true)
        {
            bool othersHold = await SearchOnceAsync(cancellationToken);
            TimeSpan searching = services.Time.GetElapsedTime(since);
            TimeSpan pause = !othersHold || searching > LeasePatience ? TakeoverInterval : searching > HandOverPatience ? LeaseInterval : HandOverInterval;
            await Task.Delay(pause, services.Time, cancellationToken);
        }
    }

    /// <summary>True while another bot still holds the lease of a recording of ours.</summary>
    private async Task<bool> SearchOnceAsync(CancellationToken cancellationToken)
    {
        bool othersHold = false;
        try
        {
            foreach (RecordingCandidate candidate in await services.Hosts.FindUnownedAsync(cancellationToken))
            {
                ulong guildId = candidate.Session.GuildId;
                // Guilds of other shards are theirs.
                if (services.Gateway.Guilds.Find(guildId) is not { Unavailable: false }) continue;
                if (candidate.IsLeased) othersHold = true;
                else await For(guildId).TakeOverAsync(candidate);
            }
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            services.Log.RecorderProblem(problem, 0);
        }
        if (searched || othersHold) return othersHold;
        searched = true;
        foreach (Guild guild in services.Gateway.Guilds.All) MendUnlessRecording(guild);
        return false;
    }

    private void MendUnlessRecording(Guild guild)
    {
        bool looksChanged = SpokenName.HasPrefix(guild.Members.GetValueOrDefault(services.Gateway.SelfId)?.Nick);
        if (looksChanged) For(guild.Id).MendName();
    }
}
