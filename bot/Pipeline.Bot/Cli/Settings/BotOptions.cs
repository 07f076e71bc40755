using Pipeline.Bot.Capture;
using Pipeline.Bot.Hosting;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;

namespace Pipeline.Bot.Cli.Settings;

/// <summary>Everything that the environment says to the bot, checked. <see cref="BotOptionsReader"/> reads it.</summary>
internal sealed record BotOptions
{
    public CaptureOptions Capture { get; init; } = new();

    /// <summary>RECORDING_SPOOL_FOLDER (default <c>spool</c>), RECORDING_SPOOL_LIMIT_MB, RECORDING_MIN_FREE_DISK_MB.</summary>
    public SpoolOptions Spool { get; init; } = new() { Folder = "spool" };

    /// <summary>RECORDING_UPLOAD_PARALLELISM, RECORDING_KEEP_LOCAL_AFTER_UPLOAD.</summary>
    public UploadOptions Upload { get; init; } = new();

    /// <summary>PipelineStorage, or PipelineStorage__blobServiceUri, __queueServiceUri, __credential, __clientId.</summary>
    public TempStorageOptions Storage { get; init; } = new();

    /// <summary>HEALTH_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT, PROMETHEUS_ENDPOINT.</summary>
    public HostingOptions Hosting { get; init; } = new();

    /// <summary>SHUTDOWN_GRACE: how long a bot that was told to stop goes on uploading, 0 s to 1 h. Default 25 s.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(25);
}
