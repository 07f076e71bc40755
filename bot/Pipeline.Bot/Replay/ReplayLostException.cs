using Pipeline.Contracts;

namespace Pipeline.Bot.Replay;

/// <summary>The recording cannot be gone on with, because another bot holds it.</summary>
public sealed class ReplayLostException(RecordingId recording) : Exception($"recording {recording} is held by another bot; stop that one first");
