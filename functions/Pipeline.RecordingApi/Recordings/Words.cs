using Pipeline.Contracts.Api;

namespace Pipeline.RecordingApi.Recordings;

/// <summary>Values in the contract's words.</summary>
internal static class Words
{
    public static string Of(RecordingStatus status) => status switch
    {
        RecordingStatus.Live => "live",
        RecordingStatus.Processing => "processing",
        RecordingStatus.Completed => "completed",
        _ => "failed",
    };
}
