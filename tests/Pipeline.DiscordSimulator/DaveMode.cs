namespace Pipeline.DiscordSimulator;

/// <summary>End-to-end encryption of voice channels. Stage channels are never encrypted.</summary>
public enum DaveMode
{
    /// <summary>Protocol version 0 for everybody.</summary>
    Off,

    /// <summary>Version 1 while every member speaks it, else 0.</summary>
    Negotiated,

    /// <summary>Clients without it are refused with 4017.</summary>
    Enforced,
}
