using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Contracts.Api;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Storage;

/// <summary>Clocks that do not agree.</summary>
public sealed class StorageClockTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(-12)]
    [InlineData(12)]
    public async Task Segment_is_moved_and_health_tells_when_our_clock_is_wrong(int minutes)
    {
        FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow().AddMinutes(minutes));
        await using App app = await App.StartAsync(azurite.ConnectionString, time: clock);
        Session session = new(850 + minutes, (5, "Ada", 1));
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        await session.PutAllAsync(app.Storage);

        Assert.True(await app.MoveAsync(session.Segments[0]));
        Assert.True(await app.FinalizeAsync(session.Stopped));

        // The emulator does not look at links within one account, so they are used from outside as well.
        RecordingSegment segment = Assert.Single((await app.RecordingAsync(session.Id))!.Segments);
        using HttpClient http = new();
        Assert.Equal(session.BytesOf(session.Segments[0]), await http.GetByteArrayAsync(segment.DownloadUrl, Cancellation));
        Assert.Equal(SasIssuer.EndOf(new Uri(segment.DownloadUrl!)), segment.DownloadExpiresAt);
        SegmentPage page = await app.ReadAsync(await app.Http.GetAsync(
            new Uri($"api/recordings/{session.Id}/segments", UriKind.Relative), Cancellation), WireJsonContext.Default.SegmentPage);
        SegmentEntry entry = Assert.Single(page.Segments);
        Assert.Equal(SasIssuer.EndOf(new Uri(entry.Url)), entry.UrlExpiresAt);
        string health = await app.Http.GetStringAsync(new Uri("api/health", UriKind.Relative), Cancellation);
        Assert.Contains("\"status\":\"degraded\"", health, StringComparison.Ordinal);
        using JsonDocument told = JsonDocument.Parse(health);
        // Ours stands still while the storage's goes on.
        double now = (TimeProvider.System.GetUtcNow() - clock.GetUtcNow()).TotalMinutes;
        Assert.InRange(app.Storage.Clock.Offset.TotalMinutes, -minutes - 0.05, now + 0.05);
        Assert.InRange(told.RootElement.GetProperty("storageClockAheadSeconds").GetInt64() / 60.0, -minutes - 0.05, now + 0.05);
    }

    [Theory]
    [InlineData(-12)]
    [InlineData(12)]
    public async Task Upload_link_lives_for_ten_minutes_by_the_storage_s_clock(int minutes)
    {
        DateTimeOffset before = TimeProvider.System.GetUtcNow();
        FakeTimeProvider clock = new(before.AddMinutes(minutes));
        StorageClients clients = new(new StorageOptions { ConnectionString = azurite.ConnectionString }, clock);
        await new StorageSetup(clients).EnsureAsync(Cancellation);
        using SasIssuer links = new(clients);
        Uri upload = await new RecordingsContainer(clients, links).UploadUrlAsync($"clock/{minutes}.wav", Cancellation);
        // The storage and the link count whole seconds.
        Assert.InRange(SasIssuer.EndOf(upload) - TimeSpan.FromMinutes(10), before.AddSeconds(-2), TimeProvider.System.GetUtcNow());
        using HttpClient http = new();
        using HttpRequestMessage put = new(HttpMethod.Put, upload) { Content = new ByteArrayContent([1, 2, 3]) };
        put.Headers.Add("x-ms-blob-type", "BlockBlob");
        using HttpResponseMessage answer = await http.SendAsync(put, Cancellation);
        Assert.Equal(System.Net.HttpStatusCode.Created, answer.StatusCode);
    }

    [Fact]
    public async Task Clock_is_looked_at_beyond_two_minutes()
    {
        // An account in which nothing else waits for somebody.
        await using Azurite own = await Azurite.StartAsync();
        // The header counts whole seconds.
        FakeTimeProvider clock = new(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
        foreach ((int ahead, string status) in new[]
        {
            (0, "healthy"), (120, "healthy"), (121, "degraded"), (-120, "healthy"), (-121, "degraded"),
        })
        {
            using HttpClient http = new(new DatedAnswers(clock.GetUtcNow().AddSeconds(ahead)));
            StorageClients clients = new(new StorageOptions { ConnectionString = own.ConnectionString }, new NoToken(),
                new HttpClientTransport(http), clock);
            await using App app = await App.StartAsync(own.ConnectionString, time: clock,
                services: services => services.AddSingleton(clients));
            using JsonDocument told =
                JsonDocument.Parse(await app.Http.GetStringAsync(new Uri("api/health", UriKind.Relative), Cancellation));
            Assert.Equal((ahead, status), (told.RootElement.GetProperty("storageClockAheadSeconds").GetInt64(),
                told.RootElement.GetProperty("status").GetString()));
        }
    }

    /// <summary>The storage's answers with the time of another clock.</summary>
    private sealed class DatedAnswers(DateTimeOffset date) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
            answer.Headers.Date = date;
            return answer;
        }
    }

    /// <summary>The account is opened by its connection string.</summary>
    private sealed class NoToken : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
