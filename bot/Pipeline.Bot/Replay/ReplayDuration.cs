using System.Globalization;

namespace Pipeline.Bot.Replay;

/// <summary>Durations on the command line: <c>3h</c>, <c>90m</c>, <c>2.5s</c>, <c>60ms</c>.</summary>
internal static class ReplayDuration
{
    private static readonly (string Suffix, double Seconds)[] Units = [("ms", 0.001), ("h", 3600), ("m", 60), ("s", 1)];

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        foreach ((string suffix, double unit) in Units)
        {
            if (!text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) continue;
            if (!double.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value))
                return false;
            if (value * unit > TimeSpan.FromDays(7).TotalSeconds) return false;
            duration = TimeSpan.FromSeconds(value * unit);
            return true;
        }
        return false;
    }
}
