using System.Text.Json.Serialization;

namespace Pipeline.Bot.Panel;

/// <summary>A panel whose recording has ended and is not finalized yet.</summary>
/// <param name="State">As it was when the recording ended.</param>
/// <param name="Panel">Where it is, as <see cref="PostedPanel"/> writes it.</param>
/// <param name="Since">When the recording ended.</param>
public sealed record FollowedPanel(PanelState State, string Panel, DateTimeOffset Since)
{
    [JsonIgnore]
    public PostedPanel? Posted => PostedPanel.Parse(Panel);

    /// <summary>False for what no bot of ours wrote.</summary>
    [JsonIgnore]
    public bool IsWhole => State is { Session.GuildName: not null, Speakers: not null, Events: not null } && Posted is not null;
}
