namespace Pipeline.DiscordSimulator.World;

/// <summary>Channel types by their number in Discord's API.</summary>
public enum ChannelKind
{
    /// <summary>Text in a guild.</summary>
    Text = 0,

    /// <summary>Text between two users.</summary>
    Direct = 1,

    /// <summary>Voice in a guild; also holds text.</summary>
    Voice = 2,

    /// <summary>A stage: an audience that listens; never end-to-end encrypted.</summary>
    Stage = 13,
}
