using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;

namespace Pipeline.DiscordSimulator.World;

/// <summary>A channel of a guild, or a direct one when <see cref="Guild"/> is null.</summary>
/// <param name="id">Snowflake.</param>
/// <param name="kind">What it is for.</param>
/// <param name="name">Shown name.</param>
/// <param name="guild">The guild, or null.</param>
/// <param name="loop">Owner of all state.</param>
public sealed class SimulatedChannel(ulong id, ChannelKind kind, string name, SimulatedGuild? guild, EventLoop loop)
{
    private readonly List<PermissionOverwrite> overwrites = [];
    private readonly List<SimulatedMessage> messages = [];

    /// <summary>Snowflake.</summary>
    public ulong Id { get; } = id;

    /// <summary>What it is for.</summary>
    public ChannelKind Kind { get; } = kind;

    /// <summary>Shown name.</summary>
    public string Name { get; } = name;

    /// <summary>The guild; null for a direct channel.</summary>
    public SimulatedGuild? Guild { get; } = guild;

    /// <summary>The other side of a direct channel.</summary>
    public SimulatedUser? Recipient { get; internal init; }

    /// <summary>Members that fit; 0 is no limit.</summary>
    public int UserLimit { get; set; }

    /// <summary>The line under the channel's name, as bots may set it.</summary>
    public string? VoiceStatus { get; internal set; }

    /// <summary>True for voice and stage channels.</summary>
    public bool IsVoice => Kind is ChannelKind.Voice or ChannelKind.Stage;

    /// <summary>What the channel changes for roles and members.</summary>
    public IReadOnlyList<PermissionOverwrite> Overwrites => overwrites;

    /// <summary>Messages, oldest first; deleted ones stay with <see cref="SimulatedMessage.IsDeleted"/>.</summary>
    public IReadOnlyList<SimulatedMessage> Messages => loop.Run(() => messages.ToArray());

    /// <summary>Takes bits from a member in this channel.</summary>
    public void Deny(SimulatedMember member, Permissions bits) =>
        Add(new PermissionOverwrite(member.Id, true, Permissions.None, bits));

    /// <summary>Takes bits from a role in this channel.</summary>
    public void Deny(SimulatedRole role, Permissions bits) =>
        Add(new PermissionOverwrite(role.Id, false, Permissions.None, bits));

    /// <summary>Gives bits to a member in this channel.</summary>
    public void Allow(SimulatedMember member, Permissions bits) =>
        Add(new PermissionOverwrite(member.Id, true, bits, Permissions.None));

    /// <summary>Forgets every overwrite.</summary>
    public void ClearOverwrites() => loop.Run(overwrites.Clear);

    internal void Add(SimulatedMessage message) => messages.Add(message);

    internal SimulatedMessage? Message(ulong messageId) =>
        messages.Find(message => message.Id == messageId && !message.IsDeleted);

    internal IEnumerable<SimulatedMessage> Newest(int count) =>
        messages.Where(message => message is { IsDeleted: false, IsEphemeral: false }).Reverse().Take(count);

    private void Add(PermissionOverwrite overwrite) => loop.Run(() => overwrites.Add(overwrite));

    internal JsonObject ToJson(bool withGuild)
    {
        JsonObject json = new()
        {
            ["id"] = Json.Id(Id),
            ["type"] = (int)Kind,
            ["flags"] = 0,
            ["last_message_id"] = Json.Id(messages.Count == 0 ? null : messages[^1].Id),
        };
        if (Recipient is not null)
        {
            json["recipients"] = new JsonArray(Recipient.ToJson());
            return json;
        }

        json["name"] = Name;
        json["position"] = 0;
        json["parent_id"] = null;
        json["topic"] = null;
        json["nsfw"] = false;
        json["rate_limit_per_user"] = 0;
        json["permission_overwrites"] = new JsonArray([.. overwrites.Select(ToJson)]);
        if (IsVoice)
        {
            json["bitrate"] = 64000;
            json["user_limit"] = UserLimit;
            json["rtc_region"] = null;
        }

        if (withGuild)
            json["guild_id"] = Json.Id(Guild?.Id);
        return json;
    }

    private static JsonNode ToJson(PermissionOverwrite overwrite) => new JsonObject
    {
        ["id"] = Json.Id(overwrite.TargetId),
        ["type"] = overwrite.IsMember ? 1 : 0,
        ["allow"] = ((ulong)overwrite.Allow).ToString(CultureInfo.InvariantCulture),
        ["deny"] = ((ulong)overwrite.Deny).ToString(CultureInfo.InvariantCulture),
    };
}
