using System.Globalization;

namespace Pipeline.Bot.Cli.Settings;

/// <summary>
/// Reads named texts (the environment) as values. A wrong one becomes one problem that says name, value and range, and counts as the default;
/// an absent or empty one is the default.
/// </summary>
/// <param name="read">Value of a setting by its environment name, or null.</param>
/// <param name="problems">Gets one line per wrong value.</param>
internal readonly struct SettingReader(Func<string, string?> read, ICollection<string> problems)
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

    public TEnum Choice<TEnum>(string name, TEnum byDefault)
        where TEnum : struct, Enum
    {
        if (Text(name) is not { } text) return byDefault;
        string[] names = [.. Enum.GetNames<TEnum>().Select(value => value.ToLowerInvariant())];
        int index = Array.FindIndex(names, value => string.Equals(value, text, StringComparison.OrdinalIgnoreCase));
        return index >= 0 ? Enum.GetValues<TEnum>()[index] : Refuse(name, text, string.Join(" or ", names), byDefault);
    }

    // A bare number counts seconds.
    public TimeSpan Seconds(string name, long minimum, long maximum, TimeSpan byDefault)
    {
        if (Text(name) is not { } text) return byDefault;
        bool bare = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds);
        (string digits, double factor) = bare ? (text, 1000) : Split(text);
        bool parsed = double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out seconds);
        seconds *= factor / 1000;
        if (parsed && seconds >= minimum && seconds <= maximum) return TimeSpan.FromSeconds(seconds);
        return Refuse(name, text, Range(minimum, maximum, "s (or a number with h, m, s or ms)"), byDefault);
    }

    public string? Text(string name) => read(name)?.Trim() is { Length: > 0 } text ? text : null;

    public T Refuse<T>(string name, string value, string range, T byDefault)
    {
        problems.Add($"{name}: '{value}' is not allowed, expected {range}");
        return byDefault;
    }

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
