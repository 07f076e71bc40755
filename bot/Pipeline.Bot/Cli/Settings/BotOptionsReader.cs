using Pipeline.Audio.Opus;
using Pipeline.Bot.Capture;
using Pipeline.Bot.Hosting;
using Pipeline.Bot.Recordings;
using Pipeline.Bot.Spool;
using Pipeline.Bot.Storage;
using Pipeline.Contracts;
using Pipeline.Settings;
using Pipeline.Settings.Known;
using Pipeline.Storage;

namespace Pipeline.Bot.Cli.Settings;

/// <summary>Reads <see cref="BotOptions"/>. What is wrong becomes a problem of the reader.</summary>
internal static class BotOptionsReader
{
    public static BotOptions Read(SettingReader setting)
    {
        CaptureOptions capture = ReadCapture(setting);
        return new BotOptions
        {
            Capture = capture,
            Spool = new SpoolOptions
            {
                Folder = setting.Read(RecordingSettings.SpoolFolder)!,
                LimitBytes = capture.SpoolLimitBytes,
                MinimumFreeBytes = capture.MinimumFreeDiskBytes,
            },
            Upload = new UploadOptions
            {
                Parallelism = setting.Read(RecordingSettings.UploadParallelism),
                KeepLocal = capture.KeepLocalAfterUpload,
            },
            Storage = new TempStorageOptions { Account = ReadStorage(setting) },
            Hosting = ReadHosting(setting),
            ShutdownGrace = setting.Read(HostingSettings.ShutdownGrace),
        };
    }

    public static CaptureOptions ReadCapture(SettingReader setting)
    {
        TimeSpan longest = setting.Read(RecordingSettings.MaximumSegmentDuration);
        if (setting.Read(RecordingSettings.MinimumSegmentDuration) > longest)
            setting.Refuse(RecordingSettings.MinimumSegmentDuration, "at most RECORDING_MAX_SEGMENT_DURATION");
        return new CaptureOptions
        {
            Format = Enum.Parse<SegmentFormat>(setting.Read(RecordingSettings.OutputFormat)!, ignoreCase: true),
            Channels = setting.Read(RecordingSettings.Channels),
            Opus = Enum.Parse<OpusChoice>(setting.Read(RecordingSettings.Opus)!, ignoreCase: true),
            SilenceThreshold = setting.Read(RecordingSettings.SilenceThreshold),
            MinimumSegmentDuration = setting.Read(RecordingSettings.MinimumSegmentDuration),
            MaximumSegmentDuration = longest,
            MaximumSegmentBytes = setting.Read(RecordingSettings.MaximumSegmentSize),
            ReorderWindow = setting.Read(RecordingSettings.ReorderWindow),
            VadRmsThreshold = setting.Read(RecordingSettings.VadRmsThreshold),
            VadSilenceChunks = setting.Read(RecordingSettings.VadSilenceChunks),
            IncludeBots = setting.Read(RecordingSettings.IncludeBots),
            KeepLocalAfterUpload = setting.Read(RecordingSettings.KeepLocal),
            MaximumDuration = setting.Read(RecordingSettings.MaximumDuration),
            MinimumFreeDiskBytes = setting.Read(RecordingSettings.MinimumFreeDisk),
            SpoolLimitBytes = setting.Read(RecordingSettings.SpoolLimit),
        };
    }

    public static HostingOptions ReadHosting(SettingReader setting) => new()
    {
        HealthEndpoint = setting.Read(HostingSettings.Health),
        TelemetryEndpoint = setting.Read(HostingSettings.Telemetry),
        PrometheusEndpoint = setting.Read(HostingSettings.Prometheus),
    };

    private static StorageOptions ReadStorage(SettingReader setting)
    {
        StorageOptions options = new()
        {
            ConnectionString = setting.Read(StorageSettings.Connection),
            BlobServiceUri = setting.Read(StorageSettings.Blobs),
            QueueServiceUri = setting.Read(StorageSettings.Queues) ?? setting.Read(StorageSettings.QueuesAlias),
            Credential = setting.Read(StorageSettings.Credential),
            ClientId = setting.Read(StorageSettings.ClientId),
        };
        if (options.ConnectionString is { } connection)
        {
            if (!StorageAccount.IsConnectionString(connection))
                setting.Refuse(StorageSettings.Connection, "AccountName=…;AccountKey=…;BlobEndpoint=…;QueueEndpoint=…");
            return options;
        }
        bool hasBlobs = setting.IsSet(StorageSettings.Blobs);
        bool hasQueues = setting.IsSet(StorageSettings.Queues) || setting.IsSet(StorageSettings.QueuesAlias);
        if (!hasBlobs && !hasQueues)
            setting.Demand(StorageSettings.Connection,
                $"a storage connection string, or {StorageSettings.Blobs.Name} and {StorageSettings.Queues.Name}");
        else if (!hasBlobs) setting.Demand(StorageSettings.Blobs);
        else if (!hasQueues) setting.Demand(StorageSettings.Queues);
        return options;
    }
}
