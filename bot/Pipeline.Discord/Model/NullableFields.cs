using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Pipeline.Discord.Model;

/// <summary>
/// Reads what Discord sends, by gateway or REST: a field that is null is as good as absent. So null is "none" wherever a field may be
/// missing, and a required field that is null is missing.
/// </summary>
internal static class NullableFields
{
    /// <exception cref="JsonException">Not of this shape, or without a field that it needs.</exception>
    public static T Read<T>(JsonElement data, JsonTypeInfo<T> shape) where T : class => data.ValueKind == JsonValueKind.Undefined
        ? throw new JsonException("nothing there")
        : Read(JsonMarshal.GetRawUtf8Value(data), shape);

    /// <exception cref="JsonException">Not of this shape, or without a field that it needs.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> shape) where T : class =>
        JsonSerializer.Deserialize(json.IndexOf("null"u8) < 0 ? json : WithoutNulls(json), shape) ?? throw new JsonException("null");

    /// <summary>The same text, in which each field that is null has a name that no shape knows.</summary>
    private static byte[] WithoutNulls(ReadOnlySpan<byte> json)
    {
        byte[] copy = json.ToArray();
        Utf8JsonReader reader = new(json);
        (int at, int length) name = default;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Null) copy.AsSpan(name.at, name.length).Fill((byte)'-');
            name = reader.TokenType == JsonTokenType.PropertyName ? ((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length) : default;
        }
        return copy;
    }
}
