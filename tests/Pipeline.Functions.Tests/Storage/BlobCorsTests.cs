using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Pipeline.Contracts;
using Pipeline.Functions.Tests.Rig;
using Pipeline.Storage;
using Pipeline.TestKit;

namespace Pipeline.Functions.Tests.Storage;

/// <summary>The rule that lets a page of another origin read blobs.</summary>
public sealed class BlobCorsTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Service_whose_rules_are_all_taken_is_told_once_with_the_remedy()
    {
        await using App app = await App.StartAsync(azurite.Azurite.ConnectionStringOf(Azurite.NumberedAccount(29)),
            new() { ["PUBLIC_BASE_URL"] = "https://pages.example/" });
        await SetRulesAsync(app, 5);
        await app.Get<StorageSetup>().EnsureAsync(Cancellation);
        Session session = new(7320);
        Assert.True(await app.StartRecordingAsync(session.Started));

        for (int look = 0; look < 2; look++)
        {
            using HttpResponseMessage list = await app.Http.GetAsync(
                new Uri($"api/recordings/{session.Id}/segments", UriKind.Relative), Cancellation);
            Assert.True(list.IsSuccessStatusCode);
        }

        LogLine warning = Assert.Single(app.Log.Lines, line => line.EventId == 5064);
        Assert.Equal(LogLevel.Warning, warning.Level);
        Assert.Contains("https://pages.example", warning.Text, StringComparison.Ordinal);
        Assert.Contains("remove a rule", warning.Text, StringComparison.Ordinal);
        Assert.False(await app.Get<BlobCors>().EnsureAsync("https://pages.example", Cancellation));
        Assert.True(app.Get<BlobCors>().IsFull);

        await SetRulesAsync(app, 4);
        BlobCors again = new(app.Storage);
        Assert.True(await again.EnsureAsync("https://pages.example", Cancellation));
        Assert.False(again.IsFull);
        BlobServiceProperties after = await app.Storage.Blobs.GetPropertiesAsync(Cancellation);
        Assert.Equal("https://pages.example", after.Cors[^1].AllowedOrigins);
        Assert.Equal(5, after.Cors.Count);
    }

    private static async Task SetRulesAsync(App app, int count)
    {
        BlobServiceProperties properties = await app.Storage.Blobs.GetPropertiesAsync(Cancellation);
        properties.Cors = [.. Enumerable.Range(0, count).Select(number => new BlobCorsRule
        {
            AllowedOrigins = $"https://other{number}.example",
            AllowedMethods = "GET",
            AllowedHeaders = "*",
            ExposedHeaders = "*",
            MaxAgeInSeconds = 60,
        })];
        await app.Storage.Blobs.SetPropertiesAsync(properties, Cancellation);
    }
}
