namespace Pipeline.Bot.Panel;

/// <summary>What the panel's title says.</summary>
public enum PanelPhase
{
    Connecting,
    Recording,
    Paused,
    Reconnecting,
    Stopping,

    /// <summary>Ended; the last pieces are on their way.</summary>
    Storing,

    /// <summary>Finalized.</summary>
    Stored,

    /// <summary>Ended without anything that could be stored.</summary>
    Empty,
}
