using Pipeline.Dave.Session;

namespace Pipeline.Discord.Voice.Session;

/// <summary>What a running voice session tells, in order, from its control loop.</summary>
public abstract record VoiceSessionNews
{
    /// <summary>The session description came: audio can be received.</summary>
    public sealed record Live : VoiceSessionNews;

    /// <summary>The gateway's connection broke; audio goes on while it is resumed.</summary>
    public sealed record Interrupted(int? CloseCode) : VoiceSessionNews;

    /// <summary>The first datagram came that is no answer to address discovery: the way from the media server is open.</summary>
    public sealed record MediaHeard : VoiceSessionNews;

    public sealed record Resumed : VoiceSessionNews;

    public sealed record UserJoined(ulong UserId) : VoiceSessionNews;

    /// <summary>Audio comes from a source of which nobody has told whose it is; it is delivered under the source's number.</summary>
    public sealed record SourceUnnamed(uint Ssrc) : VoiceSessionNews;

    /// <summary>It is known now whose such a source is.</summary>
    public sealed record SourceNamed(uint Ssrc, ulong UserId) : VoiceSessionNews;

    public sealed record UserLeft(ulong UserId) : VoiceSessionNews;

    /// <summary>The end-to-end group's code, or null without a group.</summary>
    public sealed record PrivacyCode(string? Code) : VoiceSessionNews;

    /// <summary>How far audio is protected from now on; first told with the session description.</summary>
    public sealed record Protection(DaveProtection State) : VoiceSessionNews;

    /// <summary>Neither new keys nor joining again made the audio readable.</summary>
    public sealed record EncryptionBroken : VoiceSessionNews;
}
