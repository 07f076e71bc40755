using Pipeline.Contracts;

namespace Pipeline.Bot.Guilds;

/// <summary>What the one who stopped a recording is told.</summary>
/// <param name="Text">For the caller only.</param>
/// <param name="Link">Where it can be opened; null without an API.</param>
/// <param name="Delivered">The starter has the link by direct message.</param>
internal sealed record StopOutcome(SessionInfo Session, string Text, string? Link, bool Delivered);
