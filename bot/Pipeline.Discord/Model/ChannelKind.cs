namespace Pipeline.Discord.Model;

/// <summary>Channel types that matter to a recorder (Discord: Channel Types). Other values are kept as numbers.</summary>
public enum ChannelKind
{
    Text = 0,
    DirectMessage = 1,
    Voice = 2,
    Category = 4,
    Stage = 13,
}
