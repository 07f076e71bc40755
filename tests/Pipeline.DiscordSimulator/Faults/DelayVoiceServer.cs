namespace Pipeline.DiscordSimulator.Faults;

/// <summary>VOICE_SERVER_UPDATE comes late.</summary>
/// <param name="Delay">Virtual time after VOICE_STATE_UPDATE.</param>
public sealed record DelayVoiceServer(TimeSpan Delay) : Fault;
