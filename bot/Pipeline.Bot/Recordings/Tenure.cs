namespace Pipeline.Bot.Recordings;

/// <summary>What this process has to do with a recording.</summary>
/// <param name="IsHosted">An <see cref="ActiveRecording"/> runs it and writes its manifest, or is about to.</param>
/// <param name="IsStartSent">The start message was sent.</param>
internal sealed record Tenure(bool IsHosted, bool IsStartSent);
