using System.Globalization;
using System.Text.Json;

namespace Pipeline.Discord.Model;

/// <summary>One option of a command. The value is text, number or truth, as the option was declared.</summary>
public sealed record InteractionOption
{
    public string Name { get => field ?? ""; init; }
    public int Type { get; init; }
    public JsonElement? Value { get; init; }
    public IReadOnlyList<InteractionOption> Options { get => field ?? []; init; }
    public bool Focused { get; init; }

    /// <summary>The value as text; null when it is absent.</summary>
    public string? Text => Value?.ValueKind switch
    {
        JsonValueKind.String => Value.Value.GetString(),
        JsonValueKind.Null or JsonValueKind.Undefined or null => null,
        _ => Value.Value.GetRawText(),
    };

    /// <summary>The value as an id; null when it is none.</summary>
    public ulong? Snowflake => ulong.TryParse(Text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) ? id : null;
}
