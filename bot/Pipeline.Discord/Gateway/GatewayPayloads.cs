using System.Runtime.InteropServices;
using System.Text.Json;
using Pipeline.Discord.Model;

namespace Pipeline.Discord.Gateway;

/// <summary>What the client sends (Discord: Gateway Send Events).</summary>
internal static class GatewayPayloads
{
    private const string Library = "pipeline";

    /// <summary>
    /// The same query on every connection, resumed ones included; null for what is no address of a websocket, and for one that would get
    /// the token in the clear.
    /// </summary>
    public static Uri? Address(string? server, bool allowsHttp) =>
        Uri.TryCreate(server, UriKind.Absolute, out Uri? address) && address.Host.Length > 0
            && (address.Scheme is "wss" || (address.Scheme is "ws" && (allowsHttp || address.IsLoopback)))
            ? new UriBuilder(address) { Query = "v=10&encoding=json" }.Uri : null;

    public static void Identify(Utf8JsonWriter writer, GatewayOptions options, int shard, int count)
    {
        writer.WriteStartObject();
        writer.WriteString("token"u8, options.Token);
        writer.WriteNumber("intents"u8, options.Intents);
        writer.WriteStartObject("properties"u8);
        writer.WriteString("os"u8, RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? "linux" : "other");
        writer.WriteString("browser"u8, Library);
        writer.WriteString("device"u8, Library);
        writer.WriteEndObject();
        writer.WriteBoolean("compress"u8, false);
        writer.WriteNumber("large_threshold"u8, 50);
        writer.WriteStartArray("shard"u8);
        writer.WriteNumberValue(shard);
        writer.WriteNumberValue(count);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static void Resume(Utf8JsonWriter writer, string token, GatewaySession session)
    {
        writer.WriteStartObject();
        writer.WriteString("token"u8, token);
        writer.WriteString("session_id"u8, session.Id);
        writer.WriteNumber("seq"u8, session.Sequence);
        writer.WriteEndObject();
    }

    /// <summary>Op 4; a null channel leaves.</summary>
    public static void VoiceState(Utf8JsonWriter writer, ulong guildId, ulong? channelId, bool selfMute, bool selfDeaf)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("guild_id"u8);
        SnowflakeJsonConverter.WriteValue(writer, guildId);
        writer.WritePropertyName("channel_id"u8);
        if (channelId is { } channel) SnowflakeJsonConverter.WriteValue(writer, channel);
        else writer.WriteNullValue();
        writer.WriteBoolean("self_mute"u8, selfMute);
        writer.WriteBoolean("self_deaf"u8, selfDeaf);
        writer.WriteEndObject();
    }
}

/// <summary>Discord: Gateway Opcodes, those that a recorder meets.</summary>
internal static class GatewayOpcode
{
    public const int Dispatch = 0;
    public const int Heartbeat = 1;
    public const int Identify = 2;
    public const int UpdateVoiceState = 4;
    public const int Resume = 6;
    public const int Reconnect = 7;
    public const int InvalidSession = 9;
    public const int Hello = 10;
    public const int HeartbeatAck = 11;
}
