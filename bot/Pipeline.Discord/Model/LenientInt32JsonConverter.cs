using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Discord.Model;

/// <summary>Whole numbers that may come as <c>5</c>, <c>5.0</c> or <c>"5"</c>.</summary>
internal sealed class LenientInt32JsonConverter : JsonConverter<int>
{
    public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        double value = reader.TokenType switch
        {
            JsonTokenType.Number => reader.GetDouble(),
            JsonTokenType.String when double.TryParse(reader.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture,
                out double text) => text,
            _ => throw new JsonException("not a number"),
        };
        if (!(value is >= int.MinValue and <= int.MaxValue)) throw new JsonException("number out of range");
        return (int)value;
    }

    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}
