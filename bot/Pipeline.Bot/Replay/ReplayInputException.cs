namespace Pipeline.Bot.Replay;

/// <summary>A file that cannot be replayed.</summary>
public sealed class ReplayInputException(string file, string problem) : Exception($"{file}: {problem}; expected an Ogg Opus file (for example from opusenc)");
