namespace Pipeline.Benchmarks.Packages;

/// <summary>What one start of a package showed.</summary>
/// <param name="ToAnswer">From the start of the process to its first answer: of the functions to "/"; of the bot to <c>--help</c>.</param>
/// <param name="ToRead">To the first answer that reads storage, <c>/api/health</c>; null for the bot.</param>
/// <param name="Resident">Bytes of memory then; null for the bot, which has ended.</param>
internal sealed record PackageFigures(TimeSpan ToAnswer, TimeSpan? ToRead, long? Resident);
