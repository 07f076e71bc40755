namespace Pipeline.Discord.Gateway;

/// <summary>The message under a component, as far as needed to edit it.</summary>
public sealed record InteractionMessage
{
    public required ulong Id { get; init; }
    public ulong ChannelId { get; init; }
}
