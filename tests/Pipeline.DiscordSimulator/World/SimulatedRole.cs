using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;

namespace Pipeline.DiscordSimulator.World;

/// <summary>A role of a guild; the one with the guild's id is @everyone.</summary>
/// <param name="id">Snowflake.</param>
/// <param name="name">Shown name.</param>
/// <param name="permissions">What it gives in the whole guild.</param>
public sealed class SimulatedRole(ulong id, string name, Permissions permissions)
{
    /// <summary>Snowflake.</summary>
    public ulong Id { get; } = id;

    /// <summary>Shown name.</summary>
    public string Name { get; } = name;

    /// <summary>What it gives in the whole guild.</summary>
    public Permissions Permissions { get; set; } = permissions;

    internal JsonObject ToJson(int position) => new()
    {
        ["id"] = Json.Id(Id),
        ["name"] = Name,
        ["permissions"] = ((ulong)Permissions).ToString(CultureInfo.InvariantCulture),
        ["position"] = position,
        ["color"] = 0,
        ["colors"] = new JsonObject { ["primary_color"] = 0, ["secondary_color"] = null, ["tertiary_color"] = null },
        ["hoist"] = false,
        ["managed"] = false,
        ["mentionable"] = false,
        ["icon"] = null,
        ["unicode_emoji"] = null,
        ["flags"] = 0,
    };
}
