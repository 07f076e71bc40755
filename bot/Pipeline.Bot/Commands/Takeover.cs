using System.Globalization;
using Pipeline.Bot.Upload;
using Pipeline.Contracts;
using Pipeline.Discord.Gateway;
using Pipeline.Discord.Rest;
using Pipeline.Discord.Voice;

namespace Pipeline.Bot.Commands;

/// <summary>
/// One recording that another process left: joined again in the same channel and continued when humans are there, closed when nobody is.
/// </summary>
internal sealed class Takeover(RecorderServices services, RecordingCandidate candidate)
{
    private readonly IReadOnlyDictionary<string, string> properties = candidate.Manifest.Properties;

    /// <param name="adopt">Makes the host the guild's running recording.</param>
    /// <param name="join">Joins its channel.</param>
    /// <param name="end">Ends it with these words.</param>
    /// <param name="follow">Shows in the panel what becomes of it.</param>
    public async Task RunAsync(Func<RecordingHost, StartCall, PostedPanel?, RecordedCall> adopt, Func<RecordedCall, Task<VoiceCallState>> join, Func<RecordedCall, EndReason, string, Task> end, Action<PanelState, PostedPanel?> follow)
    {
        SessionInfo session = candidate.Session;
        Guild guild = services.Gateway.Guilds.Find(session.GuildId) ?? new Guild { Id = session.GuildId, Name = session.GuildName };
        ulong channelId = Number(ManifestProperties.VoiceChannel) ?? session.ChannelId;
        if (!guild.Channels.TryGetValue(channelId, out GuildChannel? channel) || !HasPeople(guild, channelId))
        {
            await CloseAsync(channelId, follow);
            return;
        }
        DateTimeOffset leftAt = session.StartedAt + SampleClock.ToTime(candidate.LastSample);
        if (await services.Hosts.TakeOverAsync(candidate, null, ticksByCaller: false, CancellationToken.None) is not { } host) return;
        StartCall start = new(guild, channel, session.StartedBy, session.Title, Number(ManifestProperties.PanelChannel), await services.Settings.GetAsync(session.GuildId, CancellationToken.None), (int?)Number(ManifestProperties.Part) ?? 1);
        RecordedCall call = adopt(host, start, PostedPanel.Parse(properties.GetValueOrDefault(ManifestProperties.Panel)));
        services.Log.RecordingTakenOver(session.GuildId, session.RecordingId.ToString());
        if (await join(call) != VoiceCallState.Connected)
        {
            await end(call, EndReason.Interrupted, Texts.CouldNotJoin(channelId, "nobody let me in after my restart"));
            return;
        }
        call.Begin(announce: false);
        string text = Texts.HostCrashed(leftAt, services.Time.GetUtcNow() - leftAt);
        call.Say(text);
        call.Voice.Tell(session.StartedBy, new MessageBody { Content = text });
    }

    /// <summary>The guild is empty, or the channel is gone: what was recorded is finished, and the name is given back.</summary>
    private async Task CloseAsync(ulong channelId, Action<PanelState, PostedPanel?> follow)
    {
        PanelState last = new()
        {
            Session = candidate.Session,
            Phase = PanelPhase.Storing,
            ChannelId = channelId,
            Elapsed = candidate.LastSample,
            SafeUpTo = candidate.LastSample,
            Speakers = [.. candidate.Manifest.Tracks.Select(ToSpeaker)],
            Outcome = Texts.EndedWhileAway(candidate.Session.StartedAt + SampleClock.ToTime(candidate.LastSample)),
            Link = services.Api.PageOf(candidate.Session.RecordingId.ToString()),
        };
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(10), services.Time);
        await services.Hosts.CloseUnownedAsync(candidate, EndReason.Interrupted, patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (properties.ContainsKey(ManifestProperties.NameChanged))
        {
            await services.Names.RestoreAsync(candidate.Session.GuildId, properties.GetValueOrDefault(ManifestProperties.NameBefore), CancellationToken.None);
        }
        follow(last, PostedPanel.Parse(properties.GetValueOrDefault(ManifestProperties.Panel)));
    }

    private static PanelSpeaker ToSpeaker(TrackSummary track) =>
        new(track.Username, false, false, track.Health.GetValueOrDefault("received"), track.Health.GetValueOrDefault("lost"), track.Health.GetValueOrDefault("undecryptable"));

    private bool HasPeople(Guild guild, ulong channelId) => guild.InChannel(channelId).Any(state => state.UserId != services.Gateway.SelfId && (services.Capture.IncludeBots || !guild.IsBot(state.UserId)));

    private ulong? Number(string property) =>
        ulong.TryParse(properties.GetValueOrDefault(property), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null;
}
