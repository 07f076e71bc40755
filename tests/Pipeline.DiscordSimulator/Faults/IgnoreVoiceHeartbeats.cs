namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The voice gateway does not acknowledge heartbeats: a zombie connection.</summary>
public sealed record IgnoreVoiceHeartbeats : Fault;
