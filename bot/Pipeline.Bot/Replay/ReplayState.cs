using Pipeline.Bot.Upload;

namespace Pipeline.Bot.Replay;

/// <summary>What the progress shows: position and length of the call, what was closed and uploaded in this run, spool and memory.</summary>
internal sealed record ReplayState(TimeSpan Position, TimeSpan Length, int Percent, int Speakers, long Closed, long Uploaded, SpoolSnapshot Spool, MemorySample Memory);
