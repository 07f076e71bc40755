using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Pipeline.Discord.Voice.Session;

/// <summary>What we say on the voice gateway, as UTF-8 JSON <c>{op, d}</c>.</summary>
internal static class VoiceMessageWriter
{
    public static ReadOnlyMemory<byte> Identify(VoiceSessionIdentity identity, int maxDaveVersion) => Write(VoiceOpcode.Identify, d =>
    {
        d.WriteString("server_id", Id(identity.GuildId));
        d.WriteString("user_id", Id(identity.UserId));
        d.WriteString("session_id", identity.SessionId);
        d.WriteString("token", identity.Token);
        d.WriteNumber("max_dave_protocol_version", maxDaveVersion);
    });

    public static ReadOnlyMemory<byte> Resume(VoiceSessionIdentity identity, int lastSequence) => Write(VoiceOpcode.Resume, d =>
    {
        d.WriteString("server_id", Id(identity.GuildId));
        d.WriteString("session_id", identity.SessionId);
        d.WriteString("token", identity.Token);
        d.WriteNumber("seq_ack", lastSequence);
    });

    public static ReadOnlyMemory<byte> SelectProtocol(string address, int port, string mode) => Write(VoiceOpcode.SelectProtocol, d =>
    {
        d.WriteString("protocol", "udp");
        d.WriteStartObject("data");
        d.WriteString("address", address);
        d.WriteNumber("port", port);
        d.WriteString("mode", mode);
        d.WriteEndObject();
    });

    public static ReadOnlyMemory<byte> Heartbeat(long nonce, int lastSequence) => Write(VoiceOpcode.Heartbeat, d =>
    {
        d.WriteNumber("t", nonce);
        d.WriteNumber("seq_ack", lastSequence);
    });

    public static ReadOnlyMemory<byte> Speaking(bool isSpeaking, uint ssrc) => Write(VoiceOpcode.Speaking, d =>
    {
        d.WriteNumber("speaking", isSpeaking ? 1 : 0);
        d.WriteNumber("delay", 0);
        d.WriteNumber("ssrc", ssrc);
    });

    /// <summary>Asks which software the server runs; it does not tell by itself.</summary>
    public static ReadOnlyMemory<byte> BackendVersion() => Write(VoiceOpcode.BackendVersion, static _ => { });

    /// <summary>Op 23 or 31: both carry one transition id.</summary>
    public static ReadOnlyMemory<byte> Transition(VoiceOpcode opcode, int transitionId) =>
        Write(opcode, d => d.WriteNumber("transition_id", transitionId));

    /// <summary>Op 26 or 28: <c>u8 opcode || payload</c>.</summary>
    public static ReadOnlyMemory<byte> Binary(VoiceOpcode opcode, ReadOnlyMemory<byte> payload) => (byte[])[(byte)opcode, .. payload.Span];

    private static ReadOnlyMemory<byte> Write(VoiceOpcode opcode, Action<Utf8JsonWriter> writeData)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("op", (int)opcode);
            json.WriteStartObject("d");
            writeData(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }

    private static string Id(ulong id) => id.ToString(CultureInfo.InvariantCulture);
}
