namespace Pipeline.Discord.Model;

/// <summary>The message under a component, as far as needed to edit it.</summary>
public sealed record InteractionMessage
{
    public required ulong Id { get; init; }
    public ulong ChannelId { get; init; }
}
