using Pipeline.Bot.Spool;

namespace Pipeline.Bot.Replay;

/// <summary>What the progress shows: position and length of the call, what was closed and uploaded in this run, what was moved (null: not known), spool and memory.</summary>
internal sealed record ReplayState(TimeSpan Position, TimeSpan Length, int Percent, int Speakers, long Closed, long Uploaded, int? Moved, SpoolSnapshot Spool, MemorySample Memory);
