namespace Pipeline.DiscordSimulator.Faults;

/// <summary>VOICE_STATE_UPDATE comes, VOICE_SERVER_UPDATE does not.</summary>
public sealed record NoVoiceServer : Fault;
