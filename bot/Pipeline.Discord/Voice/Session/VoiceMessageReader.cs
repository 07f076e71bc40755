using System.Buffers.Binary;
using System.Net;
using System.Text.Json;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Voice.Session;

/// <summary>
/// The parser of the voice gateway: bytes in, checked messages out. JSON envelope <c>{op, d, seq?}</c>; binary
/// <c>u16 sequence || u8 opcode || payload</c>, big-endian. What a server can send wrongly becomes <see cref="VoiceMessage.Malformed"/>.
/// </summary>
internal static class VoiceMessageReader
{
    /// <summary>Bounds for what a server may ask of our timers.</summary>
    public static readonly TimeSpan ShortestHeartbeat = TimeSpan.FromMilliseconds(100);

    public static readonly TimeSpan LongestHeartbeat = TimeSpan.FromMinutes(5);

    private const int MaxUsersPerMessage = 10_000;
    private const int MaxModes = 64;
    private const int UnknownOpcode = -1;

    /// <summary>Never throws for what the bytes are.</summary>
    public static VoiceMessage ReadText(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8);
            JsonElement root = document.RootElement;
            int opcode = (int)(root.GetWhole("op", 0, ushort.MaxValue) ?? UnknownOpcode);
            root.TryGet("d", out JsonElement data);
            int? sequence = (int?)root.GetWhole("seq", 0, int.MaxValue);
            return Read(opcode, data, sequence);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is not valid UTF-16 (a lone surrogate escape).
            return new VoiceMessage.Malformed(UnknownOpcode);
        }
    }

    /// <summary>Never throws for what the bytes are. The payload is a view on <paramref name="frame"/>.</summary>
    public static VoiceMessage ReadBinary(ReadOnlyMemory<byte> frame)
    {
        if (frame.Length < 3) return new VoiceMessage.Malformed(UnknownOpcode);
        int sequence = BinaryPrimitives.ReadUInt16BigEndian(frame.Span);
        VoiceOpcode opcode = (VoiceOpcode)frame.Span[2];
        if (opcode is < VoiceOpcode.DaveExternalSender or > VoiceOpcode.DaveWelcome)
            return new VoiceMessage.Ignored((int)opcode) { Sequence = sequence };
        return new VoiceMessage.DaveBinary(opcode, frame[3..]) { Sequence = sequence };
    }

    private static VoiceMessage Read(int opcode, JsonElement data, int? sequence) =>
        ((VoiceOpcode)opcode switch
        {
            _ when opcode == UnknownOpcode => null,
            VoiceOpcode.Hello => ReadHello(data, sequence),
            VoiceOpcode.Ready => ReadReady(data, sequence),
            VoiceOpcode.SessionDescription => ReadSessionDescription(data, sequence),
            VoiceOpcode.Heartbeat => new VoiceMessage.HeartbeatRequest { Sequence = sequence },
            VoiceOpcode.HeartbeatAck => new VoiceMessage.HeartbeatAck { Sequence = sequence },
            VoiceOpcode.Resumed => new VoiceMessage.Resumed { Sequence = sequence },
            VoiceOpcode.Speaking => ReadSpeaking(data, "ssrc", sequence),
            VoiceOpcode.Video => ReadVideo(data, sequence),
            VoiceOpcode.ClientsConnect => ReadClientsConnect(data, sequence),
            VoiceOpcode.ClientDisconnect =>
                data.GetId("user_id") is { } user ? new VoiceMessage.ClientDisconnect(user) { Sequence = sequence } : null,
            VoiceOpcode.BackendVersion =>
                new VoiceMessage.BackendVersion(data.GetText("voice") ?? "", data.GetText("rtc_worker") ?? "") { Sequence = sequence },
            VoiceOpcode.DavePrepareTransition => ReadPrepareTransition(data, sequence),
            VoiceOpcode.DaveExecuteTransition =>
                TransitionId(data) is { } id ? new VoiceMessage.ExecuteTransition(id) { Sequence = sequence } : null,
            VoiceOpcode.DavePrepareEpoch => ReadPrepareEpoch(data, sequence),
            _ => new VoiceMessage.Ignored(opcode) { Sequence = sequence },
        }) ?? new VoiceMessage.Malformed(opcode) { Sequence = sequence };

    private static VoiceMessage.Hello? ReadHello(JsonElement data, int? sequence)
    {
        if (data.GetNumber("heartbeat_interval") is not { } milliseconds || milliseconds <= 0) return null;
        double bounded = Math.Clamp(milliseconds, ShortestHeartbeat.TotalMilliseconds, LongestHeartbeat.TotalMilliseconds);
        return new VoiceMessage.Hello(TimeSpan.FromMilliseconds(bounded)) { Sequence = sequence };
    }

    private static VoiceMessage.Ready? ReadReady(JsonElement data, int? sequence)
    {
        if (Ssrc(data, "ssrc") is not { } ssrc || !IPAddress.TryParse(data.GetText("ip"), out IPAddress? address)) return null;
        if (data.GetWhole("port", 1, ushort.MaxValue) is not { } port || !data.TryGet("modes", out JsonElement modes)
            || modes.ValueKind != JsonValueKind.Array) return null;
        List<string> names = [];
        foreach (JsonElement mode in modes.EnumerateArray().Take(MaxModes))
        {
            if (mode.ValueKind == JsonValueKind.String && mode.GetString() is { } name) names.Add(name);
        }
        return new VoiceMessage.Ready(ssrc, new IPEndPoint(address, (int)port), names) { Sequence = sequence };
    }

    private static VoiceMessage.SessionDescription? ReadSessionDescription(JsonElement data, int? sequence)
    {
        if (data.GetText("mode") is not (TransportKey.AesGcmMode or TransportKey.XChaCha20Mode)) return null;
        if (!data.TryGet("secret_key", out JsonElement list) || list.ValueKind != JsonValueKind.Array
            || list.GetArrayLength() != TransportKey.Length) return null;
        Span<byte> secret = stackalloc byte[TransportKey.Length];
        int at = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetByte(out secret[at++])) return null;
        }
        TransportKey transportKey = new(data.GetText("mode")!, secret);
        secret.Clear();
        int daveVersion = (int)(data.GetWhole("dave_protocol_version", 0, ushort.MaxValue) ?? 0);
        return new VoiceMessage.SessionDescription(transportKey, daveVersion) { Sequence = sequence };
    }

    private static VoiceMessage.Speaking? ReadSpeaking(JsonElement data, string ssrcName, int? sequence) =>
        data.GetId("user_id") is { } user && Ssrc(data, ssrcName) is { } ssrc && ssrc != 0
            ? new VoiceMessage.Speaking(user, ssrc) { Sequence = sequence } : null;

    // Op 12 names an audio source only when the user has one; zero or nothing is no error.
    private static VoiceMessage ReadVideo(JsonElement data, int? sequence) =>
        ReadSpeaking(data, "audio_ssrc", sequence)
            ?? (VoiceMessage)new VoiceMessage.Ignored((int)VoiceOpcode.Video) { Sequence = sequence };

    private static VoiceMessage.ClientsConnect? ReadClientsConnect(JsonElement data, int? sequence)
    {
        if (!data.TryGet("user_ids", out JsonElement list) || list.ValueKind != JsonValueKind.Array) return null;
        List<ulong> users = [];
        foreach (JsonElement item in list.EnumerateArray().Take(MaxUsersPerMessage))
        {
            if (LenientJson.ToId(item) is { } user) users.Add(user);
        }
        return new VoiceMessage.ClientsConnect(users) { Sequence = sequence };
    }

    private static VoiceMessage.PrepareTransition? ReadPrepareTransition(JsonElement data, int? sequence) =>
        data.GetWhole("protocol_version", 0, ushort.MaxValue) is { } version && TransitionId(data) is { } id
            ? new VoiceMessage.PrepareTransition((int)version, id) { Sequence = sequence }
            : null;

    private static VoiceMessage.PrepareEpoch? ReadPrepareEpoch(JsonElement data, int? sequence) =>
        data.GetWhole("protocol_version", 0, ushort.MaxValue) is { } version && data.GetId("epoch") is { } epoch
            ? new VoiceMessage.PrepareEpoch((int)version, epoch) { Sequence = sequence }
            : null;

    private static ushort? TransitionId(JsonElement data) => (ushort?)data.GetWhole("transition_id", 0, ushort.MaxValue);

    private static uint? Ssrc(JsonElement data, string name) => (uint?)data.GetWhole(name, 0, uint.MaxValue);
}
