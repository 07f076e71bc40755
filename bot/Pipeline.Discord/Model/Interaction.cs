using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Discord.Model;

/// <summary>A command, button or form that somebody used (Discord: Interaction Object). The token is a secret for 15 minutes.</summary>
public sealed record Interaction
{
    public required ulong Id { get; init; }
    public ulong ApplicationId { get; init; }

    [JsonPropertyName("type")]
    public InteractionKind Kind { get; init; }

    public InteractionData? Data { get; init; }

    /// <summary>Null in a direct message.</summary>
    public ulong? GuildId { get; init; }

    public ulong? ChannelId { get; init; }

    /// <summary>The caller inside a guild.</summary>
    public GuildMember? Member { get; init; }

    /// <summary>The caller in a direct message.</summary>
    public DiscordUser? User { get; init; }

    public string Token { get => field ?? ""; init; }

    /// <summary>The message that carries the component.</summary>
    public InteractionMessage? Message { get; init; }

    public Permissions? AppPermissions { get; init; }

    /// <summary>Who did it.</summary>
    public DiscordUser? Caller => Member?.User ?? User;

    private bool PrintMembers(StringBuilder text)
    {
        text.Append("Id = ").Append(Id).Append(", Kind = ").Append(Kind).Append(", GuildId = ").Append(GuildId).Append(", Name = ")
            .Append(Data?.Name ?? Data?.CustomId);
        return true;
    }
}

/// <summary>Discord: Interaction Type.</summary>
public enum InteractionKind
{
    Ping = 1,
    Command = 2,
    Component = 3,
    Autocomplete = 4,
    ModalSubmit = 5,
}

/// <summary>What was used and with which values. Which fields are set depends on <see cref="Interaction.Kind"/>.</summary>
public sealed record InteractionData
{
    /// <summary>Command: its name.</summary>
    public string? Name { get; init; }

    /// <summary>Command: its options; a subcommand is an option with options of its own.</summary>
    public IReadOnlyList<InteractionOption> Options { get => field ?? []; init; }

    /// <summary>Component or form: the id that the bot gave it.</summary>
    public string? CustomId { get; init; }

    /// <summary>Select menu: what was chosen.</summary>
    public IReadOnlyList<string> Values { get => field ?? []; init; }

    /// <summary>Form: rows of fields.</summary>
    public IReadOnlyList<InteractionComponent> Components { get => field ?? []; init; }
}

/// <summary>The message under a component, as far as needed to edit it.</summary>
public sealed record InteractionMessage
{
    public required ulong Id { get; init; }
    public ulong ChannelId { get; init; }
}

/// <summary>A row of a submitted form, or a field inside a row.</summary>
public sealed record InteractionComponent
{
    public int Type { get; init; }
    public string? CustomId { get; init; }
    public string? Value { get; init; }
    public IReadOnlyList<InteractionComponent> Components { get => field ?? []; init; }

    /// <summary>A labelled field carries its input here.</summary>
    public InteractionComponent? Component { get; init; }
}

/// <summary>One option of a command. The value is text, number or truth, as the option was declared.</summary>
public sealed record InteractionOption
{
    public string Name { get => field ?? ""; init; }
    public int Type { get; init; }
    public JsonElement? Value { get; init; }
    public IReadOnlyList<InteractionOption> Options { get => field ?? []; init; }
    public bool Focused { get; init; }

    /// <summary>The value as text; null when it is absent, or is no text (half a character).</summary>
    public string? Text => Value?.ValueKind switch
    {
        JsonValueKind.String => TextOf(Value.Value),
        JsonValueKind.Null or JsonValueKind.Undefined or null => null,
        _ => Value.Value.GetRawText(),
    };

    /// <summary>The value as an id; null when it is none.</summary>
    public ulong? Snowflake => Text is { } text && text.All(char.IsAsciiDigit) // the parser passes over NULs behind the digits
        && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) ? id : null;

    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
