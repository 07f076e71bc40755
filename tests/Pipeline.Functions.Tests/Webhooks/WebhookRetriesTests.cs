using Pipeline.RecordingApi.Webhooks;

namespace Pipeline.Functions.Tests.Webhooks;

public sealed class WebhookRetriesTests
{
    [Theory]
    [InlineData(0, "00:00:05")]
    [InlineData(1, "00:05:00")]
    [InlineData(2, "00:30:00")]
    [InlineData(3, "02:00:00")]
    [InlineData(4, "05:00:00")]
    [InlineData(5, "10:00:00")]
    [InlineData(6, "14:00:00")]
    [InlineData(7, "20:00:00")]
    [InlineData(8, "1.00:00:00")]
    public void Each_try_waits_longer(int attempt, string pause) =>
        Assert.Equal(TimeSpan.Parse(pause, System.Globalization.CultureInfo.InvariantCulture), WebhookRetries.After(attempt, null));

    [Fact]
    public void Tenth_try_is_the_last() => Assert.Null(WebhookRetries.After(9, TimeSpan.FromSeconds(1)));

    [Fact]
    public void Longer_pause_that_the_receiver_asks_for_is_kept_up_to_a_day()
    {
        Assert.Equal(TimeSpan.FromMinutes(1), WebhookRetries.After(0, TimeSpan.FromMinutes(1)));
        Assert.Equal(TimeSpan.FromMinutes(5), WebhookRetries.After(1, TimeSpan.FromSeconds(1)));
        Assert.Equal(TimeSpan.FromDays(1), WebhookRetries.After(0, TimeSpan.FromDays(400)));
        Assert.Equal(TimeSpan.FromSeconds(5), WebhookRetries.After(0, TimeSpan.FromDays(-1)));
    }
}
