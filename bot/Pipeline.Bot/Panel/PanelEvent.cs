namespace Pipeline.Bot.Panel;

/// <summary>One line of the panel's list. <paramref name="Sample"/> is the position in the recording, 48 kHz.</summary>
public sealed record PanelEvent(long Sample, string Text);
