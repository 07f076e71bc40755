using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Contracts.Api;

/// <summary>A time in ISO 8601 that says its zone: without one it would be read by the zone of the machine.</summary>
public sealed class ZonedTimeConverter : JsonConverter<DateTimeOffset>
{
    private const int DateLength = 10; // 2026-01-02, which has hyphens of its own

    /// <exception cref="UnzonedTimeException">The text is no time or has no zone.</exception>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        bool isTime = reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out DateTimeOffset _)
            && HasZone(reader.GetString()!);
        return isTime ? reader.GetDateTimeOffset() : throw new UnzonedTimeException();
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value);

    private static bool HasZone(string text) =>
        text.EndsWith('Z') || (text.Length > DateLength && text.AsSpan(DateLength).IndexOfAny('+', '-') >= 0);
}

/// <summary>A text that is no ISO 8601 time with a zone.</summary>
public sealed class UnzonedTimeException() : JsonException(Fault)
{
    /// <summary>What is said of the field.</summary>
    public const string Fault = "must be an ISO 8601 time with a zone, such as 2026-01-02T03:04:05Z";
}
