namespace Pipeline.DiscordSimulator.Faults;

/// <summary>VOICE_SERVER_UPDATE comes before the VOICE_STATE_UPDATE that belongs to it.</summary>
public sealed record VoiceServerFirst : Fault;
