using System.Text.Json.Serialization;

namespace Pipeline.Contracts.Api;

/// <summary>How far a recording is, as the recording API names it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RecordingStatus>))]
public enum RecordingStatus
{
    /// <summary>Audio may still come.</summary>
    [JsonStringEnumMemberName("live")] Live,

    /// <summary>Finished, but the service still works on it.</summary>
    [JsonStringEnumMemberName("processing")] Processing,

    /// <summary>Finished and listed.</summary>
    [JsonStringEnumMemberName("completed")] Completed,

    /// <summary>Finished, and nothing could be saved.</summary>
    [JsonStringEnumMemberName("failed")] Failed,
}
