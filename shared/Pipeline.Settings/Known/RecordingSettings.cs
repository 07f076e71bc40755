using Pipeline.Settings.Forms;

namespace Pipeline.Settings.Known;

/// <summary>How audio becomes segments, and where they wait.</summary>
public static class RecordingSettings
{
    private const long Megabyte = 1 << 20;

    public static Setting<string?> SpoolFolder { get; } = new(
        "RECORDING_SPOOL_FOLDER", Programs.Bot, new TextForm("a folder"), "spool", "Where segments wait");

    public static Setting<long> SpoolLimit { get; } = new(
        "RECORDING_SPOOL_LIMIT_MB", Programs.Bot, new SizeForm(16, 1_000_000), 4096 * Megabyte,
        "Alarm at 80 %, at 100 % new audio becomes a counted gap");

    public static Setting<long> MinimumFreeDisk { get; } = new(
        "RECORDING_MIN_FREE_DISK_MB", Programs.Bot, new SizeForm(0, 1_000_000), 256 * Megabyte,
        "With less free disk new audio becomes a counted gap");

    public static Setting<TimeSpan> MaximumSegmentDuration { get; } = new(
        "RECORDING_MAX_SEGMENT_DURATION", Programs.Bot, Milliseconds(1000, 600_000), TimeSpan.FromSeconds(10),
        "What a crash can cost, at most, plus 2 s");

    public static Setting<TimeSpan> SilenceThreshold { get; } = new(
        "RECORDING_SILENCE_THRESHOLD", Programs.Bot, Milliseconds(200, 60_000), TimeSpan.FromSeconds(2), "Silence that ends a segment");

    public static Setting<TimeSpan> MinimumSegmentDuration { get; } = new(
        "RECORDING_MIN_SEGMENT_DURATION", Programs.Bot, Milliseconds(0, 10_000), TimeSpan.FromMilliseconds(500),
        "Shorter segments are padded, never dropped");

    public static Setting<long> MaximumSegmentSize { get; } = new(
        "RECORDING_MAX_SEGMENT_SIZE_MB", Programs.Bot, new SizeForm(1, 2047), 50 * Megabyte, "A segment ends here too");

    public static Setting<int> Channels { get; } = new(
        "RECORDING_CHANNELS", Programs.Bot, new NumberForm(1, 2), 2, "Channels of every track");

    public static Setting<string?> Opus { get; } = new(
        "RECORDING_OPUS", Programs.Bot, new WordForm("auto", "libopus", "managed"), "auto",
        "The decoder: `libopus` only the installed one (exit code 5 without it), `managed` never it, "
            + "`auto` libopus where it is installed");

    public static Setting<TimeSpan> ReorderWindow { get; } = new(
        "RECORDING_REORDER_WINDOW", Programs.Bot, Milliseconds(0, 400), TimeSpan.FromMilliseconds(100),
        "How long a late packet is waited for");

    public static Setting<int> VadRmsThreshold { get; } = new(
        "RECORDING_VAD_RMS_THRESHOLD", Programs.Bot, new NumberForm(0, 32_767), 0,
        "Frames under this RMS count as silence; 0 is off. Only decides where to cut and which pure silence is not stored");

    public static Setting<int> VadSilenceChunks { get; } = new(
        "RECORDING_VAD_SILENCE_CHUNKS", Programs.Bot, new NumberForm(1, 3000, "frames of 20 ms"), 50,
        "So many frames under the threshold end a segment");

    public static Setting<bool> IncludeBots { get; } = new(
        "RECORDING_INCLUDE_BOTS", Programs.Bot, new SwitchForm(), false, "Record other bots too");

    public static Setting<TimeSpan> MaximumDuration { get; } = new(
        "RECORDING_MAX_DURATION", Programs.Bot, Milliseconds(60_000, 604_800_000), TimeSpan.FromHours(12),
        "A recording ends here, and the call goes on in its next part");

    public static Setting<TimeSpan> EmptyTimeout { get; } = new(
        "RECORDING_EMPTY_TIMEOUT", Programs.Bot, Milliseconds(1000, 86_400_000), TimeSpan.FromMinutes(5),
        "How long the bot stays when everybody has left");

    public static Setting<int> UploadParallelism { get; } = new(
        "RECORDING_UPLOAD_PARALLELISM", Programs.Bot, new NumberForm(1, 32), 4, "Uploads at the same time");

    public static Setting<bool> KeepLocal { get; } = new(
        "RECORDING_KEEP_LOCAL_AFTER_UPLOAD", Programs.Bot, new SwitchForm(), false, "Segments stay in the spool after they are stored");

    public static Setting<string?> OutputFormat { get; } = new(
        "RECORDING_OUTPUT_FORMAT", Programs.Bot, new WordForm("wav", "opus"), "wav",
        "Segments as `wav` (decoded, any program reads them) or `opus` (Ogg files of the packets as they came: a twenty-fourth of the "
            + "bytes at 64 kbit/s, no decoding in the bot)");

    public static IReadOnlyList<Setting> All { get; } =
    [
        SpoolFolder, SpoolLimit, MinimumFreeDisk, MaximumSegmentDuration, SilenceThreshold, MinimumSegmentDuration, MaximumSegmentSize,
        Channels, Opus, ReorderWindow, VadRmsThreshold, VadSilenceChunks, IncludeBots, MaximumDuration, EmptyTimeout, UploadParallelism,
        KeepLocal, OutputFormat,
    ];

    private static DurationForm Milliseconds(long minimum, long maximum) =>
        new(TimeSpan.FromMilliseconds(minimum), TimeSpan.FromMilliseconds(maximum));
}
