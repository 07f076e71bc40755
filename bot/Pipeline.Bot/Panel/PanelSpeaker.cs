namespace Pipeline.Bot.Panel;

/// <summary>One person's line in the panel; packets since the recording began.</summary>
public sealed record PanelSpeaker(string Name, bool Speaking, bool OptedOut, long Received, long Lost, long Undecryptable);
