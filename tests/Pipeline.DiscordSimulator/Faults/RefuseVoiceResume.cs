namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The voice gateway answers op 7 by closing with 4006.</summary>
public sealed record RefuseVoiceResume : Fault;
