using Pipeline.Contracts;

namespace Pipeline.RecordingApi.Events;

/// <summary>Names of the events that webhooks and <c>GET /api/events</c> tell of.</summary>
public static class EventTypes
{
    public const string RecordingStarted = "recording.started";

    /// <summary>The safe position has moved on; at most one a minute and recording.</summary>
    public const string RecordingSafe = "recording.safe";

    /// <summary>A segment lies in its final place; only sent where a webhook asks for it by name.</summary>
    public const string SegmentStored = "segment.stored";

    public const string RecordingCompleted = "recording.completed";
    public const string FilesReady = "files.ready";
    public const string TranscriptReady = "transcript.ready";

    /// <summary>It is deleted within two days, unless somebody keeps it.</summary>
    public const string RecordingExpiring = "recording.expiring";

    public const string RecordingDeleted = "recording.deleted";

    /// <summary>Something a person should look at: segments that never arrived, files that cannot be made.</summary>
    public const string RecordingProblem = "recording.problem";

    /// <summary>Sent by <c>POST /api/guilds/{guildId}/webhooks/test</c> and by nothing else.</summary>
    public const string WebhookTest = "webhook.test";

    /// <summary>What a webhook may ask for.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        RecordingStarted, RecordingSafe, SegmentStored, RecordingCompleted, FilesReady, TranscriptReady, RecordingExpiring,
        RecordingDeleted, RecordingProblem,
    ];

    /// <summary>What a webhook gets that asks for nothing by name.</summary>
    public static IReadOnlyList<string> Default { get; } = [.. All.Where(type => type != SegmentStored)];
}
