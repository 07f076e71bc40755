namespace Pipeline.DiscordSimulator.Faults;

/// <summary>REST answers tell another time than it is, as a client sees it whose own clock is wrong.</summary>
/// <param name="Ahead">Of the client's clock; below zero: Discord is behind.</param>
public sealed record WrongDate(TimeSpan Ahead) : RestFault;
