using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Pipeline.RecordingApi.Shares;

namespace Pipeline.RecordingApi.Tests.Shares;

/// <summary>Who is counted as one guesser, and how long a guesser waits.</summary>
public sealed class GuessingTests
{
    private readonly FakeTimeProvider time = new();
    private readonly WrongLinks links;

    public GuessingTests() => links = new WrongLinks(time);

    [Fact]
    public void Ten_wrong_links_in_a_minute_make_an_address_wait_until_the_first_is_a_minute_old()
    {
        for (int i = 0; i < 10; i++)
        {
            Assert.Null(links.Take("a", out _));
            time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(TimeSpan.FromSeconds(50), links.Take("a", out _));
        Assert.Null(links.Take("b", out _));
        time.Advance(TimeSpan.FromSeconds(50) - TimeSpan.FromTicks(1));
        Assert.Equal(TimeSpan.FromTicks(1), links.Take("a", out _));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(links.Take("a", out _));
        Assert.Equal(TimeSpan.FromSeconds(1), links.Take("a", out _)); // the second one's turn
    }

    [Fact]
    public void Right_link_gives_its_own_place_back()
    {
        Assert.Null(links.Take("a", out DateTimeOffset right));
        time.Advance(TimeSpan.FromSeconds(1));
        for (int i = 1; i < 10; i++) Assert.Null(links.Take("a", out _));
        Assert.Equal(TimeSpan.FromSeconds(59), links.Take("a", out _));
        links.GiveBack("a", right);
        links.GiveBack("a", right);
        links.GiveBack("b", right);
        Assert.Null(links.Take("a", out _));
        Assert.Equal(TimeSpan.FromSeconds(60), links.Take("a", out _)); // all ten are of now
    }

    [Fact]
    public void Ten_thousand_addresses_are_remembered_and_then_those_that_have_waited_go_first()
    {
        for (int i = 0; i < 10; i++) links.Take("old", out _);
        time.Advance(TimeSpan.FromSeconds(30));
        for (int i = 0; i < 10; i++) links.Take("busy", out _);
        for (int i = 2; i < 10_000; i++) links.Take($"{i}", out _);
        Assert.NotNull(links.Take("old", out _));
        time.Advance(TimeSpan.FromSeconds(30));
        links.Take("one more", out _); // takes the place of the old one
        Assert.Equal(TimeSpan.FromSeconds(30), links.Take("busy", out _));
        links.Take("and another", out _); // nobody has waited long enough: all are forgotten
        Assert.Null(links.Take("busy", out _));
    }

    [Theory]
    [InlineData("203.0.113.7", null, "203.0.113.7")]
    [InlineData("203.0.113.7", "198.51.100.1", "203.0.113.7")] // the caller's own word
    [InlineData("::ffff:203.0.113.7", "198.51.100.1", "203.0.113.7")]
    [InlineData("10.0.0.1", "198.51.100.1", "198.51.100.1")]
    [InlineData("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1")]
    [InlineData("172.16.0.1", "198.51.100.1", "198.51.100.1")]
    [InlineData("172.31.0.1", "198.51.100.1", "198.51.100.1")]
    [InlineData("172.15.0.1", "198.51.100.1", "172.15.0.1")]
    [InlineData("172.32.0.1", "198.51.100.1", "172.32.0.1")]
    [InlineData("192.168.1.1", "198.51.100.1", "198.51.100.1")]
    [InlineData("192.169.1.1", "198.51.100.1", "192.169.1.1")]
    [InlineData("169.254.1.1", "198.51.100.1", "198.51.100.1")]
    [InlineData("100.64.0.1", "198.51.100.1", "198.51.100.1")]
    [InlineData("100.127.0.1", "198.51.100.1", "198.51.100.1")]
    [InlineData("100.63.0.1", "198.51.100.1", "100.63.0.1")]
    [InlineData("100.128.0.1", "198.51.100.1", "100.128.0.1")]
    [InlineData("127.0.0.1", "9.9.9.9, 198.51.100.1:4711", "198.51.100.1")] // the last note, by the proxy next to us
    [InlineData("fe80::1", "198.51.100.1", "198.51.100.1")]
    [InlineData("fd00::1", "198.51.100.1", "198.51.100.1")]
    [InlineData("a00::1", "198.51.100.1", "0A00000000000000")] // begins as 10. does, and is none
    [InlineData("10.0.0.1", "nonsense", "10.0.0.1")]
    [InlineData("10.0.0.1", null, "10.0.0.1")]
    [InlineData(null, null, "unknown")]
    [InlineData("2001:db8:1:2:3::4", null, "20010DB800010002")]
    [InlineData("10.0.0.1", "[2001:db8:1:2:9::9]:4711", "20010DB800010002")] // one household
    public void Caller_is_the_address_that_a_proxy_of_ours_names(string? near, string? forwarded, string expected)
    {
        DefaultHttpContext context = new();
        context.Connection.RemoteIpAddress = near is null ? null : IPAddress.Parse(near);
        if (forwarded is not null) context.Request.Headers["X-Forwarded-For"] = forwarded;
        Assert.Equal(expected, ClientAddress.Of(context));
    }
}
