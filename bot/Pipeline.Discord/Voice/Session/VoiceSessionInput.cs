using Pipeline.Discord.Media;

namespace Pipeline.Discord.Voice.Session;

/// <summary>What the control loop of a voice session reacts to, in the order in which it happened.</summary>
internal abstract class VoiceSessionInput
{
    public sealed class Opened(VoiceLink link) : VoiceSessionInput
    {
        public VoiceLink Link { get; } = link;
    }

    /// <param name="link">Whose.</param>
    /// <param name="closeCode">Null: no close message.</param>
    /// <param name="problem">The transport's own words, for the log.</param>
    public sealed class Closed(VoiceLink link, int? closeCode, string problem) : VoiceSessionInput
    {
        public VoiceLink Link { get; } = link;
        public int? CloseCode { get; } = closeCode;
        public string Problem { get; } = problem;
    }

    public sealed class Received(VoiceLink link, ReadOnlyMemory<byte> message, bool isBinary) : VoiceSessionInput
    {
        public VoiceLink Link { get; } = link;
        public ReadOnlyMemory<byte> Message { get; } = message;
        public bool IsBinary { get; } = isBinary;
    }

    /// <summary>An IP discovery reply, 74 bytes.</summary>
    public sealed class DiscoveryReplied(byte[] datagram) : VoiceSessionInput
    {
        public byte[] Datagram { get; } = datagram;
    }

    public sealed class SourceFound(FoundSource source) : VoiceSessionInput
    {
        public FoundSource Source { get; } = source;
    }

    /// <summary>The media thread ended by an error.</summary>
    public sealed class MediaFailed(Exception error) : VoiceSessionInput
    {
        public Exception Error { get; } = error;
    }

    /// <summary>Something may be due.</summary>
    public sealed class Tick : VoiceSessionInput
    {
        public static Tick Instance { get; } = new();
    }

    public sealed class Stop : VoiceSessionInput
    {
        public static Stop Instance { get; } = new();
    }
}
