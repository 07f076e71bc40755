using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pipeline.Bot.Calls;
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
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly GuildRecorders recorders;
    private readonly AutoRules rules;
    private readonly GuildPeople people;
    private readonly RecorderOptions options;
    private readonly DiscordRestClient rest;
    private readonly TimeProvider time;
    private readonly ILogger<AutoRecorder> log;
    private readonly WakeSignal wake;
    private readonly BackgroundTasks looking = new();
    private readonly ConcurrentDictionary<ulong, bool> due = new(); // at most one entry per server
    private readonly ConcurrentDictionary<ulong, AutoGuild> guilds = new();

    public AutoRecorder(GuildRecorders recorders, AutoRules rules, GuildPeople people, RecorderOptions options, DiscordRestClient rest,
        TimeProvider time, ILogger<AutoRecorder> log)
    {
        (this.recorders, this.rules, this.people, this.options) = (recorders, rules, people, options);
        (this.rest, this.time, this.log) = (rest, time, log);
        wake = new WakeSignal(time);
        recorders.Changed += OnChanged;
    }

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
        if (over is { } channel && rules.Of(guildId).Any(rule => rule.ChannelId == channel)) Find(guildId).Rest(channel);
        due[guildId] = true;
        wake.Set();
    }

    private AutoGuild Find(ulong guildId) => guilds.GetOrAdd(guildId, id => new AutoGuild(id, options.StateFolder, log));

    private async Task LookAsync(ulong guildId, CancellationToken stop)
    {
        AutoGuild state = Find(guildId);
        try
        {
            if (!recorders.IsSearched(guildId) || people.Find(guildId) is not { Unavailable: false } guild) return;
            if (!guild.VoiceStates.Keys.Any(user => user != people.SelfId) && !state.Rests) return;
            // Another host of this bot may have been told since the copy on this disk was written.
            if (!state.HasHeard) await rules.AskAsync(guildId, state, stop);
            await LookAsync(guild, state, stop);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            log.RecorderProblem(problem, guildId);
        }
        finally
        {
            state.Leave();
            if (due.ContainsKey(guildId)) wake.Set();
        }
    }

    private async Task LookAsync(Guild guild, AutoGuild state, CancellationToken stop)
    {
        GuildRecorder recorder = recorders.For(guild.Id);
        RecordedCall? running = recorder.Current; // read first: when its end is seen here, its channel rests already
        List<AutoRecordRule> ready = [];
        foreach (AutoRecordRule rule in rules.Of(guild.Id))
        {
            int count = people.In(guild, rule.ChannelId).Count();
            if (count == 0) state.Wake(rule.ChannelId);
            else if (count >= rule.People && state.MayStart(rule.ChannelId, time)) ready.Add(rule);
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
        KnownSettings known = await rules.AskAsync(guild.Id, state, stop);
        if (!rules.Of(guild.Id).Contains(rule))
        {
            due[guild.Id] = true; // looked at once more, by the rules that there are
            return false;
        }
        ulong wanted = rule.PanelChannelId is { } named && guild.Channels.ContainsKey(named) ? named : channel.Id;
        string? problem =
            StartChecks.WhatIsMissing(guild, channel, wanted, people.SelfId, known.Announce, out ulong? panelChannel);
        if (problem is null)
        {
            StartOutcome outcome = await recorder.StartAsync(
                new StartCall(guild, channel, rule.SetBy, Title: null, panelChannel, known, Rule: rule));
            if (outcome.Started || outcome.Running is not null || outcome.WasStopped || recorder.IsLeaving) return outcome.Started;
            problem = outcome.Text;
        }
        log.RuleFailed(guild.Id, channel.Id, problem);
        if (!state.Failed(channel.Id, time)) return false;
        await using ChannelMessages voice = new(rest, guild.Id, time, log);
        MessageBody body = new() { Content = AutoTexts.CouldNotStart(channel.Id, problem) };
        if (await voice.TellSurelyAsync(rule.SetBy, body, stop)) state.Told(channel.Id);
        return false;
    }
}
