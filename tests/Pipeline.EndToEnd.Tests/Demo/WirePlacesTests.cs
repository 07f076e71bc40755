using Pipeline.Demo.Call;
using Pipeline.DiscordSimulator.Media;

namespace Pipeline.EndToEnd.Tests.Demo;

/// <summary>The demo's judge of places: what it calls good lies within 20 ms of the wire, alone and against other tracks.</summary>
public sealed class WirePlacesTests
{
    private const int Frames = 100;
    private static readonly TimeSpan Zero = TimeSpan.FromSeconds(7);

    [Theory]
    [InlineData(0, true)]
    [InlineData(20, true)]
    [InlineData(-20, true)]
    [InlineData(20.1, false)]
    [InlineData(-20.1, false)]
    public void Talk_is_within_20_ms_of_the_wire(double late, bool isGood)
    {
        WirePlaces places = Of((3, 0), (9, late));
        Assert.Equal(isGood, places.IsGood(slipped: 0));
        Assert.Equal(late, places.Worst.TotalMilliseconds, 3);
        Assert.Equal(late == 0 ? 3 : 9, places.Wire.TotalSeconds);
        Assert.Equal([TimeSpan.Zero, TimeSpan.FromMilliseconds(late)], places.Errors);
    }

    [Fact]
    public void Frames_that_were_refused_begin_the_talk_before_its_first_packet()
    {
        DeliveredTalk talk = new(Frames - 3, Zero + TimeSpan.FromSeconds(1), TimeSpan.Zero);
        WirePlaces places = WirePlaces.Of([Frames], [talk], [TimeSpan.FromSeconds(1) - TimeSpan.FromMilliseconds(60)], Zero);
        Assert.Equal(TimeSpan.Zero, places.Worst);
        Assert.True(places.IsGood(slipped: 0));
    }

    [Fact]
    public void Talk_that_did_not_go_over_the_wire_is_wrong()
    {
        DeliveredTalk talk = new(Frames, Zero, TimeSpan.Zero);
        Assert.False(WirePlaces.Of([Frames, Frames], [talk], [TimeSpan.Zero, TimeSpan.Zero], Zero).IsGood(slipped: 0));
    }

    /// <summary>Samples per millisecond: 48. The recorder corrects from 2 ms on.</summary>
    [Theory]
    [InlineData(1.9, 0, true)]
    [InlineData(1.9, 1, false)]
    [InlineData(5, (5 + 2) * 48, true)]
    [InlineData(5, ((5 + 2) * 48) + 1, false)]
    public void Nothing_slips_that_the_wire_did_not_ask_for(double wandered, long slipped, bool isGood)
    {
        DeliveredTalk talk = new(Frames, Zero, TimeSpan.FromMilliseconds(wandered));
        Assert.Equal(isGood, WirePlaces.Of([Frames], [talk], [TimeSpan.Zero], Zero).IsGood(slipped));
    }

    [Theory]
    [InlineData(10, -10, 20, true)]
    [InlineData(10, -10.1, 20.1, false)]
    public void Talks_and_tracks_are_within_20_ms_of_each_other(double one, double other, double apart, bool isGood)
    {
        (TimeSpan found, bool areTogether) = WirePlaces.Between(
            [TimeSpan.FromMilliseconds(one), TimeSpan.Zero, TimeSpan.FromMilliseconds(other)]);
        Assert.Equal(apart, found.TotalMilliseconds, 3);
        Assert.Equal(isGood, areTogether);
    }

    private static WirePlaces Of(params (double Seconds, double LateMilliseconds)[] talks) => WirePlaces.Of(
        [.. talks.Select(_ => Frames)],
        [.. talks.Select(talk => new DeliveredTalk(Frames, Zero + TimeSpan.FromSeconds(talk.Seconds), TimeSpan.Zero))],
        [.. talks.Select(talk => TimeSpan.FromSeconds(talk.Seconds) + TimeSpan.FromMilliseconds(talk.LateMilliseconds))], Zero);
}
