namespace Pipeline.DiscordSimulator.Faults;

/// <summary>Op 4 is swallowed: neither of the two updates comes, nobody joins.</summary>
public sealed record NoVoiceAnswer : Fault;
