namespace Pipeline.Discord.Rest;

/// <summary>A name of at most 256 characters and a value of at most 1024; neither may be empty.</summary>
public sealed record EmbedField(string Name, string Value, bool Inline = false);
