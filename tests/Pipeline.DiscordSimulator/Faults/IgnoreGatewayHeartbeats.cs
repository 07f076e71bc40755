namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The main gateway does not acknowledge heartbeats: a zombie connection.</summary>
public sealed record IgnoreGatewayHeartbeats : Fault;
