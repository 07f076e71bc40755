namespace Pipeline.Discord.Voice.Session;

/// <summary>Where a voice session is in its handshake.</summary>
internal enum VoiceSessionPhase
{
    Opening,
    AwaitingHello,
    Identifying,
    Discovering,
    Selecting,
    Live,
    ResumeWaiting,
    Resuming,
}
