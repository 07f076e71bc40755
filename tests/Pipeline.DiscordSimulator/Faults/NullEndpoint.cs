namespace Pipeline.DiscordSimulator.Faults;

/// <summary>VOICE_SERVER_UPDATE first comes with a null endpoint, the real one later.</summary>
/// <param name="Duration">Virtual time until the server is there.</param>
public sealed record NullEndpoint(TimeSpan Duration) : Fault;
