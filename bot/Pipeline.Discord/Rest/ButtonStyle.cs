namespace Pipeline.Discord.Rest;

/// <summary>Discord: Button Styles, those with an id.</summary>
public enum ButtonStyle
{
    Primary = 1,
    Secondary = 2,
    Success = 3,
    Danger = 4,
}
