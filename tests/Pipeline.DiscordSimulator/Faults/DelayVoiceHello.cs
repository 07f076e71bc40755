namespace Pipeline.DiscordSimulator.Faults;

/// <summary>The voice gateway greets late: the client has an open connection on which it may not say anything yet.</summary>
/// <param name="Delay">Virtual time after the connection.</param>
public sealed record DelayVoiceHello(TimeSpan Delay) : Fault;
