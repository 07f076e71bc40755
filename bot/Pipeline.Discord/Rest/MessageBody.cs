namespace Pipeline.Discord.Rest;

/// <summary>What a message shows (Discord: Create Message, Edit Message, interaction callback data). Never pings anybody.</summary>
public sealed record MessageBody
{
    /// <summary>At most 2000 characters.</summary>
    public string? Content { get; init; }

    public IReadOnlyList<MessageEmbed>? Embeds { get; init; }

    /// <summary>Action rows; an empty list removes them.</summary>
    public IReadOnlyList<MessageComponent>? Components { get; init; }

    /// <summary>64: only the caller sees it.</summary>
    public int? Flags { get; init; }

    public AllowedMentions AllowedMentions { get; init; } = new();

    /// <summary>At most 25 characters; with <see cref="EnforceNonce"/>, sending twice makes one message.</summary>
    public string? Nonce { get; init; }

    public bool? EnforceNonce { get; init; }

    /// <summary>Form: its id, title and rows.</summary>
    public string? CustomId { get; init; }

    public string? Title { get; init; }
}

/// <summary>Which mentions ping. Empty lists: none, the mention is only a name.</summary>
public sealed record AllowedMentions
{
    public IReadOnlyList<string> Parse { get; init; } = [];
    public IReadOnlyList<ulong>? Users { get; init; }
}

/// <summary>A message or direct-message channel that Discord made.</summary>
public sealed record SentMessage
{
    public required ulong Id { get; init; }
    public ulong ChannelId { get; init; }
}
