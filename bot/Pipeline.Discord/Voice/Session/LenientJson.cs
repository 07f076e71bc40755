using System.Globalization;
using System.Text.Json;

namespace Pipeline.Discord.Voice.Session;

/// <summary>
/// Reads values as Discord writes them: ids as strings or numbers, integers that may come as <c>13750.0</c>. Absent, of another kind or
/// out of range is "no", never an exception.
/// </summary>
internal static class LenientJson
{
    public static bool TryGet(this JsonElement element, string name, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value);
    }

    public static ulong? GetId(this JsonElement element, string name) => element.TryGet(name, out JsonElement value) ? ToId(value) : null;

    public static ulong? ToId(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetUInt64(out ulong number) => number,
        JsonValueKind.String when ulong.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) =>
            number,
        _ => null,
    };

    /// <summary>A whole number within the bounds, whether written as integer, with a fraction of zero, or as a string.</summary>
    public static long? GetWhole(this JsonElement element, string name, long min, long max)
    {
        if (!element.TryGet(name, out JsonElement value) || ToNumber(value) is not { } number) return null;
        return number >= min && number <= max && Math.Floor(number) == number ? (long)number : null;
    }

    public static double? GetNumber(this JsonElement element, string name) =>
        element.TryGet(name, out JsonElement value) ? ToNumber(value) : null;

    public static string? GetText(this JsonElement element, string name) =>
        element.TryGet(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double? ToNumber(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetDouble(out double number) && double.IsFinite(number) => number,
        JsonValueKind.String when double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && double.IsFinite(number) => number,
        _ => null,
    };
}
