namespace Pipeline.DiscordSimulator.Faults;

/// <summary>REST requests reach Discord late.</summary>
/// <param name="Delay">Virtual time.</param>
public sealed record DelayRest(TimeSpan Delay) : RestFault;
