using Pipeline.Bot.Recordings;
using Pipeline.Contracts;

namespace Pipeline.Bot.Replay;

/// <summary>Where a replay begins. <paramref name="Host"/> null: the recording had ended already and is closed now.</summary>
/// <param name="Origin">Position in the recording at which the clock starts.</param>
internal sealed record ReplayStart(RecordingId Recording, ActiveRecording? Host, ReplayClock Clock, TimeSpan Origin);
