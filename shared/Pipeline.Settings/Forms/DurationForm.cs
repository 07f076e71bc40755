using System.Globalization;

namespace Pipeline.Settings.Forms;

/// <summary>
/// A time: <c>250ms</c>, <c>30s</c>, <c>90m</c> (or <c>90min</c>), <c>12h</c>, <c>1d</c>, with or without a blank, <c>hh:mm:ss</c> (hours
/// without limit, <c>d.hh:mm:ss</c> too), or a bare number in the setting's own unit.
/// </summary>
/// <param name="unit">What a bare number counts: <c>ms</c> or <c>s</c>.</param>
public sealed class DurationForm(TimeSpan minimum, TimeSpan maximum, string unit = "ms") : SettingForm<TimeSpan>
{
    // Spelling of each unit, largest first; minutes have two.
    private static readonly (string Spelling, long Ticks)[] Units =
    [
        ("D", TimeSpan.TicksPerDay), ("H", TimeSpan.TicksPerHour), ("MIN", TimeSpan.TicksPerMinute), ("M", TimeSpan.TicksPerMinute),
        ("S", TimeSpan.TicksPerSecond), ("MS", TimeSpan.TicksPerMillisecond),
    ];

    // Out of every range, and the product with a unit is still a decimal.
    private const long TooMany = 1_000_000_000_000;

    public override string Unit { get; } = unit;

    public override string Range => $"{Show(minimum)} to {Show(maximum)}";

    public override string Expected =>
        $"a time from {Show(minimum)} to {Show(maximum)}, such as 30s, 10m, 12h or 00:10:00 (a bare number counts {Unit})";

    public override bool TryRead(string text, out TimeSpan value)
    {
        value = default;
        bool isRight = text.Contains(':', StringComparison.Ordinal) ? TryClock(text, out decimal ticks) : TryUnit(text, out ticks);
        if (!isRight || ticks < minimum.Ticks || ticks > maximum.Ticks) return false;
        value = new TimeSpan((long)ticks);
        return true;
    }

    // Days from two on: "24 h" is how people say a day's length, "7 d" a week's.
    public override string Show(TimeSpan value)
    {
        if (value == TimeSpan.Zero) return "0 s";
        (string spelling, long ticks) = Units.First(unit =>
            value.Ticks % unit.Ticks == 0 && unit.Spelling != "M" && (unit.Spelling != "D" || value.TotalDays >= 2)
            || unit.Spelling == "MS");
        return string.Create(CultureInfo.InvariantCulture, $"{(decimal)value.Ticks / ticks} {spelling.ToLowerInvariant()}");
    }

    private bool TryUnit(string text, out decimal ticks)
    {
        ticks = 0;
        if (!Quantity.TrySplit(text, out decimal number, out string spelling) || number > TooMany) return false;
        if (spelling.Length == 0) spelling = Unit.ToUpperInvariant();
        long perUnit = Array.Find(Units, unit => unit.Spelling == spelling).Ticks;
        ticks = number * perUnit;
        return perUnit > 0;
    }

    private static bool TryClock(string text, out decimal ticks)
    {
        ticks = 0;
        if (text.Split(':') is not [string first, string minutes, string seconds]) return false;
        string[] parts = first.Split('.');
        decimal days = 0;
        if (parts.Length > 2 || (parts.Length == 2 && !TryPart(parts[0], int.MaxValue, out days))) return false;
        if (!TryPart(parts[^1], parts.Length == 2 ? 24 : int.MaxValue, out decimal hours)
            || !TryPart(minutes, 60, out decimal minute)) return false;
        if (!decimal.TryParse(seconds, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal second)
            || second >= 60) return false;
        ticks = ((days * 24 + hours) * 60 + minute) * TimeSpan.TicksPerMinute + second * TimeSpan.TicksPerSecond;
        return true;
    }

    private static bool TryPart(string text, int below, out decimal number) =>
        decimal.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < below;
}
