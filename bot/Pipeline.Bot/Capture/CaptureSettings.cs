using System.Globalization;

namespace Pipeline.Bot.Capture;

/// <summary>
/// Reads <see cref="CaptureOptions"/> from named texts (the environment). A wrong value becomes one problem
/// that names the setting, the value and the range; an absent or empty one is the default.
/// </summary>
public static class CaptureSettings
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
            Channels = (int)setting.Number("RECORDING_CHANNELS", 1, 2, defaults.Channels, ""),
            SilenceThreshold = setting.Milliseconds("RECORDING_SILENCE_THRESHOLD", 200, 60_000, defaults.SilenceThreshold),
            MinimumSegmentDuration = setting.Milliseconds("RECORDING_MIN_SEGMENT_DURATION", 0, 10_000, defaults.MinimumSegmentDuration),
            MaximumSegmentDuration = setting.Milliseconds("RECORDING_MAX_SEGMENT_DURATION", 1000, 600_000, defaults.MaximumSegmentDuration),
            MaximumSegmentBytes = setting.Megabytes("RECORDING_MAX_SEGMENT_SIZE_MB", 1, 2047, defaults.MaximumSegmentBytes),
            ReorderWindow = setting.Milliseconds("RECORDING_REORDER_WINDOW", 0, 500, defaults.ReorderWindow),
            VadRmsThreshold = (int)setting.Number("RECORDING_VAD_RMS_THRESHOLD", 0, 32_767, defaults.VadRmsThreshold, ""),
            VadSilenceChunks = (int)setting.Number("RECORDING_VAD_SILENCE_CHUNKS", 1, 3000, defaults.VadSilenceChunks, "frames of 20 ms"),
            IncludeBots = setting.Flag("RECORDING_INCLUDE_BOTS", defaults.IncludeBots),
            KeepLocalAfterUpload = setting.Flag("RECORDING_KEEP_LOCAL_AFTER_UPLOAD", defaults.KeepLocalAfterUpload),
            MaximumDuration = setting.Milliseconds("RECORDING_MAX_DURATION", 60_000, 604_800_000, defaults.MaximumDuration),
            MinimumFreeDiskBytes = setting.Megabytes("RECORDING_MIN_FREE_DISK_MB", 0, 1_000_000, defaults.MinimumFreeDiskBytes),
            SpoolLimitBytes = setting.Megabytes("RECORDING_SPOOL_LIMIT_MB", 16, 1_000_000, defaults.SpoolLimitBytes),
        };
    }

    private readonly struct SettingReader(Func<string, string?> read, ICollection<string> problems)
    {
        public long Number(string name, long minimum, long maximum, long byDefault, string unit)
        {
            if (Text(name) is not { } text) return byDefault;
            if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && value >= minimum && value <= maximum) return value;
            return Refuse(name, text, Range(minimum, maximum, unit), byDefault);
        }

        public long Megabytes(string name, long minimum, long maximum, long byDefault) => Number(name, minimum, maximum, byDefault >> 20, "MB") << 20;

        // A bare number counts milliseconds; 12h, 90m, 30s and 250ms are read as well.
        public TimeSpan Milliseconds(string name, long minimum, long maximum, TimeSpan byDefault)
        {
            if (Text(name) is not { } text) return byDefault;
            (string digits, double factor) = Split(text);
            bool parsed = double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value);
            double milliseconds = value * factor;
            if (parsed && milliseconds >= minimum && milliseconds <= maximum) return TimeSpan.FromMilliseconds(milliseconds);
            return Refuse(name, text, Range(minimum, maximum, "ms (or a number with h, m, s or ms)"), byDefault);
        }

        public bool Flag(string name, bool byDefault) => Text(name)?.ToLowerInvariant() switch
        {
            null => byDefault,
            "true" or "1" or "yes" or "on" => true,
            "false" or "0" or "no" or "off" => false,
            _ => Refuse(name, Text(name)!, "true or false", byDefault),
        };

        public void OneOf(string name, string only)
        {
            if (Text(name) is { } text && !string.Equals(text, only, StringComparison.OrdinalIgnoreCase)) Refuse(name, text, only, only);
        }

        private T Refuse<T>(string name, string value, string range, T byDefault)
        {
            problems.Add($"{name}: '{value}' is not allowed, expected {range}");
            return byDefault;
        }

        private string? Text(string name) => read(name)?.Trim() is { Length: > 0 } text ? text : null;

        private static string Range(long minimum, long maximum, string unit) =>
            string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum} {unit}").TrimEnd();

        private static (string Digits, double Factor) Split(string text) => text.ToLowerInvariant() switch
        {
            [.. var digits, 'm', 's'] => (digits.TrimEnd(), 1),
            [.. var digits, 's'] => (digits.TrimEnd(), 1000),
            [.. var digits, 'm'] => (digits.TrimEnd(), 60_000),
            [.. var digits, 'h'] => (digits.TrimEnd(), 3_600_000),
            _ => (text, 1),
        };
    }
}
