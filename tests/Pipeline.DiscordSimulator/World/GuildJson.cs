using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;

namespace Pipeline.DiscordSimulator.World;

/// <summary>The guild object of GUILD_CREATE, with every field that real clients read.</summary>
internal static class GuildJson
{
    private static readonly string[] EmptyLists =
    [
        "emojis", "stickers", "features", "presences", "threads", "stage_instances", "guild_scheduled_events",
        "soundboard_sounds", "embedded_activities",
    ];

    private static readonly string[] Absent =
    [
        "icon", "icon_hash", "splash", "discovery_splash", "banner", "description", "vanity_url_code", "afk_channel_id",
        "system_channel_id", "rules_channel_id", "public_updates_channel_id", "safety_alerts_channel_id",
        "widget_channel_id", "application_id", "max_presences", "incidents_data",
    ];

    public static JsonObject Create(
        SimulatedGuild guild,
        IReadOnlyList<SimulatedRole> roles,
        IReadOnlyList<SimulatedChannel> channels,
        IReadOnlyCollection<SimulatedMember> members,
        IReadOnlyCollection<SimulatedVoiceState> voiceStates)
    {
        JsonObject json = Settings(guild, members.Count);
        json["roles"] = new JsonArray([.. roles.Select((role, position) => (JsonNode)role.ToJson(position))]);
        json["channels"] = new JsonArray([.. channels.Select(channel => (JsonNode)channel.ToJson(withGuild: false))]);
        // Without the presences intent Discord lists the bot and those who are in voice.
        json["members"] = new JsonArray([.. members
            .Where(member => member.User.IsBot || guild.VoiceStateOf(member.Id) is not null)
            .Select(member => (JsonNode)member.ToJson())]);
        json["voice_states"] =
            new JsonArray([.. voiceStates.Select(state => (JsonNode)state.ToJson(withGuild: false))]);
        foreach (string name in EmptyLists)
            json[name] = new JsonArray();
        foreach (string name in Absent)
            json[name] = null;
        return json;
    }

    private static JsonObject Settings(SimulatedGuild guild, int memberCount) => new()
    {
        ["id"] = Json.Id(guild.Id),
        ["name"] = guild.Name,
        ["owner_id"] = Json.Id(guild.OwnerId),
        ["unavailable"] = false,
        ["large"] = false,
        ["member_count"] = memberCount,
        ["joined_at"] = Json.Time(DateTimeOffset.UnixEpoch.AddYears(55)),
        ["afk_timeout"] = 300,
        ["verification_level"] = 0,
        ["default_message_notifications"] = 0,
        ["explicit_content_filter"] = 0,
        ["mfa_level"] = 0,
        ["nsfw_level"] = 0,
        ["nsfw"] = false,
        ["premium_tier"] = 0,
        ["premium_subscription_count"] = 0,
        ["premium_progress_bar_enabled"] = false,
        ["preferred_locale"] = "en-US",
        ["region"] = "deprecated",
        ["system_channel_flags"] = 0,
        ["widget_enabled"] = false,
        ["max_members"] = 500000,
        ["max_video_channel_users"] = 25,
        ["max_stage_video_channel_users"] = 50,
        ["hub_type"] = null,
        ["lazy"] = true,
        ["version"] = 1,
    };
}
