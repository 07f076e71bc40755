using System.Globalization;
using Pipeline.Bot.Calls;
using Pipeline.Bot.Panel;
using Pipeline.Bot.Recordings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;

namespace Pipeline.Bot.Guilds;

/// <summary>A recording that another process left, as its manifest tells of it. Pure.</summary>
internal sealed class LeftCall(RecordingCandidate candidate)
{
    private readonly IReadOnlyDictionary<string, string> properties = candidate.Manifest.Properties;

    public RecordingCandidate Candidate => candidate;

    public SessionInfo Session => candidate.Session;

    /// <summary>Where it listened last.</summary>
    public ulong ChannelId => Number(ManifestProperties.VoiceChannel) ?? candidate.Session.ChannelId;

    /// <summary>The bot that recorded it; null: it did not say.</summary>
    public ulong? BotId => Number(ManifestProperties.Bot);

    public ulong? PanelChannel => Number(ManifestProperties.PanelChannel);

    /// <summary>Where its panel is; null: nowhere.</summary>
    public PostedPanel? Posted => PostedPanel.Parse(properties.GetValueOrDefault(ManifestProperties.Panel));

    public int Part => (int?)Number(ManifestProperties.Part) ?? 1;

    /// <summary>It was handed over, not left by a crash.</summary>
    public bool IsPlanned => properties.ContainsKey(LiveManifest.HandedOver);

    /// <summary>Its panel shows no link.</summary>
    public bool IsLinkWithheld => properties.ContainsKey(ManifestProperties.LinkWithheld);

    /// <summary>Links that were made before are to be ended still.</summary>
    public bool IsEndOfLinksDue => properties.GetValueOrDefault(ManifestProperties.LinkWithheld) == ManifestProperties.EndIsDue;

    public bool IsNameChanged => properties.ContainsKey(ManifestProperties.NameChanged);

    /// <summary>The bot's nickname before; null: it had none.</summary>
    public string? NameBefore => properties.GetValueOrDefault(ManifestProperties.NameBefore);

    /// <summary>The rule that started it; null: a person did. Its next part is announced as the first was.</summary>
    public AutoRecordRule? Rule(ulong selfId) => Number(ManifestProperties.ByRule) is not { } people ? null : new AutoRecordRule
    {
        ChannelId = candidate.Session.ChannelId,
        BotId = selfId,
        People = (int)Math.Min(people, AutoRecordRule.MostPeople),
        SetBy = candidate.Session.StartedBy,
    };

    private ulong? Number(string property) =>
        ulong.TryParse(properties.GetValueOrDefault(property), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value
            : null;
}
