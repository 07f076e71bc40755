using System.Net;
using Pipeline.Discord.Rtp;

namespace Pipeline.Discord.Voice.Session;

/// <summary>One message of the voice gateway, parsed and checked. Secrets are in it: it is never printed.</summary>
internal abstract class VoiceMessage
{
    /// <summary>Sequence of a numbered message, to be acknowledged by heartbeats and named when resuming; null for others.</summary>
    public int? Sequence { get; init; }

    public sealed class Hello(TimeSpan heartbeatInterval) : VoiceMessage
    {
        public TimeSpan HeartbeatInterval { get; } = heartbeatInterval;
    }

    public sealed class Ready(uint ssrc, IPEndPoint server, IReadOnlyList<string> modes) : VoiceMessage
    {
        public uint Ssrc { get; } = ssrc;
        public IPEndPoint Server { get; } = server;
        public IReadOnlyList<string> Modes { get; } = modes;
    }

    /// <summary>Owns the transport key until somebody takes it.</summary>
    public sealed class SessionDescription(TransportKey transportKey, int daveVersion) : VoiceMessage
    {
        public TransportKey TransportKey { get; } = transportKey;
        public int DaveVersion { get; } = daveVersion;
    }

    /// <summary>The server wants a heartbeat at once.</summary>
    public sealed class HeartbeatRequest : VoiceMessage;

    public sealed class HeartbeatAck : VoiceMessage;

    public sealed class Resumed : VoiceMessage;

    /// <summary>Op 5, or the audio half of op 12.</summary>
    public sealed class Speaking(ulong userId, uint ssrc) : VoiceMessage
    {
        public ulong UserId { get; } = userId;
        public uint Ssrc { get; } = ssrc;
    }

    public sealed class ClientsConnect(IReadOnlyList<ulong> userIds) : VoiceMessage
    {
        public IReadOnlyList<ulong> UserIds { get; } = userIds;
    }

    public sealed class ClientDisconnect(ulong userId) : VoiceMessage
    {
        public ulong UserId { get; } = userId;
    }

    public sealed class BackendVersion(string voice, string worker) : VoiceMessage
    {
        public string Voice { get; } = voice;
        public string Worker { get; } = worker;
    }

    public sealed class PrepareTransition(int version, ushort transitionId) : VoiceMessage
    {
        public int Version { get; } = version;
        public ushort TransitionId { get; } = transitionId;
    }

    public sealed class ExecuteTransition(ushort transitionId) : VoiceMessage
    {
        public ushort TransitionId { get; } = transitionId;
    }

    public sealed class PrepareEpoch(int version, ulong epoch) : VoiceMessage
    {
        public int Version { get; } = version;
        public ulong Epoch { get; } = epoch;
    }

    /// <summary>A binary message: opcodes 25 to 30.</summary>
    public sealed class DaveBinary(VoiceOpcode opcode, ReadOnlyMemory<byte> payload) : VoiceMessage
    {
        public VoiceOpcode Opcode { get; } = opcode;
        public ReadOnlyMemory<byte> Payload { get; } = payload;
    }

    /// <summary>An opcode that we do not need or do not know.</summary>
    public sealed class Ignored(int opcode) : VoiceMessage
    {
        public int Opcode { get; } = opcode;
    }

    /// <summary>An opcode that we need, with contents that make no sense.</summary>
    public sealed class Malformed(int opcode) : VoiceMessage
    {
        public int Opcode { get; } = opcode;
    }
}
