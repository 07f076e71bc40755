using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pipeline.Discord.Gateway;

namespace Pipeline.Bot.Guilds;

/// <summary>All guilds' recorders: makes them, routes what the gateway says, ticks those that record.</summary>
internal sealed class GuildRecorders(RecordingOpening opening, RecordingEnding ending, CallTakeover takeover, RecorderOptions options,
    GatewayClient gateway, TimeProvider time, ILogger<GuildRecorder> log)
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<ulong, GuildRecorder> recorders = new();
    private readonly ConcurrentDictionary<ulong, bool> searched = new();
    private volatile bool isLeaving;

    /// <summary>
    /// Something in a guild may be a reason to start: people came or went, what was left behind has been looked for, or the next may
    /// start. With a channel: its recording is ended while people are there, and is still the one that runs. Any thread; must not block.
    /// </summary>
    public event Action<ulong, ulong?>? Changed;

    /// <summary>The recorder of a guild; made when first asked for, and one that leaves when this bot does.</summary>
    public GuildRecorder For(ulong guildId)
    {
        GuildRecorder recorder = recorders.GetOrAdd(guildId, Create);
        // Read after it is among the others: it is seen there, or sees this.
        if (isLeaving && !recorder.IsLeaving) _ = recorder.LeaveForHandOverAsync();
        return recorder;
    }

    /// <summary>Whether everything that an earlier process left of this guild has been taken over or closed.</summary>
    public bool IsSearched(ulong guildId) => searched.ContainsKey(guildId);

    /// <summary>Everything that an earlier process left of this guild has been taken over or closed.</summary>
    public void OnSearched(ulong guildId)
    {
        searched[guildId] = true;
        Changed?.Invoke(guildId, null);
    }

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
            case GatewayEvent.ChannelDeleted gone: Find(gone.GuildId)?.OnEvent(what); break;
            case GatewayEvent.SessionStarted started:
                foreach ((ulong guildId, GuildRecorder recorder) in recorders)
                {
                    if (gateway.ShardOf(guildId) == started.Shard) recorder.OnEvent(what);
                }
                break;
            default: break;
        }
    }

    /// <summary>Ticks every second, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(TickInterval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (GuildRecorder recorder in recorders.Values) recorder.Tick();
        }
    }

    /// <summary>Leaves every call, so that the recordings can be handed over.</summary>
    public Task LeaveAllAsync()
    {
        isLeaving = true;
        return Task.WhenAll(recorders.Values.Select(recorder => recorder.LeaveForHandOverAsync()));
    }

    private GuildRecorder? Find(ulong guildId) => recorders.GetValueOrDefault(guildId);

    private GuildRecorder Create(ulong guildId)
    {
        GuildRecorder recorder = new(guildId, opening, ending, takeover, options.RejoinDelay, time, log);
        recorder.Over += channel => Changed?.Invoke(guildId, channel);
        return recorder;
    }
}
