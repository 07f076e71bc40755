namespace Pipeline.DiscordSimulator.Rest;

/// <summary>Interaction types by their number in Discord's API.</summary>
public enum InteractionKind
{
    /// <summary>A slash command.</summary>
    Command = 2,

    /// <summary>A button or select.</summary>
    Component = 3,

    /// <summary>Suggestions for an option that is being typed.</summary>
    Autocomplete = 4,

    /// <summary>A modal was sent off.</summary>
    Modal = 5,
}
