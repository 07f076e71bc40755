namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The main gateway answers op 6 with op 9 (not resumable), as after a restart of its own.</summary>
public sealed record RefuseResume : Fault;
