using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Pipeline.Bot.ServerSettings;
using Pipeline.Contracts;
using Pipeline.Contracts.Api;
using Pipeline.TestKit;
using Pipeline.TestKit.Stage;

namespace Pipeline.EndToEnd.Tests;

/// <summary>What the bot asks of our own recording API, with the bot's key.</summary>
public sealed class LinksOfTheBotTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Links_that_the_bot_ends_open_nothing_any_more_and_one_that_it_makes_then_does()
    {
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite.ConnectionString);
        using HttpClient http = new() { BaseAddress = functions.BaseUrl };
        CatalogueClient bot = new(http, new CatalogueOptions { BaseUrl = functions.BaseUrl, ApiKey = FunctionsApp.BotKey },
            TimeProvider.System);
        RecordingId id = RecordingId.New(TimeProvider.System);
        Assert.Equal(0, await bot.EndSharesAsync($"{id}", Cancellation)); // nobody knows it yet
        await BeginAsync(http, id);
        RecordingLink[] links = [await LinkAsync(), await LinkAsync()];
        Assert.All(await Task.WhenAll(links.Select(OpenAsync)), status => Assert.Equal(HttpStatusCode.NoContent, status));

        Assert.Equal(2, await bot.EndSharesAsync($"{id}", Cancellation));

        Assert.All(await Task.WhenAll(links.Select(OpenAsync)), status => Assert.Equal(HttpStatusCode.Unauthorized, status));
        Assert.Equal(0, await bot.EndSharesAsync($"{id}", Cancellation));
        Assert.Equal(HttpStatusCode.NoContent, await OpenAsync(await LinkAsync()));

        async Task<RecordingLink> LinkAsync() =>
            (await bot.ShareAsync($"{id}", CatalogueClient.ForListeners, Cancellation))!;

        async Task<HttpStatusCode> OpenAsync(RecordingLink link)
        {
            JsonObject body = new() { ["key"] = new Uri(link.Url).Fragment["#k=".Length..] };
            using HttpRequestMessage request = new(HttpMethod.Post, new Uri($"/api/recordings/{id}/session", UriKind.Relative))
            {
                Content = JsonContent.Create(body),
                Headers = { { "x-pipeline-page", "1" } },
            };
            using HttpResponseMessage answer = await http.SendAsync(request, Cancellation);
            return answer.StatusCode;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/api")]
    [InlineData("/api/")]
    public async Task Address_is_that_of_our_api_with_the_prefix_of_its_routes_or_without(string behind)
    {
        await using FunctionsApp functions = await FunctionsApp.StartAsync(azurite.ConnectionString);
        using HttpClient http = new();
        CatalogueClient bot = new(http, new CatalogueOptions
        {
            BaseUrl = new Uri(functions.BaseUrl.GetLeftPart(UriPartial.Authority) + behind),
            ApiKey = FunctionsApp.BotKey,
        }, TimeProvider.System);
        Assert.True(await bot.RequireAsync(1, Cancellation));
        ulong guild = 900_000_000_000_000_000 + (ulong)behind.Length;
        (GuildSettings? before, string? tag) = await bot.GetSettingsAsync(guild, Cancellation);
        Assert.NotNull(before);
        Assert.True(await bot.PutSettingsAsync(guild, before with { AnnounceMode = "text" }, tag, Cancellation));
        Assert.Equal("text", (await bot.GetSettingsAsync(guild, Cancellation)).Settings?.AnnounceMode);
        Assert.False(await bot.PutSettingsAsync(guild, before, tag, Cancellation)); // it has another tag since
    }

    private static async Task BeginAsync(HttpClient http, RecordingId id)
    {
        JsonObject start = new()
        {
            ["sessionId"] = $"{id}",
            ["guildId"] = "1",
            ["guildName"] = "Table",
            ["channelId"] = "2",
            ["userId"] = "3",
            ["recordedAt"] = TimeProvider.System.GetUtcNow(),
        };
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri("/api/recordings/init-live", UriKind.Relative))
        {
            Content = JsonContent.Create(start),
            Headers = { { "x-functions-key", FunctionsApp.Key } },
        };
        using HttpResponseMessage answer = await http.SendAsync(request, Cancellation);
        answer.EnsureSuccessStatusCode();
    }
}
