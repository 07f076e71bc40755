using System.Globalization;
using Pipeline.Bot.Observability;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.Discord.Model;
using Pipeline.Discord.Rest;

namespace Pipeline.Bot.Guilds;

/// <summary>
/// One recording that another process left: joined again in the same channel and continued when humans are there and it is not long
/// past; closed otherwise.
/// </summary>
internal sealed class CallTakeover(RecorderServices services, RecordingCandidate candidate)
{
    /// <summary>Who comes back later than this finds another conversation.</summary>
    public static readonly TimeSpan LongestAbsence = TimeSpan.FromMinutes(30);

    private readonly IReadOnlyDictionary<string, string> properties = candidate.Manifest.Properties;

    /// <param name="adopt">Makes the host the guild's running recording.</param>
    /// <param name="join">Joins its channel, and keeps trying when that does not work at once.</param>
    /// <param name="follow">Shows in the panel what becomes of it.</param>
    public async Task RunAsync(Func<ActiveRecording, StartCall, PostedPanel?, RecordedCall> adopt, Func<RecordedCall, Task> join,
        Action<PanelState, PostedPanel?> follow)
    {
        SessionInfo session = candidate.Session;
        Guild guild = services.Gateway.Guilds.Find(session.GuildId) ?? new Guild { Id = session.GuildId, Name = session.GuildName };
        ulong channelId = Number(ManifestProperties.VoiceChannel) ?? session.ChannelId;
        DateTimeOffset leftAt = session.StartedAt + SampleClock.ToTime(candidate.LastSample);
        GuildChannel? channel = guild.Channels.GetValueOrDefault(channelId);
        WhyClosed? why = services.Time.GetUtcNow() - leftAt > LongestAbsence ? WhyClosed.LongPast
            : channel is null ? WhyClosed.NoChannel
            : HasPeople(guild, channelId) ? null
            : WhyClosed.Nobody;
        if (why is { } reason)
        {
            await CloseAsync(reason, follow);
            return;
        }
        if (await services.Unowned.TakeOverAsync(candidate, null, ticksByCaller: false, CancellationToken.None) is not { } host) return;
        // The disk that remembered them may be gone; the settings of this server get to know them again.
        services.Settings.SetOptOuts(session.GuildId, host.Recording.Consent.OptedOut.Except(services.Settings.OptedOut(session.GuildId)),
            optedOut: true);
        StartCall start = new(guild, channel!, session.StartedBy, session.Title, Number(ManifestProperties.PanelChannel),
            services.Settings.AtHand(session.GuildId), (int?)Number(ManifestProperties.Part) ?? 1, Rule());
        RecordedCall call = adopt(host, start, PostedPanel.Parse(properties.GetValueOrDefault(ManifestProperties.Panel)));
        services.Log.RecordingTakenOver(session.GuildId, session.RecordingId.ToString());
        await join(call);
        string text = WhatIsMissing(host, leftAt);
        call.Messages.Say(text);
        call.Messages.TellStarter(text);
    }

    /// <summary>What was recorded is finished. The bot's name is given back, unless another recording runs that it stands for.</summary>
    public async Task CloseAsync(WhyClosed why, Action<PanelState, PostedPanel?> follow)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(10), services.Time);
        RecordingCandidate whole = await services.Unowned.CompleteAsync(candidate, CancellationToken.None);
        PanelState last = new()
        {
            Session = whole.Session,
            Phase = PanelPhase.Storing,
            ChannelId = Number(ManifestProperties.VoiceChannel) ?? whole.Session.ChannelId,
            Elapsed = whole.LastSample,
            SafeUpTo = services.Unowned.SafeOf(whole).Sample,
            Speakers = [.. whole.Manifest.Tracks.Select(ToSpeaker)],
            Outcome = Texts.EndedWhileAway(IsPlanned, whole.Session.StartedAt + SampleClock.ToTime(whole.LastSample), why),
        };
        last = last.With(await LinkAsync(whole.Session.RecordingId.ToString(), patience.Token));
        await services.Unowned.CloseAsync(whole, EndReason.Interrupted, patience.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (why != WhyClosed.AnotherRuns && properties.ContainsKey(ManifestProperties.NameChanged))
        {
            await services.Names.RestoreAsync(candidate.Session.GuildId, properties.GetValueOrDefault(ManifestProperties.NameBefore),
                CancellationToken.None);
        }
        follow(last, PostedPanel.Parse(properties.GetValueOrDefault(ManifestProperties.Panel)));
    }

    private bool IsPlanned => properties.ContainsKey(LiveManifest.HandedOver);

    private async Task<RecordingLink?> LinkAsync(string recording, CancellationToken cancellationToken)
    {
        try
        {
            if (services.Api.MakesLinks
                && await services.Api.ShareAsync(recording, CatalogueClient.ForListeners, cancellationToken) is { } link) return link;
        }
        catch (Exception away) when (away is CatalogueException or OperationCanceledException)
        {
            // Its own address will do.
        }
        return RecordingLink.To(services.Api.PageOf(recording));
    }

    private string WhatIsMissing(ActiveRecording host, DateTimeOffset leftAt) => host.Absence is { } gap
        ? Texts.WentOn(IsPlanned, host.Session.StartedAt + SampleClock.ToTime(gap.StartSample), SampleClock.ToTime(gap.SampleCount))
        : Texts.WentOn(IsPlanned, leftAt, TimeSpan.Zero);

    private static PanelSpeaker ToSpeaker(TrackSummary track) =>
        new(track.Username, false, false, track.Health.GetValueOrDefault("received"), track.Health.GetValueOrDefault("lost"),
            track.Health.GetValueOrDefault("undecryptable"));

    private bool HasPeople(Guild guild, ulong channelId) =>
        guild.InChannel(channelId)
        .Any(state => state.UserId != services.Gateway.SelfId && (services.Capture.IncludeBots || !guild.IsBot(state.UserId)));

    // Its next part is announced as the first was.
    private AutoRecordRule? Rule() => Number(ManifestProperties.ByRule) is not { } people ? null : new AutoRecordRule
    {
        ChannelId = candidate.Session.ChannelId,
        BotId = services.Gateway.SelfId,
        People = (int)Math.Min(people, AutoRecordRule.MostPeople),
        SetBy = candidate.Session.StartedBy,
    };

    private ulong? Number(string property) =>
        ulong.TryParse(properties.GetValueOrDefault(property), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value
            : null;
}
