using Pipeline.Contracts;

namespace Pipeline.Delivery.Ledger;

/// <summary>What the ledger knows of one recording.</summary>
public sealed record LedgerRecording
{
    public required SessionInfo Session { get; init; }
    public required RecordingState State { get; init; }
    public required UploadFlow Flow { get; init; }

    /// <summary>The recording API's own id; null until the batch flow has one.</summary>
    public string? ApiRecordingId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When a finalizer first saw that the recording has stopped.</summary>
    public DateTimeOffset? StopSeenAt { get; init; }

    /// <summary>When the number of moved segments last grew while a finalizer waited.</summary>
    public DateTimeOffset? ProgressAt { get; init; }

    public int ProgressCount { get; init; }

    /// <summary>The message that the waiting finalizer sends itself; null: none waits.</summary>
    public ReturnTicket? Ticket { get; init; }

    public DateTimeOffset? FinalizedAt { get; init; }

    /// <summary>Segments that the last finalize named; 0 again once rows of an erased person are gone, so that any other is news.</summary>
    public int FinalizedCount { get; init; }

    /// <summary>Segments that the last finalize knew to be announced; null: none finalized it, or none that noted it.</summary>
    public int? AnnouncedCount { get; init; }

    /// <summary>Version of the row; null for one that is not stored yet.</summary>
    public string? Etag { get; init; }
}

public enum RecordingState
{
    /// <summary>Segments come.</summary>
    Live,

    /// <summary>A finalizer waits for the last segments.</summary>
    Stopping,

    /// <summary>The recording API has the list.</summary>
    Finalized,

    /// <summary>Finalized, and a segment has come since: a finalizer is on its way again.</summary>
    Amending,

    /// <summary>The owner deleted it: whatever still comes is thrown away.</summary>
    Deleted,
}

/// <summary>How segments reach the recording API (recording-api, "Segments while live" and "The older batch flow").</summary>
public enum UploadFlow
{
    /// <summary>One upload URL per segment, while the recording runs.</summary>
    Live,

    /// <summary>The service lacks init-live: everything after the stop.</summary>
    Batch,
}
