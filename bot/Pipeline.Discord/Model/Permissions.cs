using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Discord.Model;

/// <summary>Permission bits (Discord: Permissions, Bitwise Permission Flags). Bits without a name are kept.</summary>
[Flags]
public enum Permissions : ulong
{
    None = 0,
    Administrator = 1UL << 3,
    ManageChannels = 1UL << 4,
    ManageGuild = 1UL << 5,
    ViewChannel = 1UL << 10,
    SendMessages = 1UL << 11,
    EmbedLinks = 1UL << 14,
    AttachFiles = 1UL << 15,
    Connect = 1UL << 20,
    Speak = 1UL << 21,
    MuteMembers = 1UL << 22,
    DeafenMembers = 1UL << 23,
    MoveMembers = 1UL << 24,
    UseVoiceActivity = 1UL << 25,
    ChangeNickname = 1UL << 26,
    ManageNicknames = 1UL << 27,
    SetVoiceChannelStatus = 1UL << 48,
    All = ulong.MaxValue,
}

/// <summary>Permission bits travel as decimal strings; unknown bits are kept.</summary>
internal sealed class PermissionsJsonConverter : JsonConverter<Permissions>
{
    public override Permissions Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        (Permissions)SnowflakeJsonConverter.ReadValue(ref reader);

    public override void Write(Utf8JsonWriter writer, Permissions value, JsonSerializerOptions options) =>
        SnowflakeJsonConverter.WriteValue(writer, (ulong)value);
}
