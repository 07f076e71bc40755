namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The main gateway takes no connection: what the client opens is cut before anything is said.</summary>
public sealed record RefuseGateway : Fault;
