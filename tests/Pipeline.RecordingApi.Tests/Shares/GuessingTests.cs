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

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_wrong_links_in_a_minute_make_an_address_wait_until_the_first_is_a_minute_old()
    {
        for (int i = 0; i < 10; i++)
        {
            Assert.Null(await GuessAsync("a"));
            time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(TimeSpan.FromSeconds(50), await GuessAsync("a"));
        Assert.Null(await GuessAsync("b"));
        time.Advance(TimeSpan.FromSeconds(50) - TimeSpan.FromTicks(1));
        Assert.Equal(TimeSpan.FromTicks(1), await GuessAsync("a"));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(await GuessAsync("a"));
        Assert.Equal(TimeSpan.FromSeconds(1), await GuessAsync("a")); // the second one's turn
    }

    [Fact]
    public async Task Right_link_takes_nothing_from_the_ten()
    {
        for (int i = 0; i < 9; i++) await GuessAsync("a");
        for (int i = 0; i < 20; i++) links.GiveBack(await links.TakeAsync("a", Cancellation), isWrong: false);
        Assert.Null(await GuessAsync("a"));
        Assert.Equal(TimeSpan.FromSeconds(60), await GuessAsync("a"));
    }

    [Fact]
    public async Task Eleventh_at_once_waits_for_one_of_the_ten_and_is_refused_when_they_were_wrong()
    {
        List<WrongLinks.Place> ten = [];
        for (int i = 0; i < 10; i++) ten.Add(await links.TakeAsync("a", Cancellation));
        Task<WrongLinks.Place> next = links.TakeAsync("a", Cancellation), last = links.TakeAsync("a", Cancellation);
        Assert.Null((await links.TakeAsync("b", Cancellation)).Wait); // nobody else waits for them
        Assert.False(next.IsCompleted || last.IsCompleted);
        links.GiveBack(ten[0], isWrong: false);
        WrongLinks.Place given = await await Task.WhenAny(next, last);
        Assert.Null(given.Wait);
        foreach (WrongLinks.Place place in ten.Skip(1).Append(given)) links.GiveBack(place, isWrong: true);
        WrongLinks.Place[] both = await Task.WhenAll(next, last);
        Assert.Equal([null, TimeSpan.FromSeconds(60)], both.Select(place => place.Wait).Order());
        Assert.Equal(TimeSpan.FromSeconds(60), await GuessAsync("a"));
    }

    [Fact]
    public async Task Who_goes_while_waiting_takes_no_place()
    {
        List<WrongLinks.Place> ten = [];
        for (int i = 0; i < 10; i++) ten.Add(await links.TakeAsync("a", Cancellation));
        using CancellationTokenSource gone = new();
        Task<WrongLinks.Place> next = links.TakeAsync("a", gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        foreach (WrongLinks.Place place in ten) links.GiveBack(place, isWrong: false);
        for (int i = 0; i < 10; i++) Assert.Null(await GuessAsync("a"));
    }

    [Fact]
    public async Task Ten_thousand_addresses_are_remembered_and_then_those_that_have_waited_go_first()
    {
        for (int i = 0; i < 10; i++) await GuessAsync("old");
        time.Advance(TimeSpan.FromSeconds(30));
        for (int i = 0; i < 10; i++) await GuessAsync("busy");
        for (int i = 2; i < 10_000; i++) await GuessAsync($"{i}");
        Assert.NotNull(await GuessAsync("old"));
        time.Advance(TimeSpan.FromSeconds(30));
        await GuessAsync("one more"); // takes the place of the old one
        Assert.Equal(TimeSpan.FromSeconds(30), await GuessAsync("busy"));
        await GuessAsync("and another"); // nobody has waited long enough: all are forgotten
        Assert.Null(await GuessAsync("busy"));
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

    // A wrong link, from beginning to end.
    private async Task<TimeSpan?> GuessAsync(string address)
    {
        WrongLinks.Place place = await links.TakeAsync(address, Cancellation);
        if (place.Wait is null) links.GiveBack(place, isWrong: true);
        return place.Wait;
    }
}
