using Pipeline.Audio.Opus;
using Pipeline.Bot.Capture;

namespace Pipeline.Bot.Cli.Settings;

/// <summary>
/// Reads <see cref="CaptureOptions"/> from named texts (the environment). A wrong value becomes one problem
/// that names the setting, the value and the range; an absent or empty one is the default.
/// </summary>
internal static class CaptureSettings
{
    /// <param name="read">Value of a setting by its environment name, or null.</param>
    /// <param name="problems">Gets one line per wrong value.</param>
    public static CaptureOptions Read(Func<string, string?> read, ICollection<string> problems)
    {
        SettingReader setting = new(read, problems);
        CaptureOptions defaults = new();
        setting.OneOf("RECORDING_OUTPUT_FORMAT", "wav");
        return new CaptureOptions
        {
            Opus = setting.Choice("RECORDING_OPUS", defaults.Opus),
            Channels = (int)setting.Number("RECORDING_CHANNELS", 1, 2, defaults.Channels, ""),
            SilenceThreshold = setting.Milliseconds("RECORDING_SILENCE_THRESHOLD", 200, 60_000, defaults.SilenceThreshold),
            MinimumSegmentDuration = setting.Milliseconds("RECORDING_MIN_SEGMENT_DURATION", 0, 10_000, defaults.MinimumSegmentDuration),
            MaximumSegmentDuration = setting.Milliseconds("RECORDING_MAX_SEGMENT_DURATION", 1000, 600_000, defaults.MaximumSegmentDuration),
            MaximumSegmentBytes = setting.Megabytes("RECORDING_MAX_SEGMENT_SIZE_MB", 1, 2047, defaults.MaximumSegmentBytes),
            ReorderWindow = setting.Milliseconds("RECORDING_REORDER_WINDOW", 0, 400, defaults.ReorderWindow),
            VadRmsThreshold = (int)setting.Number("RECORDING_VAD_RMS_THRESHOLD", 0, 32_767, defaults.VadRmsThreshold, ""),
            VadSilenceChunks = (int)setting.Number("RECORDING_VAD_SILENCE_CHUNKS", 1, 3000, defaults.VadSilenceChunks, "frames of 20 ms"),
            IncludeBots = setting.Flag("RECORDING_INCLUDE_BOTS", defaults.IncludeBots),
            KeepLocalAfterUpload = setting.Flag("RECORDING_KEEP_LOCAL_AFTER_UPLOAD", defaults.KeepLocalAfterUpload),
            MaximumDuration = setting.Milliseconds("RECORDING_MAX_DURATION", 60_000, 604_800_000, defaults.MaximumDuration),
            MinimumFreeDiskBytes = setting.Megabytes("RECORDING_MIN_FREE_DISK_MB", 0, 1_000_000, defaults.MinimumFreeDiskBytes),
            SpoolLimitBytes = setting.Megabytes("RECORDING_SPOOL_LIMIT_MB", 16, 1_000_000, defaults.SpoolLimitBytes),
        };
    }
}
