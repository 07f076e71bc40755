using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Contracts;

/// <summary>
/// A <see cref="RecordingId"/> as its 36-character text. Public, so that other assemblies' source-generated contexts can use it.
/// </summary>
public sealed class RecordingIdJsonConverter : JsonConverter<RecordingId>
{
    public override RecordingId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        RecordingId.TryParse(reader.GetString(), out RecordingId id) ? id : throw new JsonException("not a recording id");

    public override void Write(Utf8JsonWriter writer, RecordingId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
