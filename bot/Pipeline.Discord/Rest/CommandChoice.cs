namespace Pipeline.Discord.Rest;

/// <summary>One of the values of an option.</summary>
public sealed record CommandChoice(string Name, string Value);
