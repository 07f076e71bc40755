using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Discord.Model;

/// <summary>Ids and permission bits: written as decimal strings, because they pass 2^53; read from strings or numbers.</summary>
internal sealed class SnowflakeJsonConverter : JsonConverter<ulong>
{
    public override ulong Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => ReadValue(ref reader);

    public override void Write(Utf8JsonWriter writer, ulong value, JsonSerializerOptions options) => WriteValue(writer, value);

    public static ulong ReadValue(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Number when reader.TryGetUInt64(out ulong number) => number,
        JsonTokenType.String when ulong.TryParse(reader.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong text) =>
            text,
        _ => throw new JsonException("not an id"),
    };

    public static void WriteValue(Utf8JsonWriter writer, ulong value)
    {
        Span<char> text = stackalloc char[20];
        value.TryFormat(text, out int length, provider: CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..length]);
    }
}
