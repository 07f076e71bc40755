namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The SFU does not answer discovery requests.</summary>
public sealed record IgnoreDiscovery : Fault;
