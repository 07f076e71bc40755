using System.Text.Json.Nodes;

namespace Pipeline.DiscordSimulator.World;

/// <summary>A message as it was at one time.</summary>
/// <param name="At">Virtual time since the start of the simulator.</param>
/// <param name="Content">Plain text; empty when the message consists of components or embeds.</param>
/// <param name="Embeds">As sent.</param>
/// <param name="Components">As sent.</param>
public sealed record MessageVersion(TimeSpan At, string Content, JsonArray Embeds, JsonArray Components)
{
    /// <summary>Everything that a person would read, one line per field: content, embeds, text displays, button labels.</summary>
    public string Text => MessageText.Render(this);

    /// <summary>The custom ids of all enabled buttons and selects.</summary>
    public IReadOnlyList<string> CustomIds =>
        [.. MessageText.Interactive(Components).Where(part => !part.Disabled).Select(part => part.CustomId)];
}
