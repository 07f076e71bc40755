using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Discord.Model;

/// <summary>Permission bits travel as decimal strings; unknown bits are kept.</summary>
internal sealed class PermissionsJsonConverter : JsonConverter<Permissions>
{
    public override Permissions Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        (Permissions)SnowflakeJsonConverter.ReadValue(ref reader);

    public override void Write(Utf8JsonWriter writer, Permissions value, JsonSerializerOptions options) =>
        SnowflakeJsonConverter.WriteValue(writer, (ulong)value);
}
