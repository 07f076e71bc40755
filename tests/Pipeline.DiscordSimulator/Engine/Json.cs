using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pipeline.DiscordSimulator.Engine;

/// <summary>Discord's habits with JSON: snowflakes are strings, times are ISO 8601, clients may send either number or string.</summary>
internal static class Json
{
    public static JsonNode Id(ulong id) => JsonValue.Create(id.ToString(CultureInfo.InvariantCulture));

    public static JsonNode? Id(ulong? id) => id is null ? null : Id(id.Value);

    public static JsonArray Ids(IEnumerable<ulong> ids) => [.. ids.Select(Id)];

    public static JsonNode Time(DateTimeOffset time) =>
        JsonValue.Create(time.ToString("yyyy-MM-ddTHH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture));

    public static bool TryObject(string text, out JsonObject value)
    {
        value = [];
        try
        {
            if (JsonNode.Parse(text) is not JsonObject parsed)
                return false;
            value = parsed;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    public static ulong? ReadId(this JsonNode? node) =>
        node is JsonValue && ulong.TryParse(node.ToString(), CultureInfo.InvariantCulture, out ulong id) ? id : null;

    public static long? ReadNumber(this JsonNode? node) =>
        node is JsonValue && double.TryParse(node.ToString(), CultureInfo.InvariantCulture, out double number)
            ? (long)number
            : null;

    public static bool ReadBool(this JsonNode? node) => node is JsonValue && node.ToString() == "true";

    public static string? ReadText(this JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
