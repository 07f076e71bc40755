using System.Globalization;
using Pipeline.Delivery;

namespace Pipeline.Functions.Hosting;

/// <summary>
/// A timer trigger's schedule as the Functions host reads it: six fields <c>second minute hour day month weekday</c>
/// (five without seconds; Sunday is 0), each <c>*</c>, a number, a range, a list or a step (<c>*/5</c>), in UTC;
/// or a time span (<c>00:01:00</c>) between two runs.
/// </summary>
public sealed class CronSchedule
{
    private static readonly (int Minimum, int Maximum)[] Limits = [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
    private static readonly TimeSpan Horizon = TimeSpan.FromDays(366 * 5);

    private readonly ulong[] fields;
    private readonly TimeSpan? interval;

    private CronSchedule(ulong[] fields, TimeSpan? interval) => (this.fields, this.interval) = (fields, interval);

    /// <exception cref="InvalidSettingException">The text is no schedule.</exception>
    public static CronSchedule Parse(string text)
    {
        if (TimeSpan.TryParseExact(text, ["c", @"hh\:mm\:ss"], CultureInfo.InvariantCulture, out TimeSpan span) && span > TimeSpan.Zero) return new CronSchedule([], span);
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 5) parts = ["0", .. parts];
        if (parts.Length != 6) throw Invalid(text);
        return new CronSchedule([.. parts.Select((part, index) => Field(part, Limits[index].Minimum, Limits[index].Maximum, text))], null);
    }

    /// <summary>The first moment of the schedule after <paramref name="after"/>.</summary>
    public DateTimeOffset Next(DateTimeOffset after)
    {
        if (interval is { } span) return after + span;
        DateTimeOffset utc = after.ToUniversalTime();
        DateTimeOffset moment = new DateTimeOffset(utc.Year, utc.Month, utc.Day, utc.Hour, utc.Minute, utc.Second, TimeSpan.Zero).AddSeconds(1);
        for (DateTimeOffset end = moment + Horizon; moment < end;)
        {
            if (!Has(4, moment.Month) || !Has(3, moment.Day) || !Has(5, (int)moment.DayOfWeek)) moment = new DateTimeOffset(moment.Date.AddDays(1), TimeSpan.Zero);
            else if (!Has(2, moment.Hour)) moment = new DateTimeOffset(moment.Date.AddHours(moment.Hour + 1), TimeSpan.Zero);
            else if (!Has(1, moment.Minute)) moment = moment.AddSeconds(60 - moment.Second);
            else if (!Has(0, moment.Second)) moment = moment.AddSeconds(1);
            else return moment;
        }
        throw new InvalidOperationException("the schedule has no next moment within five years");
    }

    private bool Has(int field, int value) => (fields[field] >> value & 1) == 1;

    private static ulong Field(string part, int minimum, int maximum, string schedule)
    {
        ulong set = 0;
        foreach (string item in part.Split(','))
        {
            string[] step = item.Split('/');
            string[] range = step[0] == "*" ? [Text(minimum), Text(maximum)] : step[0].Split('-');
            int width = step.Length == 2 ? Number(step[1], 1, maximum + 1, schedule) : 1;
            int first = Number(range[0], minimum, maximum, schedule);
            int last = range.Length == 2 ? Number(range[1], first, maximum, schedule) : step.Length == 2 ? maximum : first;
            if (step.Length > 2 || range.Length > 2) throw Invalid(schedule);
            for (int value = first; value <= last; value += width) set |= 1UL << value;
        }
        return set;
    }

    private static int Number(string text, int minimum, int maximum, string schedule) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= minimum && value <= maximum ? value : throw Invalid(schedule);

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static InvalidSettingException Invalid(string text) => new("schedule", text, "six cron fields such as '0 * * * * *', or a time span such as 00:01:00");
}
