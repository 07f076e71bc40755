using System.Text.Json.Nodes;
using Pipeline.DiscordSimulator.Engine;

namespace Pipeline.DiscordSimulator.World;

/// <summary>A message with every version that it had.</summary>
/// <param name="id">Snowflake.</param>
/// <param name="channel">Where it stands.</param>
/// <param name="author">Who wrote it.</param>
/// <param name="sentAt">Wall clock of the simulator.</param>
/// <param name="first">As it was first.</param>
public sealed class SimulatedMessage(
    ulong id, SimulatedChannel channel, SimulatedUser author, DateTimeOffset sentAt, MessageVersion first)
{
    private readonly Lock gate = new(); // readers are test threads; the writer is the event loop
    private readonly List<MessageVersion> versions = [first];

    /// <summary>Snowflake.</summary>
    public ulong Id { get; } = id;

    /// <summary>Where it stands.</summary>
    public SimulatedChannel Channel { get; } = channel;

    /// <summary>Who wrote it.</summary>
    public SimulatedUser Author { get; } = author;

    /// <summary>Wall clock of the simulator when it was sent.</summary>
    public DateTimeOffset SentAt { get; } = sentAt;

    /// <summary>Seen by one person only (flag 64).</summary>
    public bool IsEphemeral { get; internal init; }

    /// <summary>Message flags as sent.</summary>
    public long Flags { get; internal set; }

    /// <summary>File names of attachments.</summary>
    public IReadOnlyList<string> Attachments { get; internal init; } = [];

    /// <summary>True after a deletion.</summary>
    public bool IsDeleted { get; internal set; }

    /// <summary>All versions, oldest first.</summary>
    public IReadOnlyList<MessageVersion> Versions
    {
        get
        {
            lock (gate)
                return [.. versions];
        }
    }

    /// <summary>The newest version.</summary>
    public MessageVersion Current => Versions[^1];

    /// <summary>What a person reads: <see cref="MessageVersion.Text"/> of the newest version.</summary>
    public string Text => Current.Text;

    /// <summary>The custom id of the first enabled button with this label, or null.</summary>
    public string? ButtonWithLabel(string label) => MessageText.Interactive(Current.Components)
        .FirstOrDefault(part => !part.Disabled && part.Label.Contains(label, StringComparison.OrdinalIgnoreCase))
        .CustomId;

    internal void Edit(MessageVersion version)
    {
        lock (gate)
            versions.Add(version);
    }

    internal JsonObject ToJson()
    {
        MessageVersion current = Current;
        JsonObject json = new()
        {
            ["id"] = Json.Id(Id),
            ["channel_id"] = Json.Id(Channel.Id),
            ["author"] = Author.ToJson(),
            ["content"] = current.Content,
            ["timestamp"] = Json.Time(SentAt),
            ["edited_timestamp"] = Versions.Count > 1 ? Json.Time(SentAt + (current.At - Versions[0].At)) : null,
            ["tts"] = false,
            ["mention_everyone"] = false,
            ["mentions"] = new JsonArray(),
            ["mention_roles"] = new JsonArray(),
            ["attachments"] = new JsonArray(),
            ["embeds"] = current.Embeds.DeepClone(),
            ["components"] = current.Components.DeepClone(),
            ["pinned"] = false,
            ["type"] = 0,
            ["flags"] = Flags,
        };
        return json;
    }
}
