namespace Pipeline.Discord.Voice;

/// <summary>What a running voice session tells, in order, from its control loop.</summary>
public abstract record VoiceSessionNews
{
    /// <summary>The session description came: audio can be received.</summary>
    public sealed record Live : VoiceSessionNews;

    /// <summary>The gateway's connection broke; audio goes on while it is resumed.</summary>
    public sealed record Interrupted(int? CloseCode) : VoiceSessionNews;

    public sealed record Resumed : VoiceSessionNews;

    public sealed record UserJoined(ulong UserId) : VoiceSessionNews;

    public sealed record UserLeft(ulong UserId) : VoiceSessionNews;
}
