namespace Pipeline.Bot.Guilds;

/// <summary>How an attempt to start ended. <paramref name="Running"/>: what is being recorded; null when nothing is.</summary>
public sealed record StartOutcome(RecordedCall? Running, string Text, bool Started);
