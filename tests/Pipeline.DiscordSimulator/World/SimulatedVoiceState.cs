using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;

namespace Pipeline.DiscordSimulator.World;

/// <summary>Who is in which voice channel and how (Discord "Voice State").</summary>
public sealed record SimulatedVoiceState
{
    /// <summary>The member.</summary>
    public required SimulatedMember Member { get; init; }

    /// <summary>The channel; null is the farewell state.</summary>
    public SimulatedChannel? Channel { get; init; }

    /// <summary>Identifies the connection; the voice gateway asks for it.</summary>
    public required string SessionId { get; init; }

    /// <summary>Deafened by a moderator: the SFU sends nothing.</summary>
    public bool Deaf { get; init; }

    /// <summary>Muted by a moderator: the SFU takes nothing.</summary>
    public bool Mute { get; init; }

    /// <summary>Deafened by the member.</summary>
    public bool SelfDeaf { get; init; }

    /// <summary>Muted by the member.</summary>
    public bool SelfMute { get; init; }

    /// <summary>In the audience of a stage.</summary>
    public bool Suppress { get; init; }

    /// <summary>True when nobody may hear the member.</summary>
    public bool IsSilent => Mute || SelfMute || Suppress;

    internal JsonObject ToJson(bool withGuild)
    {
        JsonObject json = new()
        {
            ["channel_id"] = Json.Id(Channel?.Id),
            ["user_id"] = Json.Id(Member.Id),
            ["member"] = Member.ToJson(),
            ["session_id"] = SessionId,
            ["deaf"] = Deaf,
            ["mute"] = Mute,
            ["self_deaf"] = SelfDeaf,
            ["self_mute"] = SelfMute,
            ["self_video"] = false,
            ["suppress"] = Suppress,
            ["request_to_speak_timestamp"] = null,
        };
        if (withGuild)
            json["guild_id"] = Json.Id(Member.Guild.Id);
        return json;
    }
}
