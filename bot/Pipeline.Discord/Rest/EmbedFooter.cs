namespace Pipeline.Discord.Rest;

/// <summary>The small line under an embed, at most 2048 characters.</summary>
public sealed record EmbedFooter(string Text);
