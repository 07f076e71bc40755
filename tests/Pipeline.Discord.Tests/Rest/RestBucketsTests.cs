using Microsoft.Extensions.Time.Testing;
using Pipeline.Discord.Rest;

namespace Pipeline.Discord.Tests.Rest;

public sealed class RestBucketsTests : IDisposable
{
    private const int Capacity = 2000;

    private readonly FakeTimeProvider time = new();
    private readonly RestBuckets buckets;

    public RestBucketsTests() => buckets = new RestBuckets(time);

    public void Dispose() => buckets.Dispose();

    [Fact]
    public void Only_buckets_that_rested_for_five_minutes_make_room()
    {
        RestBucket old = For(0);
        time.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));
        RestBucket recent = For(1);
        for (int major = 2; major <= Capacity; major++) For(major);
        Assert.Same(recent, For(1));
        Assert.NotSame(old, For(0));
    }

    [Fact]
    public async Task Bucket_that_somebody_is_in_stays()
    {
        RestBucket busy = For(0);
        await busy.EnterAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromHours(1));
        for (int major = 1; major <= Capacity; major++) For(major);
        Assert.Same(busy, For(0));
        busy.Leave();
    }

    [Fact]
    public void Below_its_capacity_nothing_goes()
    {
        RestBucket old = For(0);
        time.Advance(TimeSpan.FromHours(1));
        for (int major = 1; major < Capacity; major++) For(major);
        Assert.Same(old, For(0));
    }

    private RestBucket For(int major) =>
        buckets.For(new RestRequest(HttpMethod.Get, "/channels/{channel}", "/channels/1") { Major = $"{major}" });
}
