using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
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
        Contracts.Api.RecordingSegment segment = Assert.Single((await app.RecordingAsync(session.Id))!.Segments);
        using HttpClient http = new();
        Assert.Equal(session.BytesOf(session.Segments[0]), await http.GetByteArrayAsync(segment.DownloadUrl, Cancellation));
        string health = await app.Http.GetStringAsync(new Uri("api/health", UriKind.Relative), Cancellation);
        Assert.Contains("\"status\":\"degraded\"", health, StringComparison.Ordinal);
        using JsonDocument told = JsonDocument.Parse(health);
        // Ours stands still while the storage's goes on.
        double now = (TimeProvider.System.GetUtcNow() - clock.GetUtcNow()).TotalMinutes;
        Assert.InRange(app.Storage.Clock.Offset.TotalMinutes, -minutes - 0.05, now + 0.05);
        Assert.InRange(told.RootElement.GetProperty("storageClockAheadSeconds").GetInt64() / 60.0, -minutes - 0.05, now + 0.05);
    }

    [Fact]
    public async Task Upload_link_lives_for_ten_minutes_by_the_storage_s_clock()
    {
        FakeTimeProvider clock = new(TimeProvider.System.GetUtcNow().AddMinutes(-12));
        StorageClients clients = new(new StorageOptions { ConnectionString = azurite.ConnectionString }, clock);
        await new StorageSetup(clients).EnsureAsync(Cancellation);
        using SasIssuer links = new(clients);
        Uri upload = await new RecordingsContainer(clients, links).UploadUrlAsync("clock/1.wav", Cancellation);
        using HttpClient http = new();
        using HttpRequestMessage put = new(HttpMethod.Put, upload) { Content = new ByteArrayContent([1, 2, 3]) };
        put.Headers.Add("x-ms-blob-type", "BlockBlob");
        using HttpResponseMessage answer = await http.SendAsync(put, Cancellation);
        Assert.Equal(System.Net.HttpStatusCode.Created, answer.StatusCode);
    }
}
