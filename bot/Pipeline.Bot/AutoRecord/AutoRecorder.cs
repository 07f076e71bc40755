using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Guilds;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.AutoRecord;

/// <summary>
/// Starts the recordings that rules ask for: looks at a server whenever people come or go there, when a recording is over, and every 30 s.
/// A recording that a rule has started ends as any other does.
/// </summary>
internal sealed class AutoRecorder : BackgroundService
{
    /// <summary>Questions to the recording API at the same time; a bot of many servers has them all at once when it starts.</summary>
    private const int MostQuestions = 8;

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    /// <summary>Who waits longer than this for its turn to ask goes by the copy at hand: somebody may be talking.</summary>
    private static readonly TimeSpan AskPatience = TimeSpan.FromSeconds(10);

    private readonly GuildRecorders recorders;
    private readonly RecorderServices services;
    private readonly ILogger<AutoRecorder> log;
    private readonly WakeSignal wake;
    private readonly BackgroundTasks looking = new();
    private readonly SemaphoreSlim asking = new(MostQuestions);
    private readonly ConcurrentDictionary<ulong, bool> due = new(); // at most one entry per server
    private readonly ConcurrentDictionary<ulong, AutoGuild> guilds = new();

    public AutoRecorder(GuildRecorders recorders, RecorderServices services, ILogger<AutoRecorder> log)
    {
        (this.recorders, this.services, this.log) = (recorders, services, log);
        wake = new WakeSignal(services.Time);
        recorders.Changed += OnChanged;
    }

    /// <summary>The rules of this bot in a server, by the copy at hand.</summary>
    public IReadOnlyList<AutoRecordRule> RulesOf(ulong guildId) =>
        [.. (services.Settings.LastKnown(guildId).AutoRecord ?? []).Where(rule => rule.BotId == services.Gateway.SelfId)];

    /// <summary>A rule was set or taken away: it counts at once, whatever the people in its channel have stopped before.</summary>
    public void Reconsider(ulong guildId, ulong channelId)
    {
        Find(guildId).Wake(channelId);
        OnChanged(guildId, null);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        recorders.Changed -= OnChanged;
        await base.StopAsync(cancellationToken);
        await looking.WhenDoneAsync(cancellationToken);
    }

    public override void Dispose()
    {
        asking.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            foreach (ulong guildId in due.Keys)
            {
                // Who is being looked at is looked at once more afterwards; servers do not wait for each other.
                if (Find(guildId).TryEnter() && due.TryRemove(guildId, out _)) looking.Add(LookAsync(guildId, stoppingToken));
            }
            await wake.WaitAsync(Pause, stoppingToken);
        }
    }

    private void OnChanged(ulong guildId, ulong? over)
    {
        if (over is { } channel && RulesOf(guildId).Any(rule => rule.ChannelId == channel)) Find(guildId).Rest(channel);
        due[guildId] = true;
        wake.Set();
    }

    private AutoGuild Find(ulong guildId) => guilds.GetOrAdd(guildId, id => new AutoGuild(id, services.Options.StateFolder, log));

    private async Task LookAsync(ulong guildId, CancellationToken stop)
    {
        AutoGuild state = Find(guildId);
        try
        {
            if (!recorders.IsSearched(guildId) || services.Gateway.Guilds.Find(guildId) is not { Unavailable: false } guild) return;
            if (!guild.VoiceStates.Keys.Any(user => user != services.Gateway.SelfId) && !state.Rests) return;
            // Another host of this bot may have been told since the copy on this disk was written.
            if (!state.HasHeard) await AskAsync(guildId, state, stop);
            await LookAsync(guild, state, stop);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            services.Log.RecorderProblem(problem, guildId);
        }
        finally
        {
            state.Leave();
            if (due.ContainsKey(guildId)) wake.Set();
        }
    }

    /// <summary>The settings as the API tells them now, or the copy at hand where it does not.</summary>
    private async Task<KnownSettings> AskAsync(ulong guildId, AutoGuild state, CancellationToken stop)
    {
        bool asks = services.Api.IsConfigured && state.MayAsk(services.Time) && await TakeTurnAsync(stop);
        if (!asks) return services.Settings.AtHand(guildId);
        try
        {
            KnownSettings known = await services.Settings.GetAsync(guildId, stop);
            state.Asked(hasAnswered: !known.IsLastKnown, services.Time);
            return known;
        }
        finally
        {
            asking.Release();
        }
    }

    private async Task<bool> TakeTurnAsync(CancellationToken stop)
    {
        using CancellationTokenSource patience = new(AskPatience, services.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        try
        {
            await asking.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task LookAsync(Guild guild, AutoGuild state, CancellationToken stop)
    {
        GuildRecorder recorder = recorders.For(guild.Id);
        RecordedCall? running = recorder.Current; // read first: when its end is seen here, its channel rests already
        List<AutoRecordRule> ready = [];
        foreach (AutoRecordRule rule in RulesOf(guild.Id))
        {
            int people = PeopleIn(guild, rule.ChannelId);
            if (people == 0) state.Wake(rule.ChannelId);
            else if (people >= rule.People && state.MayStart(rule.ChannelId, services.Time)) ready.Add(rule);
        }
        foreach (AutoRecordRule rule in ready)
        {
            // One channel at a time; a call that everybody has left makes way.
            if (running is not null && (running.ChannelId == rule.ChannelId || running.People.AreHere)) return;
            if (await TryStartAsync(recorder, guild, rule, state, stop)) return;
        }
    }

    private async Task<bool> TryStartAsync(GuildRecorder recorder, Guild guild, AutoRecordRule rule, AutoGuild state,
        CancellationToken stop)
    {
        if (guild.Channels.GetValueOrDefault(rule.ChannelId) is not { HasVoice: true } channel) return false;
        // The copy at hand may be days old: how people are told and asked, and the rule itself, are as they are now.
        KnownSettings known = await AskAsync(guild.Id, state, stop);
        if (!RulesOf(guild.Id).Contains(rule))
        {
            due[guild.Id] = true; // looked at once more, by the rules that there are
            return false;
        }
        ulong wanted = rule.PanelChannelId is { } named && guild.Channels.ContainsKey(named) ? named : channel.Id;
        string? problem =
            StartChecks.WhatIsMissing(guild, channel, wanted, services.Gateway.SelfId, known.Announce, out ulong? panelChannel);
        if (problem is null)
        {
            StartOutcome outcome = await recorder.StartAsync(
                new StartCall(guild, channel, rule.SetBy, Title: null, panelChannel, known, Rule: rule));
            if (outcome.Started || outcome.Running is not null || outcome.WasStopped || recorder.IsLeaving) return outcome.Started;
            problem = outcome.Text;
        }
        log.RuleFailed(guild.Id, channel.Id, problem);
        if (!state.Failed(channel.Id, services.Time)) return false;
        await using ChannelMessages voice = new(services.Rest, guild.Id, services.Time, log);
        voice.Tell(rule.SetBy, new MessageBody { Content = AutoTexts.CouldNotStart(channel.Id, problem) });
        return false;
    }

    private int PeopleIn(Guild guild, ulong channelId) => guild.InChannel(channelId)
        .Count(state => state.UserId != services.Gateway.SelfId && (services.Capture.IncludeBots || !guild.IsBot(state.UserId)));
}
