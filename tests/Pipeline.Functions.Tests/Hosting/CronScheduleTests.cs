using System.Globalization;
using Pipeline.Delivery;
using Pipeline.Functions.Hosting;

namespace Pipeline.Functions.Tests.Hosting;

public sealed class CronScheduleTests
{
    [Theory]
    [InlineData("0 * * * * *", "2026-03-01T10:00:00Z", "2026-03-01T10:01:00Z")]
    [InlineData("0 * * * * *", "2026-03-01T10:00:59.5Z", "2026-03-01T10:01:00Z")]
    [InlineData("*/5 * * * *", "2026-03-01T10:03:00Z", "2026-03-01T10:05:00Z")]
    [InlineData("30 15 3 * * 1-5", "2026-03-06T03:15:30Z", "2026-03-09T03:15:30Z")]
    [InlineData("0 0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 8,20 * * *", "2026-03-01T08:00:00Z", "2026-03-01T20:00:00Z")]
    [InlineData("0 10/20 * * * *", "2026-03-01T08:11:00Z", "2026-03-01T08:30:00Z")]
    [InlineData("00:01:30", "2026-03-01T08:00:00Z", "2026-03-01T08:01:30Z")]
    public void Next_moment_is_the_first_after(string schedule, string after, string next) =>
        Assert.Equal(DateTimeOffset.Parse(next, CultureInfo.InvariantCulture), CronSchedule.Parse(schedule).Next(DateTimeOffset.Parse(after, CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData("")]
    [InlineData("* * *")]
    [InlineData("60 * * * * *")]
    [InlineData("0 * * * * mon-x")]
    [InlineData("0 5-1 * * * *")]
    public void What_is_no_schedule_is_refused(string schedule) => Assert.Throws<InvalidSettingException>(() => CronSchedule.Parse(schedule));
}
