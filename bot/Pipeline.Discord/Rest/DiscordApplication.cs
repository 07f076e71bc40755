namespace Pipeline.Discord.Rest;

/// <summary>The bot's application (Discord: Application Object).</summary>
public sealed record DiscordApplication
{
    public required ulong Id { get; init; }
    public string Name { get => field ?? ""; init; }
    public int Flags { get; init; }
}
