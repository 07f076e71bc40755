namespace Pipeline.Discord.Rest;

/// <summary>A message or direct-message channel that Discord made.</summary>
public sealed record SentMessage
{
    public required ulong Id { get; init; }
    public ulong ChannelId { get; init; }
}
