using Pipeline.Bot.Replay;
using Pipeline.Contracts;
using Pipeline.TestKit;

namespace Pipeline.Bot.Tests.Replay;

public sealed class ReplayFigureTests
{
    [Theory]
    [InlineData("3h", 10_800d)]
    [InlineData("90m", 5_400d)]
    [InlineData("2.5s", 2.5)]
    [InlineData("60ms", 0.06)]
    [InlineData("1H", 3_600d)]
    [InlineData("168h", 604_800d)]
    [InlineData("168.01h", null)]
    [InlineData("-1s", null)]
    [InlineData("1e3s", null)]
    [InlineData("s", null)]
    [InlineData("5", null)]
    [InlineData("", null)]
    public void Duration_is_a_number_with_a_unit_of_a_week_at_most(string text, double? seconds)
    {
        Assert.Equal(seconds is not null, ReplayDuration.TryParse(text, out TimeSpan duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds ?? 0), duration);
    }

    [Fact]
    public void Quantiles_are_within_two_percent()
    {
        LatencyHistogram histogram = new();
        Assert.Equal(0, histogram.Quantile(0.5));
        for (int i = 1; i <= 1_000; i++) histogram.Add(i / 1000.0);
        foreach (double quantile in new[] { 0.01, 0.25, 0.5, 0.95, 0.99, 1 })
            Assert.InRange(histogram.Quantile(quantile) / quantile, 0.999, 1.021);
        LatencyHistogram extremes = new();
        extremes.Add(0);
        Assert.Equal(0.001, extremes.Quantile(1));
        extremes.Add(1e9);
        Assert.InRange(extremes.Quantile(1), 7_200, 10_000);
        Assert.Equal(0.001, extremes.Quantile(0.5));
    }

    [Fact]
    public void Clock_goes_on_and_never_back()
    {
        DateTimeOffset noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
        ReplayClock clock = new(noon);
        Assert.Equal((0L, noon), (clock.GetTimestamp(), clock.GetUtcNow()));
        clock.AdvanceTo(TimeSpan.FromSeconds(5));
        clock.AdvanceTo(TimeSpan.FromSeconds(5));
        Assert.Equal((TimeSpan.FromSeconds(5), noon.AddSeconds(5)), (clock.GetElapsedTime(0), clock.GetUtcNow()));
        Assert.Throws<ArgumentOutOfRangeException>(() => clock.AdvanceTo(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1)));
    }

    [Fact]
    public void Mark_says_which_recording_a_replay_became()
    {
        using TempFolder spool = new();
        Assert.Null(ReplayMark.Load(spool.Path, "abc"));
        ReplayMark mark = new(RecordingId.New(TimeProvider.System), Closed: true, TimeSpan.FromMinutes(3));
        mark.Save(spool.Path, "abc");
        mark.Save(spool.Path, "abc");
        Assert.Equal(mark, ReplayMark.Load(spool.Path, "abc"));
        Assert.Null(ReplayMark.Load(spool.Path, "abd"));
        File.WriteAllText(spool.Combine("replay-abc.json"), "{ cut off");
        Assert.Null(ReplayMark.Load(spool.Path, "abc"));
    }

    [Theory]
    [InlineData("Ada=a.opus", "Ada", "a.opus", 0)]
    [InlineData("Ada = a.opus@1.5s", "Ada", "a.opus", 1.5)]
    [InlineData("Ada=a=b@home.opus", "Ada", "a=b@home.opus", 0)]
    [InlineData("Ada=a.opus@", "Ada", "a.opus@", 0)]
    [InlineData("Ada=@2s", "Ada", "@2s", 0)]
    [InlineData("=a.opus", null, null, 0)]
    [InlineData("a.opus", null, null, 0)]
    [InlineData("Ada=", null, null, 0)]
    [InlineData("  =a.opus", null, null, 0)]
    public void Speaker_has_a_name_a_file_and_a_beginning(string text, string? name, string? file, double seconds)
    {
        ReplaySpeaker? speaker = ReplaySpeaker.Parse(text, 4, out string? problem);
        Assert.Equal(name is null ? null : new ReplaySpeaker(100_000_000_000_000_005, name, file!, TimeSpan.FromSeconds(seconds)), speaker);
        Assert.Equal(name is null, problem is not null);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public void Name_of_a_speaker_is_as_long_as_Discord_s(int length, bool isAllowed) =>
        Assert.Equal(isAllowed, ReplaySpeaker.Parse(new string('a', length) + "=a.opus", 0, out _) is not null);
}
