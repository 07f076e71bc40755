namespace Pipeline.Contracts;

/// <summary>Names of containers, queues and tables. The deployment templates are tested against these.</summary>
public static class StorageNames
{
    /// <summary>Blob container where the bot puts segments and manifests.</summary>
    public const string TempContainer = "segments-temp";

    /// <summary>Blob container where segments live in the end.</summary>
    public const string RecordingsContainer = "recordings";

    /// <summary>Blob container of the files that people get: tracks, mixes, bundles.</summary>
    public const string RendersContainer = "renders";

    public const string RecordingStartedQueue = "recording-started";
    public const string SegmentReadyQueue = "segment-ready";
    public const string RecordingStoppedQueue = "recording-stopped";

    /// <summary>One message per event and webhook that wants it.</summary>
    public const string WebhookQueue = "webhook-deliveries";

    /// <summary>One message per recording that is being deleted.</summary>
    public const string DeletionQueue = "recording-deletions";

    public const string RenderWindowQueue = "render-window";

    /// <summary>One message per track whose talk is to become text.</summary>
    public const string TranscribeQueue = "transcribe-stretch";

    /// <summary>Table of the recording API: what was said, one partition per recording.</summary>
    public const string TranscriptsTable = "transcripts";

    /// <summary>Table of the recording API: what was rendered, one partition per recording.</summary>
    public const string RendersTable = "renders";

    /// <summary>Table: what the functions moved, one partition per recording.</summary>
    public const string LedgerTable = "ledger";

    /// <summary>Table of the recording API: recordings and their segments, one partition per recording.</summary>
    public const string CatalogueTable = "catalogue";

    /// <summary>Table of the recording API: settings per guild.</summary>
    public const string SettingsTable = "settings";

    /// <summary>Table: what needs a person's eye (messages given up, segments refused).</summary>
    public const string ReportsTable = "reports";

    /// <summary>Table of the recording API: the outbox of events.</summary>
    public const string EventsTable = "events";

    /// <summary>Table of the recording API: webhooks that servers have put, and which are switched off.</summary>
    public const string WebhooksTable = "webhooks";

    /// <summary>Appended to a queue's name by the Functions host for messages that failed too often.</summary>
    public const string PoisonSuffix = "-poison";
}
